"""Section 6 of docs/protocol.md: headers, coinbases, blocks, and the tree over their transactions."""

from __future__ import annotations

from typing import NamedTuple

from encoding import Reader, byte_vector, decode, u16, u32, vector
from hashes import NO_HASH, derive, keyed, sha256d
from transactions import TRANSACTION_LENGTH_MIN, Transaction, read_transaction

BLOCK_LENGTH_MAX = 4_194_304
"""The most bytes that a block takes."""


class Header(NamedTuple):
    """80 bytes, exactly Bitcoin's layout."""

    version: int
    previous: bytes
    commitment: bytes
    time: int
    bits: int
    nonce: int

    def encoded(self) -> bytes:
        """The 80 bytes."""
        return u32(self.version) + self.previous + self.commitment + u32(self.time) + u32(self.bits) + u32(self.nonce)

    def hash(self) -> bytes:
        """The block's hash, in internal order."""
        return sha256d(self.encoded())


class Coinbase(NamedTuple):
    """What a miner commits to: 126 bytes and the tag."""

    version: int
    height: int
    transaction_root: bytes
    state_root: bytes
    miner: bytes
    extra_nonce: bytes
    tag: bytes

    def encoded(self) -> bytes:
        """The bytes that the header commits to."""
        return (
            u16(self.version)
            + u32(self.height)
            + self.transaction_root
            + self.state_root
            + self.miner
            + self.extra_nonce
            + byte_vector(self.tag)
        )


class Block(NamedTuple):
    """A header and its body."""

    header: Header
    coinbase: Coinbase
    transactions: tuple[Transaction, ...]

    def encoded(self) -> bytes:
        """Header ‖ Coinbase ‖ Vec<Transaction>"""
        transactions = [transaction.encoded() for transaction in self.transactions]
        return self.header.encoded() + self.coinbase.encoded() + vector(transactions)


def read_header(reader: Reader) -> Header:
    """Decodes a header."""
    return Header(
        version=reader.u32(),
        previous=reader.take(32),
        commitment=reader.take(32),
        time=reader.u32(),
        bits=reader.u32(),
        nonce=reader.u32(),
    )


def read_coinbase(reader: Reader) -> Coinbase:
    """Decodes a coinbase."""
    return Coinbase(
        version=reader.u16(),
        height=reader.u32(),
        transaction_root=reader.take(32),
        state_root=reader.take(32),
        miner=reader.take(32),
        extra_nonce=reader.take(16),
        tag=reader.byte_vector(),
    )


def read_block(reader: Reader) -> Block:
    """Decodes a block."""
    header = read_header(reader)
    coinbase = read_coinbase(reader)
    return Block(header, coinbase, tuple(reader.vector(TRANSACTION_LENGTH_MIN, read_transaction)))


def decode_block(data: bytes) -> Block:
    """The block that exactly these bytes encode; that there is one encoding is tried on each."""
    block = decode(data, read_block)
    assert block.encoded() == data, "a block has two encodings"
    return block


def transaction_root(transactions: list[Transaction]) -> bytes:
    """What the coinbase commits to: the number of transactions and the root of their tree."""
    leaves = [transaction.leaf_hash() for transaction in transactions]
    return derive("cairn v1 transaction root", u32(len(leaves)) + tree_root(leaves))


def tree_root(leaves: list[bytes]) -> bytes:
    """The tree of RFC 6962, section 2.1: the left side takes the largest power of two below the count."""
    if not leaves:
        return NO_HASH
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return keyed("cairn v1 transaction node", tree_root(leaves[:left]) + tree_root(leaves[left:]))
