"""Section 8 of docs/protocol.md: accounts, maturing rewards, and the root over both."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from encoding import u32, u64, vector
from hashes import NO_HASH, derive, keyed

LEAF_ACCOUNTS_MAX = 16
"""How many accounts a leaf of the account tree holds at most."""

ROOT_INTERVAL = 64
"""Blocks carry the root after the last height before them that is a multiple of this."""

FIRST_SUBSIDY = 10**9
HALVING_BLOCKS = 1_050_000


class Account(NamedTuple):
    """What an address holds, in pebbles, and how many transactions it sent."""

    balance: int
    nonce: int


NO_ACCOUNT = Account(0, 0)
"""An account of this content does not exist."""


class Reward(NamedTuple):
    """What a block earned, until it matures."""

    height: int
    miner: bytes
    amount: int


def subsidy(height: int) -> int:
    """What a block earns beside its fees; genesis earns nothing."""
    if height == 0:
        return 0
    shift = (height - 1) // HALVING_BLOCKS
    return FIRST_SUBSIDY >> shift if shift < 64 else 0


def height_of_carried_root(height: int) -> int:
    """After which block the state root was that the block at a height carries; genesis carries its own."""
    return ROOT_INTERVAL * (max(height - 1, 0) // ROOT_INTERVAL)


class State:
    """Accounts by address, and the rewards that mature, oldest first."""

    def __init__(self, prefund: Iterable[tuple[bytes, int]]) -> None:
        self.accounts: dict[bytes, Account] = {}
        self.rewards: list[Reward] = []
        for address, amount in prefund:
            self.set(address, Account(amount, 0))

    def account(self, address: bytes) -> Account:
        """An account; one that does not exist holds nothing."""
        return self.accounts.get(address, NO_ACCOUNT)

    def set(self, address: bytes, account: Account) -> None:
        """Writes an account; one of nothing ceases to exist."""
        if account == NO_ACCOUNT:
            self.accounts.pop(address, None)
        else:
            self.accounts[address] = account

    def supply(self) -> int:
        """All that exists: balances and maturing rewards, in pebbles."""
        return sum(account.balance for account in self.accounts.values()) + sum(
            reward.amount for reward in self.rewards
        )

    def root(self) -> bytes:
        """The state root, computed from nothing."""
        rewards = derive("cairn v1 maturing rewards", self.encoded_rewards())
        return derive("cairn v1 state root", self.account_root() + rewards)

    def encoded_rewards(self) -> bytes:
        """`Vec<(height u32, miner [32], amount u64)>`, oldest first."""
        return vector([u32(reward.height) + reward.miner + u64(reward.amount) for reward in self.rewards])

    def account_root(self) -> bytes:
        """The root of the account tree."""
        return subtree(sorted((path_of(address), address, account) for address, account in self.accounts.items()), 0)


Leaf = tuple[int, bytes, Account]
"""An account on its path."""


@lru_cache(maxsize=None)
def path_of(address: bytes) -> int:
    """The path of an account, as a number whose most significant bit comes first."""
    return int.from_bytes(keyed("cairn v1 account path", address), "big")


def subtree(leaves: list[Leaf], depth: int) -> bytes:
    """The hash over accounts, ascending by path, that share the first `depth` bits of it."""
    if not leaves:
        return NO_HASH
    if len(leaves) <= LEAF_ACCOUNTS_MAX:
        content = [address + u64(account.balance) + u64(account.nonce) for _, address, account in leaves]
        return keyed("cairn v1 account leaf", b"".join(content))
    bit = 255 - depth
    left = [leaf for leaf in leaves if not leaf[0] >> bit & 1]
    right = leaves[len(left) :]
    return keyed("cairn v1 state node", subtree(left, depth + 1) + subtree(right, depth + 1))
