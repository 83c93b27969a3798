"""Section 4 of docs/protocol.md: addresses, their text in bech32m (BIP 350), and amounts."""

from __future__ import annotations

from hashes import derive

AMOUNT_MAX = 2**53 - 1
"""The most that an amount or a fee may be, and that will ever exist, in pebbles."""

SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM_CONSTANT = 0x2BC830A3
CHECKSUM_LENGTH = 6
TEXT_LENGTH_MAX = 90
KIND_OF_ED25519_KEYS = 0


class BadAddress(Exception):
    """This text is no address."""


def address_of(public_key: bytes) -> bytes:
    """The address whose money a public key spends."""
    return derive("cairn v1 address", public_key)


def to_text(human_part: str, address: bytes) -> str:
    """An address as text."""
    # 256 bits in 52 symbols of 5: the 4 pad bits at the end are zero.
    number = int.from_bytes(address, "big") << 4
    values = [KIND_OF_ED25519_KEYS] + [number >> shift & 31 for shift in range(255, -1, -5)]
    return bech32m_encode(human_part, values)


def from_text(human_part: str, text: str) -> bytes:
    """The address that a text of this network stands for."""
    found, values = bech32m_decode(text)
    if found != human_part:
        raise BadAddress(f"human part {found}, expected {human_part}")
    if len(values) != 53:
        raise BadAddress(f"{len(values)} symbols, expected 53")
    if values[0] != KIND_OF_ED25519_KEYS:
        raise BadAddress(f"kind {values[0]} is reserved")
    number = 0
    for value in values[1:]:
        number = number << 5 | value
    if number & 15:
        raise BadAddress("the pad bits are not zero")
    return (number >> 4).to_bytes(32, "big")


def bech32m_encode(human_part: str, values: list[int]) -> str:
    """BIP 350: human part, separator, values, checksum."""
    remainder = checksum(spread(human_part) + values + [0] * CHECKSUM_LENGTH) ^ CHECKSUM_CONSTANT
    ending = [remainder >> 5 * (CHECKSUM_LENGTH - 1 - i) & 31 for i in range(CHECKSUM_LENGTH)]
    return human_part + "1" + "".join(SYMBOLS[value] for value in values + ending)


def bech32m_decode(text: str) -> tuple[str, list[int]]:
    """BIP 350: the human part and the values before the checksum."""
    if any(not 33 <= ord(letter) <= 126 for letter in text):
        raise BadAddress("a letter that is not printable ASCII")
    if text != text.lower() and text != text.upper():
        raise BadAddress("mixed case")
    if len(text) > TEXT_LENGTH_MAX:
        raise BadAddress("too long")
    human_part, separator, data = text.lower().rpartition("1")
    if not separator or not human_part or len(data) < CHECKSUM_LENGTH:
        raise BadAddress("a part is missing")
    if any(letter not in SYMBOLS for letter in data):
        raise BadAddress("a letter outside the alphabet")
    values = [SYMBOLS.index(letter) for letter in data]
    if checksum(spread(human_part) + values) != CHECKSUM_CONSTANT:
        raise BadAddress("wrong checksum")
    return human_part, values[:-CHECKSUM_LENGTH]


def spread(human_part: str) -> list[int]:
    """BIP 173: the human part as values of 5 bits, for the checksum."""
    codes = [ord(letter) for letter in human_part]
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def checksum(values: list[int]) -> int:
    """BIP 173: the remainder of the BCH code."""
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                remainder ^= generator
    return remainder
