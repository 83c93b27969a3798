"""Section 9 of docs/protocol.md: what a network is, and its genesis."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from addresses import AMOUNT_MAX, address_of
from blocks import Block, Coinbase, Header, transaction_root
from difficulty import from_compact, to_compact
from encoding import Reader, u8, u32, u64, vector
from hashes import derive, sha256d
from keys import derive_path, public_key, seed_of_words
from state import State

SUBSIDIES_EVER = 2_099_999_986_350_000
"""All that blocks will ever earn as subsidy, in pebbles."""

GENESIS_TIME = 1_767_225_600
"""2026-01-01 00:00:00 UTC"""

DEVELOPMENT_WORDS = "test test test test test test test test test test test junk"
DEVELOPMENT_ACCOUNTS = 10
DEVELOPMENT_AMOUNT = 10_000 * 100_000_000

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Parameters(NamedTuple):
    """The parameters of a network, in the order of encoding."""

    interval: int
    retarget: int
    first_bits: int
    limit_bits: int
    prefund: tuple[tuple[bytes, int], ...]
    maturity: int
    future_limit: int

    def encoded(self) -> bytes:
        """The bytes that genesis commits to."""
        prefund = vector([address + u64(amount) for address, amount in self.prefund])
        return (
            u32(self.interval)
            + u8(self.retarget)
            + u32(self.first_bits)
            + u32(self.limit_bits)
            + prefund
            + u32(self.maturity)
            + u32(self.future_limit)
        )

    def prefunded(self) -> int:
        """How much exists before the first block, in pebbles."""
        return sum(amount for _, amount in self.prefund)


def read_parameters(reader: Reader) -> Parameters:
    """Decodes parameters."""
    return Parameters(
        interval=reader.u32(),
        retarget=reader.u8(),
        first_bits=reader.u32(),
        limit_bits=reader.u32(),
        prefund=tuple(reader.vector(40, lambda item: (item.take(32), item.u64()))),
        maturity=reader.u32(),
        future_limit=reader.u32(),
    )


def is_development(name: str) -> bool:
    """Whether a network is one for development, which its name alone decides."""
    return name == "dev" or name.startswith("dev-")


def human_part(name: str) -> str:
    """How addresses of a network begin."""
    return "cairndev" if is_development(name) else "cairn"


def default_parameters(name: str) -> Parameters:
    """What a network has that nobody overrode."""
    if is_development(name):
        return Parameters(10, 0, 0x207FFFFF, 0x207FFFFF, development_prefund(), 1, 120)
    return Parameters(10, 1, 0x1E010000, 0x1E100000, (), 10, 120)


def development_prefund() -> tuple[tuple[bytes, int], ...]:
    """The accounts that development networks begin with, ascending by address."""
    seed = seed_of_words(DEVELOPMENT_WORDS, "")
    paths = [f"m/44'/7331'/0'/0'/{index}'" for index in range(DEVELOPMENT_ACCOUNTS)]
    addresses = [address_of(public_key(derive_path(seed, path).key)) for path in paths]
    return tuple((address, DEVELOPMENT_AMOUNT) for address in sorted(addresses))


def why_refused(name: str, parameters: Parameters) -> Optional[str]:
    """Why there is no such network, if there is none."""
    if NAME.fullmatch(name) is None:
        return "the name"
    for what, bits in (("first bits", parameters.first_bits), ("limit bits", parameters.limit_bits)):
        compact = from_compact(bits)
        if not compact.is_target() or to_compact(compact.target) != bits:
            return f"the {what} are no canonical target"
    addresses: list[bytes] = [address for address, _ in parameters.prefund]
    checks = (
        (1 <= parameters.interval <= 86_400, "the interval"),
        (parameters.retarget <= 1, "retarget is neither 0 nor 1"),
        (
            from_compact(parameters.first_bits).target <= from_compact(parameters.limit_bits).target,
            "the first target",
        ),
        (addresses == sorted(set(addresses)), "the prefund is not ascending"),
        (all(amount >= 1 for _, amount in parameters.prefund), "a prefunded amount of 0"),
        (parameters.prefunded() + SUBSIDIES_EVER <= AMOUNT_MAX, "the prefund is too large"),
        (1 <= parameters.maturity <= 1_000, "the maturity"),
        (1 <= parameters.future_limit <= 86_400, "the future limit"),
    )
    return next((reason for holds, reason in checks if not holds), None)


def genesis_state(parameters: Parameters) -> State:
    """The prefunded accounts and an empty queue."""
    return State(parameters.prefund)


def genesis(name: str, parameters: Parameters) -> Block:
    """Block 0, computed and not mined."""
    coinbase = Coinbase(
        version=1,
        height=0,
        transaction_root=transaction_root([]),
        state_root=genesis_state(parameters).root(),
        miner=bytes(32),
        extra_nonce=bytes(16),
        tag=name.encode("utf-8"),
    )
    header = Header(
        version=1,
        previous=derive("cairn v1 parameters", parameters.encoded()),
        commitment=sha256d(coinbase.encoded()),
        time=GENESIS_TIME,
        bits=parameters.first_bits,
        nonce=0,
    )
    return Block(header, coinbase, ())
