"""Executing a block: sections 7 and 8 of docs/protocol.md, in their order."""

from __future__ import annotations

from typing import NamedTuple, Optional

from addresses import address_of
from blocks import Block
from state import Account, Reward, State, subsidy
from transactions import Transaction


class Changes(NamedTuple):
    """What a block does to the state; enough to do it and to undo it."""

    before: dict[bytes, Account]
    after: dict[bytes, Account]
    matured: Optional[Reward]
    earned: Reward

    def apply(self, state: State) -> None:
        """Takes the state from before the block to after it."""
        for address, account in self.after.items():
            state.set(address, account)
        if self.matured is not None:
            state.rewards.pop(0)
        state.rewards.append(self.earned)

    def undo(self, state: State) -> None:
        """Takes the state from after the block to before it."""
        state.rewards.pop()
        if self.matured is not None:
            state.rewards.insert(0, self.matured)
        for address, account in self.before.items():
            state.set(address, account)


class Outcome(NamedTuple):
    """The rules that the first bad transaction breaks, or what the block changes."""

    broken: set[str]
    changes: Optional[Changes]


def execute(block: Block, height: int, state: State, maturity: int) -> Outcome:
    """Executes a block on the state after its parent, which it leaves alone."""
    accounts = Working(state)
    matured = None
    if state.rewards and state.rewards[0].height + maturity == height:
        matured = state.rewards[0]
        accounts.credit(matured.miner, matured.amount)
    fees = 0
    for transaction in block.transactions:
        broken = execute_transaction(transaction, accounts)
        if broken:
            return Outcome(broken, None)
        fees += transaction.fee
    earned = Reward(height, block.coinbase.miner, subsidy(height) + fees)
    before = {address: state.account(address) for address in accounts.written}
    return Outcome(set(), Changes(before, accounts.written, matured, earned))


class Working:
    """Accounts as they stand in the middle of a block."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.written: dict[bytes, Account] = {}

    def get(self, address: bytes) -> Account:
        """An account as it stands now."""
        return self.written.get(address, self.state.account(address))

    def set(self, address: bytes, account: Account) -> None:
        """Writes an account."""
        self.written[address] = account

    def credit(self, address: bytes, amount: int) -> None:
        """Adds to a balance."""
        account = self.get(address)
        self.set(address, Account(account.balance + amount, account.nonce))


def execute_transaction(transaction: Transaction, accounts: Working) -> set[str]:
    """Section 7, execution in block h, from step 2 on; which rules forbid it, or nothing and it is done."""
    address = address_of(transaction.sender)
    sender = accounts.get(address)
    broken = set()
    if transaction.nonce < sender.nonce:
        broken.add("nonce-too-low")
    if transaction.nonce > sender.nonce:
        broken.add("nonce-gap")
    if sender.balance < transaction.spent():
        broken.add("insufficient-balance")
    if not broken:
        accounts.set(address, Account(sender.balance - transaction.spent(), sender.nonce + 1))
        for to, amount in transaction.outputs():
            accounts.credit(to, amount)
    return broken
