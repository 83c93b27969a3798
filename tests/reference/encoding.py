"""Section 5 of docs/protocol.md: one encoding for hashing, storing and sending.

Reading is strict: a value has exactly one encoding, and input that goes on after the value is refused.
"""

from __future__ import annotations

from typing import Callable, TypeVar

Item = TypeVar("Item")


class Undecodable(Exception):
    """These bytes are no encoding of the value that was asked for."""


class Reader:
    """Reads values from the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def remaining(self) -> int:
        """How many bytes have not been read yet."""
        return len(self.data) - self.offset

    def take(self, length: int) -> bytes:
        """`[n]`: the bytes, bare."""
        if length > self.remaining():
            raise Undecodable(f"{length} bytes wanted at offset {self.offset}, {self.remaining()} left")
        start = self.offset
        self.offset += length
        return self.data[start : self.offset]

    def unsigned(self, length: int) -> int:
        """An unsigned integer of this many bytes, little-endian."""
        return int.from_bytes(self.take(length), "little")

    def u8(self) -> int:
        """`u8`"""
        return self.unsigned(1)

    def u16(self) -> int:
        """`u16`"""
        return self.unsigned(2)

    def u32(self) -> int:
        """`u32`"""
        return self.unsigned(4)

    def u64(self) -> int:
        """`u64`"""
        return self.unsigned(8)

    def count(self, item_length_min: int) -> int:
        """A u64 count of items, compared with the remaining input before anything is made for it."""
        count = self.u64()
        if count * item_length_min > self.remaining():
            raise Undecodable(f"{count} items announced before offset {self.offset}, {self.remaining()} bytes left")
        return count

    def vector(self, item_length_min: int, read_item: Callable[[Reader], Item]) -> list[Item]:
        """`Vec<X>`: u64 count, then the items."""
        return [read_item(self) for _ in range(self.count(item_length_min))]

    def byte_vector(self) -> bytes:
        """`Vec<u8>`"""
        return self.take(self.count(1))

    def string(self) -> str:
        """`String`: u64 length in bytes, then well-formed UTF-8."""
        text = self.byte_vector()
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Undecodable(f"no UTF-8 before offset {self.offset}: {error}") from None

    def finish(self) -> None:
        """Refuses input that continues after the value."""
        if self.remaining():
            raise Undecodable(f"{self.remaining()} bytes too many after offset {self.offset}")


def decode(data: bytes, read: Callable[[Reader], Item]) -> Item:
    """The value that exactly these bytes encode."""
    reader = Reader(data)
    value = read(reader)
    reader.finish()
    return value


def u8(value: int) -> bytes:
    """`u8`"""
    return value.to_bytes(1, "little")


def u16(value: int) -> bytes:
    """`u16`"""
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    """`u32`"""
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    """`u64`"""
    return value.to_bytes(8, "little")


def vector(encoded_items: list[bytes]) -> bytes:
    """`Vec<X>` over items that are encoded already."""
    return u64(len(encoded_items)) + b"".join(encoded_items)


def byte_vector(data: bytes) -> bytes:
    """`Vec<u8>`"""
    return u64(len(data)) + data


def string(text: str) -> bytes:
    """`String`"""
    return byte_vector(text.encode("utf-8"))


def work(number: int) -> bytes:
    """`Work`: 32 bytes, big-endian."""
    return number.to_bytes(32, "big")
