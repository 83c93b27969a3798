"""Section 12 of docs/protocol.md: every block that was delivered, and the best chain among them.

The protocol lets a node choose when it looks at what: where several rules are broken, which of them it names; and
whether it looks at bodies, and executes them, before their branch could be the best. So a delivery is answered by
all verdicts that agree with the protocol. Which chain is the best is not left to choice, nor is any root.
"""

from __future__ import annotations

import rules
from blocks import Block, decode_block
from encoding import Undecodable
from execution import execute
from hashes import shown
from networks import Parameters, genesis, genesis_state
from state import height_of_carried_root, subsidy
from tree import Entry, Judgement

MESSAGE_LENGTH_MAX = 4_194_304 + 65_536
"""Section 14.4: no message is longer, so nobody could send a block that is."""

WAITING_MAX = 64
"""Section 15: blocks that wait for their parent or their time; the oldest gives way."""

WORDS = {"unknown-parent": "orphan", "time-too-far-ahead": "kept"}
"""What transcripts say instead of a rule that is nobody's fault: such a block waits."""


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
        self.refused: set[bytes] = set()
        """Headers that break a rule of headers; they are not in the tree."""
        self.waiting: dict[bytes, bytes] = {}
        """Encoded blocks without a parent or ahead of the clock, by hash, in the order in which they came."""
        self.tip = self.genesis
        self.newly_valid: list[Entry] = []
        """Blocks that became fully valid since the best chain was last chosen."""
        self.bodies = 0
        self.transactions = 0

    def deliver(self, data: bytes, now: int, said: str) -> set[str]:
        """Takes a block; answers all verdicts on it that agree with the protocol.

        What `said` is matters for blocks that may wait: whether a node keeps one is its own affair.
        """
        if len(data) > MESSAGE_LENGTH_MAX:
            return {"undecodable"}
        try:
            block = decode_block(data)
        except Undecodable:
            return {"undecodable"}
        block_hash = block.header.hash()
        known = self.entries.get(block_hash)
        if known is not None and (known.has_body() or known.broken):
            return known.broken | ({"known"} if self.may_pass(known) else set())
        judgement = self.judge(block, len(data), now)
        if judgement.nobodys:
            if said in WORDS.values():
                self.keep(block_hash, data)
            return judgement.header | judgement.senders | judgement.body | self.words(block, judgement.nobodys)
        self.enter(block, judgement)
        entry = self.entries.get(block_hash)
        if entry is None or judgement.senders:
            return judgement.header | judgement.senders | judgement.body
        verdicts = entry.broken | ({"accepted"} if self.may_pass(entry) else set())
        if entry.parent is not None and "invalid-parent" in entry.parent.broken:
            # A header below an invalid one need not be remembered, and then nobody knows of its children.
            verdicts.add("orphan")
        return verdicts

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
                    self.enter(block, judgement)
                    progress = True
                    break

    def candidates(self) -> list[Entry]:
        """The blocks that may be the tip now: of most work, and of those the one whose body came first.

        Several when bodies came at once, for then their order is the node's own affair.
        """
        best = max([self.tip] + self.newly_valid, key=lambda entry: (entry.work, -entry.order))
        if best is self.tip:
            return [self.tip]
        return [best] + [entry for entry in self.newly_valid if entry.work == best.work]

    def choose(self, tip: Entry) -> None:
        """Makes one of the candidates the tip."""
        self.tip = tip
        self.newly_valid = []
        if tip.root is None:
            self.move_to(tip)
            tip.root = self.state.root()

    def judge(self, block: Block, length: int, now: int) -> Judgement:
        """Which rules a block breaks, of those that need no execution."""
        header = block.header
        of_header = rules.header_alone(header, self.parameters)
        nobodys = rules.header_now(header, now, self.parameters)
        parent = self.entries.get(header.previous)
        if parent is None:
            nobodys.add("unknown-parent")
        else:
            grandparent = parent if parent.parent is None else parent.parent
            bits = rules.required_bits(parent.height + 1, parent.header, grandparent.header.time, self.parameters)
            of_header |= rules.header_after(header, parent.header, bits)
        senders = rules.body_matches(block)
        of_body: set[str] = set()
        if not senders:
            of_body = rules.body_alone(block, length, self.genesis.hash)
            if parent is not None:
                of_body |= rules.body_at(block, parent.height + 1)
        return Judgement(of_header, of_body, senders, nobodys)

    def enter(self, block: Block, judgement: Judgement) -> None:
        """Puts a header below its parent, unless it breaks a rule, and its body to it, if it is the right one."""
        header = block.header
        if judgement.header:
            self.refused.add(header.hash())
            return
        entry = self.entries.get(header.hash())
        if entry is None:
            parent = self.entries[header.previous]
            entry = Entry(header, parent)
            self.entries[entry.hash] = entry
            parent.children.append(entry)
            if parent.broken:
                entry.broken.add("invalid-parent")
        if judgement.senders:
            return
        self.bodies += 1
        entry.order = self.bodies
        if judgement.body or entry.broken:
            entry.condemn(judgement.body)
        else:
            entry.body = block
            self.execute_from(entry)

    def execute_from(self, first: Entry) -> None:
        """Executes a block after its parent, and then its descendants that waited for it."""
        pending = [first]
        while pending:
            entry = pending.pop(0)
            if entry.parent is not None and entry.parent.is_valid() and entry.body is not None:
                self.execute(entry, entry.parent, entry.body)
                pending.extend(entry.children)

    def execute(self, entry: Entry, parent: Entry, block: Block) -> None:
        """Executes a block on the state after its parent, and checks the supply after it."""
        carried = parent.ancestor(height_of_carried_root(entry.height)).root
        assert carried is not None, "the root was computed after each height whose root blocks carry"
        broken = rules.body_after(block, carried)
        self.move_to(parent)
        outcome = execute(block, entry.height, self.state, self.parameters.maturity)
        if broken or outcome.changes is None:
            entry.condemn(broken | outcome.broken)
            return
        outcome.changes.apply(self.state)
        self.place = entry
        entry.changes = outcome.changes
        entry.body = None
        entry.supply = parent.supply + subsidy(entry.height)
        if self.state.supply() != entry.supply:
            raise AssertionError(f"{self.state.supply()} pebbles, not {entry.supply}, after {shown(entry.hash)}")
        if height_of_carried_root(entry.height + 1) == entry.height:
            entry.root = self.state.root()
        self.newly_valid.append(entry)
        self.transactions += len(block.transactions)

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

    def may_pass(self, entry: Entry) -> bool:
        """Whether a node may not have seen that a block is invalid: it is not, or its branch has no more work than
        the best chain, and nobody said that it or an ancestor is."""
        if not entry.broken:
            return True
        if entry.work > self.tip.work or entry.was_named:
            return False
        return "invalid-parent" not in entry.broken or (entry.parent is not None and self.may_pass(entry.parent))

    def keep(self, block_hash: bytes, data: bytes) -> None:
        """Lets a block wait."""
        self.waiting.setdefault(block_hash, data)
        if len(self.waiting) > WAITING_MAX:
            del self.waiting[next(iter(self.waiting))]

    def words(self, block: Block, nobodys: set[str]) -> set[str]:
        """The verdicts on a block that may wait."""
        verdicts = {WORDS[name] for name in nobodys}
        if block.header.hash() in self.waiting:
            verdicts.add("known")
        if block.header.previous in self.refused:
            verdicts.add("invalid-parent")
        return verdicts
