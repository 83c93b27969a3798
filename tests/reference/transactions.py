"""Section 7 of docs/protocol.md: transactions and their three hashes."""

from __future__ import annotations

from typing import NamedTuple, Union

from encoding import Reader, Undecodable, string, u16, u32, u64, vector
from hashes import derive, keyed

SIGNATURE_LENGTH = 64

OUTPUT_LENGTH = 40

TRANSFER_TAG = 0
ANCHOR_TAG = 1

TRANSACTION_LENGTH_MIN = 2 + 32 + 8 + 8 + 4 + 4 + 16 + SIGNATURE_LENGTH
"""The shortest transaction: a transfer without outputs and memo, which decodes, though no rule lets it pass."""


class Output(NamedTuple):
    """An amount for an address."""

    to: bytes
    amount: int


class Transfer(NamedTuple):
    """Moves money."""

    outputs: tuple[Output, ...]
    memo: str

    def encoded(self) -> bytes:
        """Tag and fields."""
        return u32(TRANSFER_TAG) + vector([to + u64(amount) for to, amount in self.outputs]) + string(self.memo)


class Anchor(NamedTuple):
    """Proves that a digest existed."""

    digest: bytes
    label: str

    def encoded(self) -> bytes:
        """Tag and fields."""
        return u32(ANCHOR_TAG) + self.digest + string(self.label)


class Transaction(NamedTuple):
    """A transaction, as it is encoded."""

    version: int
    sender: bytes
    nonce: int
    fee: int
    expires_at: int
    action: Union[Transfer, Anchor]
    signature: bytes

    def unsigned(self) -> bytes:
        """The encoding without its signature."""
        return (
            u16(self.version)
            + self.sender
            + u64(self.nonce)
            + u64(self.fee)
            + u32(self.expires_at)
            + self.action.encoded()
        )

    def encoded(self) -> bytes:
        """The whole encoding."""
        return self.unsigned() + self.signature

    def id(self, genesis: bytes) -> bytes:
        """What queries name; two valid signatures can share it."""
        return derive("cairn v1 transaction id", genesis + self.unsigned())

    def signing_hash(self, genesis: bytes) -> bytes:
        """The 32 bytes that are signed."""
        return derive("cairn v1 signing hash", genesis + self.unsigned())

    def leaf_hash(self) -> bytes:
        """The hash of the whole, signature included."""
        return keyed("cairn v1 transaction leaf", self.encoded())

    def outputs(self) -> tuple[Output, ...]:
        """Whom it pays; an anchor pays nobody."""
        return self.action.outputs if isinstance(self.action, Transfer) else ()

    def spent(self) -> int:
        """Fee and all amounts, in pebbles."""
        return self.fee + sum(output.amount for output in self.outputs())


def read_action(reader: Reader) -> Union[Transfer, Anchor]:
    """Decodes what a transaction does."""
    tag = reader.u32()
    if tag == TRANSFER_TAG:
        return Transfer(tuple(reader.vector(OUTPUT_LENGTH, read_output)), reader.string())
    if tag == ANCHOR_TAG:
        return Anchor(reader.take(32), reader.string())
    raise Undecodable(f"unknown action {tag} before offset {reader.offset}")


def read_output(reader: Reader) -> Output:
    """Decodes an output."""
    return Output(reader.take(32), reader.u64())


def read_transaction(reader: Reader) -> Transaction:
    """Decodes a transaction."""
    return Transaction(
        version=reader.u16(),
        sender=reader.take(32),
        nonce=reader.u64(),
        fee=reader.u64(),
        expires_at=reader.u32(),
        action=read_action(reader),
        signature=reader.take(SIGNATURE_LENGTH),
    )
