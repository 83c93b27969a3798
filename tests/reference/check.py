#!/usr/bin/env python3
"""Checks exported chains and transcripts against docs/protocol.md: check.py [--now SECONDS] [--totals] [--dump] FILE…

Prints a line for each file and the totals. Ends with 1 at the first step where the file and this implementation disagree.
Needs Python 3.9 and the package `blake3`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter

import ed25519
from addresses import to_text
from blocks import read_header
from chain import Chain
from encoding import Reader, Undecodable
from files import Disagreement, Source, Step, expect, open_source
from hashes import from_shown, shown
from networks import human_part
from tree import Entry


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Checks exported chains and transcripts against docs/protocol.md.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument(
        "--now", type=int, default=int(time.time()), help="the clock for exported chains, seconds since 1970"
    )
    parser.add_argument("--totals", action="store_true", help="print no line for each file")
    parser.add_argument("--dump", action="store_true", help="print the accounts at the end as JSON lines")
    arguments = parser.parse_args()
    totals: Counter = Counter()
    for path in arguments.files:
        try:
            source = open_source(path, arguments.now)
            chain = check(source, totals)
        except (Disagreement, Undecodable, AssertionError, ValueError, KeyError) as problem:
            print(f"{path}: {type(problem).__name__}: {problem}", file=sys.stderr)
            return 1
        if not arguments.totals:
            report(path, chain)
        if arguments.dump:
            dump(source, chain)
    print_totals(len(arguments.files), totals)
    return 0


def check(source: Source, totals: Counter) -> Chain:
    """Feeds a chain with what the file holds, and compares at each step."""
    chain = Chain(source.name, source.parameters)
    for step in source.steps:
        totals["steps"] += 1
        if step.block is not None:
            check_delivery(chain, step)
            totals["verdict " + str(step.verdict)] += 1
        chain.try_waiting(step.now)
        check_tip(chain, step)
        check_invalid(chain, step)
    totals["blocks"] += len(chain.entries) - 1
    totals["invalid"] += sum(1 for entry in chain.entries.values() if entry.broken)
    totals["transactions"] += chain.transactions
    return chain


def check_delivery(chain: Chain, step: Step) -> None:
    """The verdict must be one that the protocol allows; where a table allows several, it must know why."""
    assert step.block is not None
    allowed = chain.deliver(step.block, step.now, str(step.verdict))
    if step.verdict not in allowed:
        raise Disagreement(where(step), "verdict", step.verdict, one_of(allowed))
    if not step.any_of <= allowed:
        raise Disagreement(where(step), "any of", one_of(step.any_of), one_of(allowed))
    if step.verdict not in ("accepted", "known"):
        name_as_invalid(chain, step.block)


def name_as_invalid(chain: Chain, block: bytes) -> None:
    """Remembers that the other implementation called this block invalid, and so must call its children."""
    if len(block) >= 80:
        entry = chain.entries.get(read_header(Reader(block)).hash())
        if entry is not None and entry.broken:
            entry.was_named = True


def check_tip(chain: Chain, step: Step) -> None:
    """Tip, height and state root must be the same after each step."""
    candidates = chain.candidates()
    chosen = candidates[0]
    if step.tip is not None:
        chosen = next((entry for entry in candidates if shown(entry.hash) == step.tip), chosen)
        expect(where(step), "tip", step.tip, shown(chosen.hash))
        expect(where(step), "height", step.height, chosen.height)
    chain.choose(chosen)
    if step.state_root is not None:
        expect(where(step), "state root", step.state_root, root_after(chosen))


def check_invalid(chain: Chain, step: Step) -> None:
    """What was found invalid beside the block that was delivered must be so, for one of its reasons."""
    for text, violation in step.invalid.items():
        entry = chain.entries.get(from_shown(text))
        broken = set() if entry is None else entry.broken
        if entry is None or violation not in broken:
            raise Disagreement(where(step), f"invalid block {text}", violation, one_of(broken))
        entry.was_named = True


def where(step: Step) -> str:
    """The step, and what it tries."""
    return f"{step.number} ({step.case})"


def one_of(names: set[str]) -> str:
    """Names as people read them."""
    return " or ".join(sorted(names)) or "nothing"


def root_after(entry: Entry) -> str:
    """The state root after the tip, which was computed when it was chosen."""
    assert entry.root is not None
    return entry.root.hex()


def report(path: str, chain: Chain) -> None:
    """One line for a file."""
    invalid = sum(1 for entry in chain.entries.values() if entry.broken)
    print(
        f"{path}: {len(chain.entries) - 1} blocks ({invalid} invalid), {chain.transactions} transactions, "
        f"tip {shown(chain.tip.hash)} at {chain.tip.height}, state root {root_after(chain.tip)}, "
        f"supply {chain.tip.supply} pebbles"
    )


def dump(source: Source, chain: Chain) -> None:
    """The accounts after the tip, by address."""
    chain.move_to(chain.tip)
    for address, account in sorted(chain.state.accounts.items()):
        text = to_text(human_part(source.name), address)
        print(json.dumps({"address": text, "balance": account.balance, "nonce": account.nonce}))


def print_totals(files: int, totals: Counter) -> None:
    """What was compared in all, and how often each verdict was agreed on."""
    signatures = ed25519.verify.cache_info().misses
    print(
        f"{files} files agree: {totals['steps']} steps, {totals['blocks']} blocks ({totals['invalid']} invalid), "
        f"{totals['transactions']} transactions, {signatures} signatures"
    )
    for name, count in sorted(totals.items()):
        if name.startswith("verdict "):
            print(f"  {count:6} {name[8:]}")


if __name__ == "__main__":
    sys.exit(main())
