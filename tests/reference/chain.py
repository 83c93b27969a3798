"""Section 12 of docs/protocol.md: the tree of blocks, each fully checked after its parent, and the best chain."""

from __future__ import annotations

from typing import NamedTuple, Optional

import rules
from blocks import Block, Header, decode_block
from difficulty import from_compact, work_of
from encoding import Undecodable
from execution import Changes, execute
from hashes import shown
from networks import Parameters, genesis, genesis_state
from state import height_of_carried_root, subsidy


class Entry:
    """A block in the tree: its header, its place, the rules it breaks, and what it changes if it breaks none."""

    def __init__(self, header: Header, parent: Optional[Entry], first_height: int = 0) -> None:
        self.hash = header.hash()
        self.header = header
        self.parent = parent
        self.height: int = first_height if parent is None else parent.height + 1
        self.work: int = work_of(from_compact(header.bits).target) + (0 if parent is None else parent.work)
        self.broken: set[str] = set()
        self.changes: Optional[Changes] = None
        self.supply = 0
        self.root: Optional[bytes] = None
        """The state root after this block, once it was needed."""
        self.was_named = False
        """Whether the other implementation knows that this block is invalid."""

    def ancestor(self, height: int) -> Entry:
        """The block of this chain at a height."""
        entry = self
        while entry.height > height:
            assert entry.parent is not None
            entry = entry.parent
        return entry


class Judgement(NamedTuple):
    """The rules that a block breaks, by whose fault that is."""

    own: set[str]
    senders: set[str]
    nobodys: set[str]


class Chain:
    """All that was delivered, and the best chain of it."""

    def __init__(self, name: str, parameters: Parameters) -> None:
        self.parameters = parameters
        self.genesis = Entry(genesis(name, parameters).header, None)
        self.state = genesis_state(parameters)
        self.place = self.genesis
        """After which block `state` is."""
        self.genesis.root = self.state.root()
        self.genesis.supply = parameters.prefunded()
        self.entries: dict[bytes, Entry] = {self.genesis.hash: self.genesis}
        self.waiting: dict[bytes, bytes] = {}
        """Encoded blocks without a parent or ahead of the clock, by hash, in the order in which they came."""
        self.tip = self.genesis
        self.newly_valid: list[Entry] = []
        """Blocks that were fully checked since the best chain was last chosen."""
        self.transactions = 0

    def deliver(self, data: bytes, now: int) -> set[str]:
        """Takes a block; all verdicts on it that agree with the protocol."""
        try:
            block = decode_block(data)
        except Undecodable:
            return {"undecodable"}
        block_hash = block.header.hash()
        known = self.entries.get(block_hash)
        if known is not None:
            return {"known"} | known.broken | rules.body_matches(block, len(data))
        judgement = self.judge(block, len(data), now)
        if judgement.senders:
            return judgement.own | judgement.senders | verdicts_of_waiting(judgement.nobodys)
        if judgement.nobodys:
            seen_before = {"known"} if block_hash in self.waiting else set()
            self.waiting.setdefault(block_hash, data)
            return judgement.own | verdicts_of_waiting(judgement.nobodys) | seen_before
        entry = self.enter(block, judgement.own)
        if not entry.broken:
            return {"accepted"}
        return entry.broken | ({"accepted"} if self.may_be_unaware_of(entry) else set())

    def try_waiting(self, now: int) -> None:
        """Enters blocks whose parent has come, or whose time has."""
        progress = True
        while progress:
            progress = False
            for block_hash, data in list(self.waiting.items()):
                block = decode_block(data)
                judgement = self.judge(block, len(data), now)
                if not judgement.nobodys:
                    del self.waiting[block_hash]
                    self.enter(block, judgement.own)
                    progress = True

    def candidates(self) -> list[Entry]:
        """The blocks that may be the tip now: one, unless several of equal work were checked in one step."""
        best = max(self.newly_valid, key=lambda entry: entry.work, default=self.tip)
        if best.work <= self.tip.work:
            return [self.tip]
        return [entry for entry in self.newly_valid if entry.work == best.work]

    def choose(self, tip: Entry) -> None:
        """Makes one of the candidates the tip."""
        self.tip = tip
        self.newly_valid = []
        if tip.root is None:
            self.move_to(tip)
            tip.root = self.state.root()

    def judge(self, block: Block, length: int, now: int) -> Judgement:
        """Which rules a block breaks."""
        header = block.header
        own = rules.header_alone(header, self.parameters)
        nobodys = rules.header_now(header, now, self.parameters)
        parent = self.entries.get(header.previous)
        if parent is None:
            nobodys.add("unknown-parent")
        else:
            own |= rules.header_after(header, parent.header, self.bits_after(parent))
        senders = rules.body_matches(block, length)
        if not senders:
            own |= rules.body_alone(block, self.genesis.hash)
        return Judgement(own, senders, nobodys)

    def enter(self, block: Block, broken: set[str]) -> Entry:
        """Puts a block below its parent, executed if nothing speaks against it."""
        parent = self.entries[block.header.previous]
        entry = Entry(block.header, parent)
        self.entries[entry.hash] = entry
        if parent.broken:
            entry.broken = broken | {"invalid-parent"}
            return entry
        carried = parent.ancestor(height_of_carried_root(entry.height)).root
        assert carried is not None, "the root after each height that blocks carry was computed there"
        broken = broken | rules.body_at(block, entry.height, carried)
        self.move_to(parent)
        outcome = execute(block, entry.height, self.state, self.parameters.maturity)
        entry.broken = broken | outcome.broken
        if not entry.broken:
            self.connect(entry, outcome.changes)
            self.transactions += len(block.transactions)
        return entry

    def connect(self, entry: Entry, changes: Optional[Changes]) -> None:
        """Moves the state over a block that is valid."""
        assert changes is not None and entry.parent is not None
        changes.apply(self.state)
        self.place = entry
        entry.changes = changes
        entry.supply = entry.parent.supply + subsidy(entry.height)
        if self.state.supply() != entry.supply:
            raise AssertionError(f"{self.state.supply()} pebbles, not {entry.supply}, after {shown(entry.hash)}")
        if height_of_carried_root(entry.height + 1) == entry.height:
            entry.root = self.state.root()
        self.newly_valid.append(entry)

    def bits_after(self, parent: Entry) -> int:
        """Section 10: what the child of a block carries."""
        grandparent = parent if parent.parent is None else parent.parent
        return rules.required_bits(parent.height + 1, parent.header, grandparent.header.time, self.parameters)

    def may_be_unaware_of(self, entry: Entry) -> bool:
        """Whether an implementation may not have seen yet that a block is invalid: a body, and whether it can be
        executed, need not be looked at before its branch could be the best."""
        bodies = {name for name in entry.broken if name not in HEADER_RULES}
        if entry.work > self.tip.work or entry.was_named or bodies != entry.broken:
            return False
        return "invalid-parent" not in bodies or (entry.parent is not None and self.may_be_unaware_of(entry.parent))

    def move_to(self, target: Entry) -> None:
        """Takes the state to after another block: back to the fork, then forward."""
        forward = []
        goal = target
        while goal is not self.place:
            if goal.height > self.place.height:
                forward.append(goal)
                assert goal.parent is not None
                goal = goal.parent
            else:
                assert self.place.changes is not None and self.place.parent is not None
                self.place.changes.undo(self.state)
                self.place = self.place.parent
        for entry in reversed(forward):
            assert entry.changes is not None
            entry.changes.apply(self.state)
            self.place = entry


HEADER_RULES = {"bad-version", "target-out-of-range", "wrong-bits", "hash-above-target", "time-before-parent"}
"""The rules that are checked as soon as a header is seen."""


def verdicts_of_waiting(nobodys: set[str]) -> set[str]:
    """The words of a transcript for what may pass with time."""
    words = {"unknown-parent": "orphan", "time-too-far-ahead": "kept"}
    return {words[name] for name in nobodys}
