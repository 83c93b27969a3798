"""How wallets make keys (end of section 3 of docs/protocol.md): BIP 39, SLIP-0010, and signing by RFC 8032.

It is custom, not consensus, but for one thing: the prefund of development networks belongs to keys made so.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from ed25519 import (
    BASE_WINDOW_BITS,
    GROUP_ORDER,
    IDENTITY,
    P,
    Point,
    add_digit,
    base_multiples,
    double,
    signed_digits,
)
from hashes import derive

HARDENED = 2**31


class ExtendedKey(NamedTuple):
    """A node of the tree of keys: its key, which is the seed of RFC 8032, and its chain code."""

    key: bytes
    chain_code: bytes


def seed_of_words(words: str, passphrase: str) -> bytes:
    """BIP 39, for words and passphrases in ASCII."""
    return hashlib.pbkdf2_hmac("sha512", words.encode(), b"mnemonic" + passphrase.encode(), 2048)


def master_key(seed: bytes) -> ExtendedKey:
    """SLIP-0010: the root of the tree of keys."""
    digest = hmac.new(b"ed25519 seed", seed, "sha512").digest()
    return ExtendedKey(digest[:32], digest[32:])


def child_key(parent: ExtendedKey, index: int) -> ExtendedKey:
    """SLIP-0010: a child; for Ed25519 every index is hardened."""
    message = b"\0" + parent.key + (HARDENED + index).to_bytes(4, "big")
    digest = hmac.new(parent.chain_code, message, "sha512").digest()
    return ExtendedKey(digest[:32], digest[32:])


def derive_path(seed: bytes, path: str) -> ExtendedKey:
    """The key at a path such as `m/44'/7331'/0'/0'/0'`."""
    key = master_key(seed)
    for index in path.split("/")[1:]:
        assert index.endswith("'"), "every index is hardened"
        key = child_key(key, int(index[:-1]))
    return key


def public_key(secret: bytes) -> bytes:
    """RFC 8032: the public key of a secret key of 32 bytes."""
    return compress(times_base(scalar_of(secret)))


def sign(secret: bytes, message: bytes) -> bytes:
    """RFC 8032: a signature; it depends on nothing else."""
    prefix = hashlib.sha512(secret).digest()[32:]
    r = int_of(hashlib.sha512(prefix + message).digest()) % GROUP_ORDER
    encoded_r = compress(times_base(r))
    k = int_of(hashlib.sha512(encoded_r + public_key(secret) + message).digest()) % GROUP_ORDER
    s = (r + k * scalar_of(secret)) % GROUP_ORDER
    return encoded_r + s.to_bytes(32, "little")


def message_hash(message: bytes) -> bytes:
    """Section 3: what `wallet sign-message` signs."""
    return derive("cairn v1 message", message)


def scalar_of(secret: bytes) -> int:
    """RFC 8032, section 5.1.5: the number behind a secret key."""
    number = int_of(hashlib.sha512(secret).digest()[:32])
    return number & ~(7 | 1 << 255) | 1 << 254


def times_base(number: int) -> Point:
    """A multiple of the base point."""
    digits: list[int] = signed_digits(number, BASE_WINDOW_BITS)
    total = IDENTITY
    for position in range(len(digits) - 1, -1, -1):
        total = add_digit(double(total), digits, position, base_multiples())
    return total


def compress(point: Point) -> bytes:
    """The one canonical encoding of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def int_of(data: bytes) -> int:
    """Little-endian bytes as a number."""
    return int.from_bytes(data, "little")
