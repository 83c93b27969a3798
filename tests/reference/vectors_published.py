"""The vectors that others published, of what this protocol takes over from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

import ed25519
import keys
from addresses import BadAddress, bech32m_decode, bech32m_encode
from difficulty import aserti3, from_compact, to_compact
from vectors import Comparison, bits_of, load

ASERT_INTERVAL = 600
ASERT_HALF_LIFE = 172_800
ASERT_LIMIT_BITS = 0x1D00FFFF


def check_asert(folder: Path) -> int:
    """Six runs of aserti3-2d, each with its anchor at the head of its file."""
    comparison = Comparison()
    for path in sorted(folder.glob("run*")):
        text = path.read_text(encoding="utf-8")
        anchor_height = int(re.findall(r"anchor height: (\d+)", text)[0])
        anchor_parent_time = int(re.findall(r"anchor ancestor time: (\d+)", text)[0])
        anchor_bits = bits_of(re.findall(r"anchor nBits: (0x[0-9a-f]+)", text)[0])
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            _, height, time, bits = line.split()
            ours = aserti3(
                anchor_bits,
                int(time) - anchor_parent_time,
                int(height) - anchor_height,
                ASERT_INTERVAL,
                ASERT_HALF_LIFE,
                ASERT_LIMIT_BITS,
            )
            comparison.same(f"{path.name}, height {height}", bits_of(bits), ours)
    return comparison.count


def check_set_compact(path: Path) -> int:
    """Compact targets: negative, overflowing, zero, and good ones."""
    comparison = Comparison()
    for vector in load(path):
        compact = from_compact(bits_of(vector["bits"]))
        comparison.same(vector["bits"] + " overflows", vector["overflow"], compact.overflow)
        comparison.same(vector["bits"] + " is negative", vector["negative"], compact.negative)
        if not compact.overflow:
            comparison.same(vector["bits"], int(vector["target_hex"], 16), compact.target)
            sign = 0x800000 if compact.negative else 0
            comparison.same(vector["bits"] + " again", int(vector["reencoded"], 16), to_compact(compact.target) | sign)
    return comparison.count


def check_zip_215(path: Path) -> int:
    """Points of small order and encodings that are not canonical, all of which hold; one bit off, and none does."""
    comparison = Comparison()
    for vector in load(path):
        key, signature = bytes.fromhex(vector["vk"]), bytes.fromhex(vector["sig"])
        comparison.same(vector["sig"], True, ed25519.verify(key, b"Zcash", signature))
        s_too_large = int.from_bytes(signature[32:], "little") + ed25519.GROUP_ORDER
        signature = signature[:32] + s_too_large.to_bytes(32, "little")
        comparison.same(vector["sig"] + " with s + the order", False, ed25519.verify(key, b"Zcash", signature))
    return comparison.count


def check_bip350(path: Path) -> int:
    """Texts that are bech32m, and texts that are not."""
    comparison = Comparison()
    vectors = load(path)
    for text in vectors["valid"]:
        comparison.same(text, text.lower(), bech32m_encode(*bech32m_decode(text)))
    for text in vectors["invalid"]:
        comparison.same(text, False, is_bech32m(text))
    return comparison.count


def is_bech32m(text: str) -> bool:
    """Whether a text is bech32m."""
    try:
        bech32m_decode(text)
    except BadAddress:
        return False
    return True


def check_bip39(path: Path) -> int:
    """From words to a seed."""
    comparison = Comparison()
    for _, words, seed, _ in load(path):
        comparison.same(words, seed, keys.seed_of_words(words, "TREZOR"))
    return comparison.count


def check_slip_0010(path: Path) -> int:
    """From a seed to keys."""
    comparison = Comparison()
    for vector in load(path):
        for node in vector["chain"]:
            key = keys.derive_path(bytes.fromhex(vector["seed"]), node["path"])
            comparison.same(node["path"] + " key", node["private"], key.key)
            comparison.same(node["path"] + " chain code", node["chain code"], key.chain_code)
            comparison.same(node["path"] + " public key", node["public"], b"\0" + keys.public_key(key.key))
    return comparison.count


CHECKS: dict[str, Callable[[Path], int]] = {
    "asert": check_asert,
    "set_compact.json": check_set_compact,
    "zip-215.json": check_zip_215,
    "bip350.json": check_bip350,
    "bip39-english.json": check_bip39,
    "slip-0010-ed25519.json": check_slip_0010,
}
