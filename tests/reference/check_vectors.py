#!/usr/bin/env python3
"""Checks this implementation against the published vectors and the golden bytes: check_vectors.py [FOLDER]

FOLDER is tests/vectors unless told otherwise. Prints a line for each file; ends with 1 at the first difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import vectors_golden
import vectors_published
from vectors import Difference


def main() -> int:
    """The command."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "vectors"
    total = 0
    for name, check in {**vectors_published.CHECKS, **vectors_golden.CHECKS}.items():
        try:
            count = check(folder / name)
        except Difference as difference:
            print(f"{folder / name}: {difference}", file=sys.stderr)
            return 1
        total += count
        print(f"{folder / name}: {count} values")
    unknown = {path.name for path in folder.glob("cairn-*.json")} - set(vectors_golden.CHECKS)
    if unknown:
        print(f"{folder}: nothing checks {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    print(f"{total} values agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
