"""The tree of blocks: each header that was taken below its parent's, and what is known of its body."""

from __future__ import annotations

from typing import NamedTuple, Optional

from blocks import Block, Header
from difficulty import from_compact, work_of
from execution import Changes


class Entry:
    """A block in the tree: its header and place, the rules it breaks, and what it changes if it breaks none."""

    def __init__(self, header: Header, parent: Optional[Entry]) -> None:
        self.hash = header.hash()
        self.header = header
        self.parent = parent
        self.children: list[Entry] = []
        self.height: int = 0 if parent is None else parent.height + 1
        self.work: int = work_of(from_compact(header.bits).target) + (0 if parent is None else parent.work)
        self.body: Optional[Block] = None
        """The block, from when its body came until it is executed."""
        self.order = 0
        """The place in the order in which bodies came; 0 for genesis and where none came yet."""
        self.broken: set[str] = set()
        """The rules that make it invalid, as far as they were looked at."""
        self.changes: Optional[Changes] = None
        """What it changes, once it is executed and so fully valid."""
        self.supply = 0
        """All that exists after it, in pebbles, once it is executed."""
        self.root: Optional[bytes] = None
        """The state root after it, once it was needed."""
        self.was_named = False
        """Whether the other implementation said that it is invalid."""

    def is_valid(self) -> bool:
        """Whether it and all its ancestors are fully valid."""
        return self.parent is None or self.changes is not None

    def has_body(self) -> bool:
        """Whether its body came."""
        return self.body is not None or self.is_valid()

    def ancestor(self, height: int) -> Entry:
        """The block of this chain at a height."""
        entry = self
        while entry.height > height:
            assert entry.parent is not None
            entry = entry.parent
        return entry

    def condemn(self, broken: set[str]) -> None:
        """Makes it invalid for these reasons, and all its descendants for its sake."""
        self.broken |= broken
        self.body = None
        pending = list(self.children)
        while pending:
            entry = pending.pop()
            if "invalid-parent" not in entry.broken:
                entry.broken.add("invalid-parent")
                entry.body = None
                pending.extend(entry.children)


class Judgement(NamedTuple):
    """The rules that a block breaks, by what follows from it."""

    header: set[str]
    """Its header's: for good."""
    body: set[str]
    """Its own body's, once that is known to be the header's: for good."""
    senders: set[str]
    """These say that the body is not the header's: the right one may still come."""
    nobodys: set[str]
    """These may pass with time."""
