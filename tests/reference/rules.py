"""Section 13 of docs/protocol.md: what a block and its transactions must satisfy before they are executed.

Each function says which rules are broken, all of them: where several are, a node may name any.
"""

from __future__ import annotations

import ed25519
from addresses import AMOUNT_MAX
from blocks import BLOCK_LENGTH_MAX, Block, Header, transaction_root
from difficulty import HEIGHT_WITH_FIRST_BITS_MAX, from_compact, next_bits
from hashes import as_number, sha256d
from networks import Parameters
from transactions import Anchor, Transaction

VERSION_BITS_TO_ROLL = 0x1FFFE000
"""The bits of a header's version that are free for miners (BIP 320)."""

TAG_BYTES_MAX = 64
NONCE_MAX = 2**53 - 1
OUTPUTS_MAX = 256
MEMO_BYTES_MAX = 256
LABEL_BYTES_MAX = 64


def header_alone(header: Header, parameters: Parameters) -> set[str]:
    """What can be said of a header without its parent."""
    compact = from_compact(header.bits)
    limit = from_compact(parameters.limit_bits)
    broken = set()
    if header.version & ~VERSION_BITS_TO_ROLL != 1:
        broken.add("bad-version")
    if not compact.is_target() or compact.target > limit.target:
        broken.add("target-out-of-range")
    if not compact.is_target() or as_number(header.hash()) > compact.target:
        broken.add("hash-above-target")
    return broken


def header_after(header: Header, parent: Header, required_bits: int) -> set[str]:
    """What a header must satisfy beside its parent."""
    broken = set()
    if header.bits != required_bits:
        broken.add("wrong-bits")
    if header.time < parent.time:
        broken.add("time-before-parent")
    return broken


def header_now(header: Header, now: int, parameters: Parameters) -> set[str]:
    """Section 11: a header too far ahead of the clock is nobody's fault."""
    return {"time-too-far-ahead"} if header.time > now + parameters.future_limit else set()


def required_bits(height: int, parent: Header, grandparent_time: int, parameters: Parameters) -> int:
    """Section 10: the bits that a block at this height carries."""
    if height <= HEIGHT_WITH_FIRST_BITS_MAX or not parameters.retarget:
        return parameters.first_bits
    return next_bits(parent.bits, parent.time - grandparent_time, parameters.interval, parameters.limit_bits)


def body_matches(block: Block) -> set[str]:
    """Whether this is the body that the header commits to: the first thing that is checked of a body."""
    if block.header.commitment != sha256d(block.coinbase.encoded()):
        return {"wrong-commitment"}
    if block.coinbase.transaction_root != transaction_root(list(block.transactions)):
        return {"wrong-transaction-root"}
    return set()


def body_alone(block: Block, length: int, genesis: bytes) -> set[str]:
    """What can be said of a body without its place in a chain."""
    broken = set()
    if length > BLOCK_LENGTH_MAX:
        broken.add("block-too-large")
    if block.coinbase.version != 1:
        broken.add("coinbase-version")
    if len(block.coinbase.tag) > TAG_BYTES_MAX:
        broken.add("tag-too-long")
    for transaction in block.transactions:
        broken |= transaction_alone(transaction, genesis)
    return broken


def body_at(block: Block, height: int) -> set[str]:
    """What a body must satisfy at its height."""
    broken = set()
    if block.coinbase.height != height:
        broken.add("coinbase-height")
    if any(0 < transaction.expires_at < height for transaction in block.transactions):
        broken.add("expired")
    return broken


def body_after(block: Block, carried_root: bytes) -> set[str]:
    """What a coinbase must satisfy after its ancestors were executed."""
    return {"wrong-state-root"} if block.coinbase.state_root != carried_root else set()


def transaction_alone(transaction: Transaction, genesis: bytes) -> set[str]:
    """Section 7: the validity of a transaction on its own."""
    broken = action_alone(transaction)
    if transaction.version != 1:
        broken.add("transaction-version")
    if transaction.nonce > NONCE_MAX:
        broken.add("nonce-gap")
    if not 1 <= transaction.fee <= AMOUNT_MAX:
        broken.add("fee-out-of-range")
    if not ed25519.verify(transaction.sender, transaction.signing_hash(genesis), transaction.signature):
        broken.add("bad-signature")
    return broken


def action_alone(transaction: Transaction) -> set[str]:
    """Section 7: the limits on what a transaction does."""
    action = transaction.action
    if isinstance(action, Anchor):
        return {"label-too-long"} if len(action.label.encode("utf-8")) > LABEL_BYTES_MAX else set()
    checks: tuple[tuple[bool, str], ...] = (
        (len(action.outputs) == 0, "no-outputs"),
        (len(action.outputs) > OUTPUTS_MAX, "too-many-outputs"),
        (any(output.amount == 0 for output in action.outputs), "zero-amount"),
        (any(output.amount > AMOUNT_MAX for output in action.outputs), "amount-out-of-range"),
        (len(action.memo.encode("utf-8")) > MEMO_BYTES_MAX, "memo-too-long"),
    )
    return {name for is_broken, name in checks if is_broken}
