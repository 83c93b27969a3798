"""Section 3 of docs/protocol.md: Ed25519 as ZIP-215 has it.

The curve is -x² + y² = 1 + d·x²·y² over the field of p = 2^255 - 19. A point is held as (X, Y, Z, T) with x = X/Z,
y = Y/Z, T = XY/Z; the formulas are those of RFC 8032, section 5.1.4, which hold for every two points of this curve.
What is negated or added without a reduction stays a correct number, for Python's integers have no width.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Optional

Point = tuple[int, int, int, int]
Addend = tuple[int, int, int, int]
"""A point in the form in which it is added: (Y - X, Y + X, 2Z, 2dT)."""

P = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY: Point = (0, 1, 1, 0)

KEY_WINDOW_BITS = 5
BASE_WINDOW_BITS = 9


@lru_cache(maxsize=None)
def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature holds under ZIP-215; remembered by all that it depends on."""
    key = point_of_key(public_key)
    r = decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= GROUP_ORDER:
        return False
    # The bytes of R and of the key are hashed as they stand, canonical or not.
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(digest, "little") % GROUP_ORDER
    # [8][s]B = [8]R + [8][k]A, written as [8]([s]B - [k]A - R) = 0.
    difference = add(base_minus_key(s, k, key), addend(negate(r)))
    for _ in range(3):
        difference = double(difference)
    return is_identity(difference)


def decompress(encoded: bytes) -> Optional[Point]:
    """The point that 32 bytes stand for; None where no point has this y.

    ZIP-215: a y of p or more is read modulo p, and the sign bit may be set where x is 0.
    """
    number = int.from_bytes(encoded, "little")
    sign = number >> 255
    y = (number & (2**255 - 1)) % P
    u = (y * y - 1) % P
    v = (D * y * y + 1) % P
    # The candidate root of u/v: u·v³·(u·v⁷)^((p-5)/8).
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P != 0:
        x = x * SQRT_OF_MINUS_ONE % P
        if (v * x * x - u) % P != 0:
            return None
    if x % 2 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


@lru_cache(maxsize=4096)
def point_of_key(public_key: bytes) -> Optional[tuple[Addend, ...]]:
    """The odd multiples of a key's negative, as `base_minus_key` wants them; None for no point."""
    point = decompress(public_key)
    return None if point is None else odd_multiples(negate(point), KEY_WINDOW_BITS)


def base_minus_key(s: int, k: int, negative_key: tuple[Addend, ...]) -> Point:
    """[s]B - [k]A, both with one row of doublings (Straus)."""
    base = base_multiples()
    digits_of_s = signed_digits(s, BASE_WINDOW_BITS)
    digits_of_k = signed_digits(k, KEY_WINDOW_BITS)
    total = IDENTITY
    for position in range(max(len(digits_of_s), len(digits_of_k)) - 1, -1, -1):
        total = double(total)
        total = add_digit(total, digits_of_s, position, base)
        total = add_digit(total, digits_of_k, position, negative_key)
    return total


def add_digit(total: Point, digits: list[int], position: int, multiples: tuple[Addend, ...]) -> Point:
    """Adds the multiple that the digit at a position names."""
    digit = digits[position] if position < len(digits) else 0
    if digit > 0:
        return add(total, multiples[digit // 2])
    if digit < 0:
        return add(total, negated(multiples[-digit // 2]))
    return total


def signed_digits(number: int, window_bits: int) -> list[int]:
    """A number as Σ digit·2^position with digits 0 or odd, below 2^(window_bits - 1) in size, and seldom not 0."""
    digits = []
    size = 1 << window_bits
    while number:
        digit = 0
        if number & 1:
            digit = number % size
            if digit >= size // 2:
                digit -= size
            number -= digit
        digits.append(digit)
        number >>= 1
    return digits


def odd_multiples(point: Point, window_bits: int) -> tuple[Addend, ...]:
    """1, 3, 5, … times a point, as many as digits of this window can name."""
    twice = addend(double(point))
    multiples = [point]
    while len(multiples) < 1 << (window_bits - 2):
        multiples.append(add(multiples[-1], twice))
    return tuple(addend(multiple) for multiple in multiples)


@lru_cache(maxsize=None)
def base_multiples() -> tuple[Addend, ...]:
    """The odd multiples of the base point, whose y is 4/5 and whose x is even."""
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert base is not None
    return odd_multiples(base, BASE_WINDOW_BITS)


def add(one: Point, other: Addend) -> Point:
    """The sum of two points, the same or not."""
    x, y, z, t = one
    minus, plus, twice_z, twice_dt = other
    a = (y - x) * minus % P
    b = (y + x) * plus % P
    c = t * twice_dt % P
    d = z * twice_z % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(point: Point) -> Point:
    """Twice a point."""
    x, y, z, _ = point
    a = x * x % P
    b = y * y % P
    h = a + b
    e = h - (x + y) * (x + y) % P
    g = a - b
    f = 2 * z * z % P + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def addend(point: Point) -> Addend:
    """A point in the form in which it is added."""
    x, y, z, t = point
    return ((y - x) % P, (y + x) % P, 2 * z % P, 2 * D * t % P)


def negated(other: Addend) -> Addend:
    """The negative of a point in that form."""
    minus, plus, twice_z, twice_dt = other
    return (plus, minus, twice_z, -twice_dt)


def negate(point: Point) -> Point:
    """The negative of a point."""
    x, y, z, t = point
    return (-x % P, y, z, -t % P)


def is_identity(point: Point) -> bool:
    """Whether this is the neutral point, x = 0 and y = 1."""
    x, y, z, _ = point
    return x % P == 0 and (y - z) % P == 0
