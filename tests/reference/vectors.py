"""Comparing values with vectors, and counting them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Difference(Exception):
    """A vector says something else than this implementation."""


class Comparison:
    """Compares values and counts how many were the same."""

    def __init__(self) -> None:
        self.count = 0

    def same(self, what: str, theirs: object, ours: object) -> None:
        """Both must say the same; bytes are compared as the hexadecimal digits of the files."""
        if isinstance(ours, bytes):
            ours = ours.hex()
        if theirs != ours:
            raise Difference(f"{what}: the file says {theirs}, the reference says {ours}")
        self.count += 1


def load(path: Path) -> Any:
    """A file of JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def bits_of(text: str) -> int:
    """A compact target as the files write it."""
    return int(text, 16)


def wide(number: int) -> str:
    """A number of 256 bits as the golden files write it."""
    return f"{number:064x}"
