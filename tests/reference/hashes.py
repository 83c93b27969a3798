"""Section 2 of docs/protocol.md: SHA-256d for what miners compute, BLAKE3 under one context each for the rest."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from blake3 import blake3

NO_HASH = bytes(32)
"""The root of an empty tree: 32 zero bytes."""


def sha256d(data: bytes) -> bytes:
    """SHA-256(SHA-256(x)): the hash of a header and the commitment to a coinbase."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def derive(context: str, data: bytes) -> bytes:
    """BLAKE3 in derive-key mode, 32 bytes out."""
    return blake3(data, derive_key_context=context).digest()


@lru_cache(maxsize=None)
def key_of(context: str) -> bytes:
    """The key of keyed mode: derive(context, empty)."""
    return derive(context, b"")


def keyed(context: str, data: bytes) -> bytes:
    """BLAKE3 in keyed mode under the key of a context, 32 bytes out."""
    return blake3(data, key=key_of(context)).digest()


def short_id(block_hash: bytes, key: int, leaf_hash: bytes) -> bytes:
    """Section 14.2: the first 6 bytes of keyed BLAKE3 over a transaction's leaf hash."""
    salt = derive("cairn v1 short id", block_hash + key.to_bytes(8, "little"))
    return blake3(leaf_hash, key=salt).digest()[:6]


def as_number(block_hash: bytes) -> int:
    """A block's hash as the number that the target bounds: read little-endian."""
    return int.from_bytes(block_hash, "little")


def shown(block_hash: bytes) -> str:
    """A block's hash as people see it: the bytes reversed."""
    return block_hash[::-1].hex()


def from_shown(text: str) -> bytes:
    """The internal order of a block's hash that is shown so."""
    return bytes.fromhex(text)[::-1]
