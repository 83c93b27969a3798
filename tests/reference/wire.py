"""Section 14 of docs/protocol.md: the messages between nodes. None of it is consensus."""

from __future__ import annotations

from typing import Callable, NamedTuple

from blocks import Block, Coinbase, Header, read_block, read_coinbase, read_header
from encoding import Reader, Undecodable, u32, u64, vector
from hashes import short_id
from transactions import TRANSACTION_LENGTH_MIN, Transaction, read_transaction

HEADER_LENGTH = 80
COINBASE_LENGTH_MIN = 126
BLOCK_LENGTH_MIN = HEADER_LENGTH + COINBASE_LENGTH_MIN + 8


class CompactBlock(NamedTuple):
    """Section 14.2: a block whose transactions the receiver likely has."""

    header: Header
    coinbase: Coinbase
    key: int
    short_ids: tuple[bytes, ...]
    prefilled: tuple[tuple[int, Transaction], ...]

    def encoded(self) -> bytes:
        """The message."""
        prefilled = [u32(index) + transaction.encoded() for index, transaction in self.prefilled]
        return (
            self.header.encoded()
            + self.coinbase.encoded()
            + u64(self.key)
            + vector(list(self.short_ids))
            + vector(prefilled)
        )


class Status(NamedTuple):
    """Section 14.4: where a node stands."""

    genesis: bytes
    block_one: bytes
    tip: bytes
    height: int
    work: int
    time: int

    def encoded(self) -> bytes:
        """140 bytes."""
        return (
            self.genesis + self.block_one + self.tip + u32(self.height) + self.work.to_bytes(32, "big") + u64(self.time)
        )


def compact(block: Block, key: int, prefilled: list[int]) -> CompactBlock:
    """A block with these of its transactions whole."""
    block_hash = block.header.hash()
    named = [item for index, item in enumerate(block.transactions) if index not in prefilled]
    short_ids = tuple(short_id(block_hash, key, transaction.leaf_hash()) for transaction in named)
    whole = tuple((index, block.transactions[index]) for index in prefilled)
    return CompactBlock(block.header, block.coinbase, key, short_ids, whole)


def read_compact_block(reader: Reader) -> CompactBlock:
    """Decodes a compact block."""
    return CompactBlock(
        header=read_header(reader),
        coinbase=read_coinbase(reader),
        key=reader.u64(),
        short_ids=tuple(reader.vector(6, lambda item: item.take(6))),
        prefilled=tuple(reader.vector(4 + TRANSACTION_LENGTH_MIN, lambda item: (item.u32(), read_transaction(item)))),
    )


def read_status(reader: Reader) -> Status:
    """Decodes a status."""
    return Status(
        genesis=reader.take(32),
        block_one=reader.take(32),
        tip=reader.take(32),
        height=reader.u32(),
        work=int.from_bytes(reader.take(32), "big"),
        time=reader.u64(),
    )


def read_transactions(reader: Reader) -> list[Transaction]:
    """Decodes `Vec<Transaction>`, which is also a message of the topic of transactions."""
    return reader.vector(TRANSACTION_LENGTH_MIN, read_transaction)


def read_hashes(reader: Reader) -> list[bytes]:
    """Decodes `Vec<[32]>`."""
    return reader.vector(32, lambda item: item.take(32))


REQUESTS: dict[int, Callable[[Reader], object]] = {
    0: read_status,
    1: lambda reader: (read_hashes(reader), reader.u32()),
    2: read_hashes,
    3: lambda reader: (reader.take(32), reader.vector(4, Reader.u32)),
    4: lambda reader: (),
}

RESPONSES: dict[int, Callable[[Reader], object]] = {
    0: read_status,
    1: lambda reader: reader.vector(HEADER_LENGTH, read_header),
    2: lambda reader: reader.vector(BLOCK_LENGTH_MIN, read_block),
    3: read_transactions,
    4: read_transactions,
}


def read_message(reader: Reader, kinds: dict[int, Callable[[Reader], object]]) -> tuple[int, object]:
    """Decodes a request or an answer: u32 tag, then its fields."""
    tag = reader.u32()
    if tag not in kinds:
        raise Undecodable(f"unknown message {tag}")
    return tag, kinds[tag](reader)


def encoded(value: object) -> bytes:
    """The encoding of what `read_message` returns; every bare number in a message is a u32."""
    if hasattr(value, "encoded"):
        return value.encoded()
    if isinstance(value, int):
        return u32(value)
    if isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return vector([encoded(item) for item in value])
    assert isinstance(value, tuple)
    return b"".join(encoded(item) for item in value)
