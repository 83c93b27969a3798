"""Targets and work (section 6 of docs/protocol.md), and difficulty (section 10), in integers without a width."""

from __future__ import annotations

from typing import NamedTuple

HEIGHT_WITH_FIRST_BITS_MAX = 2
"""Blocks up to this height carry the first bits: there are no two blocks before them to measure."""

CLAMP_INTERVALS = 60
"""The half-life of the difficulty in block intervals, and the longest pause that counts."""


class Compact(NamedTuple):
    """What a compact target says; only one that is none of the three is a target."""

    target: int
    negative: bool
    overflow: bool

    def is_target(self) -> bool:
        """Whether some hash could be at most this."""
        return self.target > 0 and not self.negative and not self.overflow


def from_compact(bits: int) -> Compact:
    """Section 6: exponent << 24 | mantissa, the mantissa's top bit being a sign."""
    exponent = bits >> 24
    mantissa = bits & 0x7FFFFF
    if exponent <= 3:
        target = mantissa >> 8 * (3 - exponent)
    else:
        target = mantissa << 8 * (exponent - 3)
    return Compact(target, negative=bool(bits & 0x800000) and target != 0, overflow=target >= 2**256)


def to_compact(target: int) -> int:
    """Section 10: the compact form of a target, rounded down to its mantissa."""
    exponent = (target.bit_length() + 7) // 8
    if exponent <= 3:
        mantissa = target << 8 * (3 - exponent)
    else:
        mantissa = target >> 8 * (exponent - 3)
    if mantissa & 0x800000:  # This would be the sign: one byte less of mantissa, one more of exponent.
        mantissa >>= 8
        exponent += 1
    return exponent << 24 | mantissa


def work_of(target: int) -> int:
    """Section 6: how much work a block with this target counts for."""
    return 2**256 // (target + 1)


def next_bits(parent_bits: int, time_delta: int, interval: int, limit_bits: int) -> int:
    """Section 10: the bits of a block whose parent came `time_delta` seconds after the grandparent."""
    clamped = min(time_delta, CLAMP_INTERVALS * interval)
    return aserti3(parent_bits, clamped, 0, interval, CLAMP_INTERVALS * interval, limit_bits)


def aserti3(
    anchor_bits: int, time_delta: int, height_delta: int, interval: int, half_life: int, limit_bits: int
) -> int:
    """Section 10: aserti3-2d. The time is that since the anchor's parent, the height that above the anchor."""
    limit = from_compact(limit_bits).target
    numerator = (time_delta - interval * (height_delta + 1)) * 65536
    exponent = abs(numerator) // half_life  # Division truncates toward zero.
    if numerator < 0:
        exponent = -exponent
    shift = exponent >> 16
    fraction = exponent & 0xFFFF
    factor = 65536 + ((195766423245049 * fraction + 971821376 * fraction**2 + 5127 * fraction**3 + 2**47) >> 48)
    target = from_compact(anchor_bits).target * factor
    target = target << (shift - 16) if shift >= 16 else target >> (16 - shift)
    return to_compact(min(max(target, 1), limit))
