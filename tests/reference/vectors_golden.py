"""The golden bytes of hashes, keys, addresses, difficulty and messages (see tests/vectors/README.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

import keys
import rules
import vectors_ledger
import wire
from addresses import BadAddress, address_of, from_text, to_text
from blocks import Block, Header, decode_block, read_block, read_coinbase, read_header
from difficulty import from_compact, to_compact, work_of
from encoding import Reader, Undecodable, decode, u32
from hashes import derive, key_of, keyed, sha256d
from networks import Parameters, default_parameters, genesis
from transactions import read_transaction
from vectors import Comparison, bits_of, load, wide


def check_hashes(path: Path) -> int:
    """Section 2."""
    comparison = Comparison()
    file = load(path)
    data = bytes.fromhex(file["input"])
    comparison.same("SHA-256d", file["sha256d"], sha256d(data))
    for row in file["derive"]:
        comparison.same(row["context"], row["output"], derive(row["context"], data))
    for row in file["keyed"]:
        comparison.same(row["context"] + " key", row["key"], key_of(row["context"]))
        comparison.same(row["context"], row["output"], keyed(row["context"], data))
    return comparison.count


def check_keys(path: Path) -> int:
    """Section 3."""
    comparison = Comparison()
    file = load(path)
    seed = keys.seed_of_words(file["words"], file["passphrase"])
    comparison.same("seed", file["seed"], seed)
    for node in (file["master"], file["parent"]):
        key = keys.derive_path(seed, node["path"])
        comparison.same(node["path"], [node["key"], node["chain_code"]], [key.key.hex(), key.chain_code.hex()])
    for row in file["keys"]:
        secret = keys.derive_path(seed, row["path"]).key
        public = keys.public_key(secret)
        comparison.same(row["path"] + " secret", row["secret"], secret)
        comparison.same(row["path"] + " public", row["public"], public)
        comparison.same(row["path"] + " address", row["address"], address_of(public))
        comparison.same(row["path"] + " text", row["address_text"], to_text("cairn", address_of(public)))
        development = to_text("cairndev", address_of(public))
        comparison.same(row["path"] + " development", row["address_text_development"], development)
    secrets = {row["public"]: bytes.fromhex(row["secret"]) for row in file["keys"]}
    for row in file["signed_messages"]:
        digest = keys.message_hash(row["message"].encode("utf-8"))
        comparison.same("hash of a message", row["hash"], digest)
        comparison.same("signature of a message", row["signature"], keys.sign(secrets[row["public"]], digest))
        comparison.same("text of a signature", row["text"], row["public"] + row["signature"])
    return comparison.count


def check_addresses(path: Path) -> int:
    """Section 4."""
    comparison = Comparison()
    file = load(path)
    for row in file["addresses"]:
        for field, part in (("standard", "cairn"), ("development", "cairndev")):
            comparison.same("text", row[field], to_text(part, bytes.fromhex(row["bytes"])))
            comparison.same("bytes", row["bytes"], from_text(part, row[field]))
            comparison.same("upper case", row["bytes"], from_text(part, row[field].upper()))
    for row in file["refused_on_standard_networks"]:
        comparison.same(row["why"], None, address_or_none(row["text"]))
    return comparison.count


def address_or_none(text: str) -> Optional[bytes]:
    """The address that a text stands for, if it is one."""
    try:
        return from_text("cairn", text)
    except BadAddress:
        return None


def check_difficulty(path: Path) -> int:
    """Sections 6 and 10."""
    comparison = Comparison()
    file = load(path)
    for row in file["targets"]:
        compact = from_compact(bits_of(row["bits"]))
        comparison.same(row["bits"] + " is a target", True, compact.is_target())
        comparison.same(row["bits"] + " target", row["target"], wide(compact.target))
        comparison.same(row["bits"] + " again", bits_of(row["canonical_bits"]), to_compact(compact.target))
        comparison.same(row["bits"] + " work", row["work"], wide(work_of(compact.target)))
    for row in file["no_targets"]:
        comparison.same(row["bits"] + " is a target", False, from_compact(bits_of(row["bits"])).is_target())
    work = 0
    for row in file["cumulative_work"]:
        work += work_of(from_compact(bits_of(row["bits"])).target)
        comparison.same("cumulative work", row["cumulative_work"], wide(work))
    for row in file["next_bits"]:
        limit, first = bits_of(row["limit_bits"]), bits_of(row["first_bits"])
        parameters = Parameters(row["interval_seconds"], int(row["retarget"]), first, limit, (), 10, 120)
        parent = Header(1, bytes(32), bytes(32), row["parent_time"], bits_of(row["parent_bits"]), 0)
        ours = rules.required_bits(row["height"], parent, row["grandparent_time"], parameters)
        comparison.same(f"bits of {row}", bits_of(row["bits"]), ours)
    return comparison.count


def check_wire(path: Path) -> int:
    """Section 14."""
    comparison = Comparison()
    file = load(path)
    block = decode_block(bytes.fromhex(file["block"]))
    row = file["status"]
    status = decode(bytes.fromhex(row["encoding"]), wire.read_status)
    comparison.same("status, genesis", row["genesis"], status.genesis)
    comparison.same("status, block one", row["block_one"], status.block_one)
    comparison.same("status, tip", row["tip"], status.tip)
    comparison.same("status, height", row["height"], status.height)
    comparison.same("status, work", row["work"], wide(status.work))
    comparison.same("status, time", row["time"], status.time)
    comparison.same("status, encoded", row["encoding"], status.encoded())
    gossiped = decode(bytes.fromhex(file["gossiped_transactions"]["encoding"]), wire.read_transactions)
    comparison.same("gossiped transactions", file["gossiped_transactions"]["encoding"], wire.encoded(gossiped))
    comparison.same("their number", file["gossiped_transactions"]["count"], len(gossiped))
    for row in file["compact_blocks"]:
        same_compact_block(comparison, row, block)
    for kind, kinds in (("requests", wire.REQUESTS), ("responses", wire.RESPONSES)):
        for row in file[kind]:
            data = bytes.fromhex(row["encoding"])
            reader = Reader(data)
            tag, fields = wire.read_message(reader, kinds)
            reader.finish()
            comparison.same(kind + ": " + row["what"], row["encoding"], u32(tag) + wire.encoded(fields))
            comparison.same(row["what"] + ", length", row["length_prefix"], u32(len(data)))
    return comparison.count


def same_compact_block(comparison: Comparison, row: dict[str, Any], block: Block) -> None:
    """Makes a compact block of a block anew; the file has one of an empty block too."""
    message = decode(bytes.fromhex(row["encoding"]), wire.read_compact_block)
    if row["leaf_hashes"]:
        comparison.same(row["what"], wire.compact(block, int(row["key"]), row["prefilled_indexes"]), message)
    salt = derive("cairn v1 short id", message.header.hash() + int(row["key"]).to_bytes(8, "little"))
    comparison.same(row["what"] + ", hash", row["hash_internal"], message.header.hash())
    comparison.same(row["what"] + ", key", row["short_id_key"], salt)
    comparison.same(row["what"] + ", short ids", row["short_ids"], [short.hex() for short in message.short_ids])
    comparison.same(row["what"] + ", encoded", row["encoding"], message.encoded())


READERS: dict[str, Callable[[Reader], object]] = {
    "header": read_header,
    "coinbase": read_coinbase,
    "transaction": read_transaction,
    "block": read_block,
    "compact block": wire.read_compact_block,
    "request": lambda reader: wire.read_message(reader, wire.REQUESTS),
    "response": lambda reader: wire.read_message(reader, wire.RESPONSES),
    "gossiped transactions": wire.read_transactions,
}


def check_refused(path: Path) -> int:
    """What does not decode (section 5), and what breaks a rule (section 7)."""
    comparison = Comparison()
    file = load(path)
    for row in file["not_decodable"]:
        what = f"{row['type']}: {row['why']}"
        comparison.same(what, False, decodes(bytes.fromhex(row["bytes"]), READERS[row["type"]]))
    dev = genesis("dev", default_parameters("dev")).header.hash()
    for row in file["decodable_but_against_a_rule"]:
        transaction = decode(bytes.fromhex(row["transaction"]), read_transaction)
        comparison.same(row["what"], {row["violation"]}, rules.transaction_alone(transaction, dev))
    return comparison.count


def decodes(data: bytes, read: Callable[[Reader], object]) -> bool:
    """Whether exactly these bytes are an encoding."""
    try:
        decode(data, read)
    except Undecodable:
        return False
    return True


CHECKS: dict[str, Callable[[Path], int]] = {
    "cairn-hashes.json": check_hashes,
    "cairn-keys.json": check_keys,
    "cairn-addresses.json": check_addresses,
    "cairn-networks.json": vectors_ledger.check_networks,
    "cairn-transactions.json": vectors_ledger.check_transactions,
    "cairn-blocks.json": vectors_ledger.check_blocks,
    "cairn-state.json": vectors_ledger.check_state,
    "cairn-difficulty.json": check_difficulty,
    "cairn-wire.json": check_wire,
    "cairn-refused.json": check_refused,
}
