"""The golden bytes of networks, transactions, blocks and state (see tests/vectors/README.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rules
from blocks import Coinbase, Header, decode_block, read_coinbase, read_header, tree_root
from chain import Chain
from difficulty import from_compact, work_of
from encoding import decode, u32
from hashes import derive, sha256d, shown
from networks import Parameters, default_parameters, genesis, human_part, read_parameters, why_refused
from state import Account, Reward, State, height_of_carried_root, path_of, subsidy
from transactions import Anchor, Transaction, read_transaction
from vectors import Comparison, bits_of, load, wide


def check_networks(path: Path) -> int:
    """Section 9, and the names of section 14."""
    comparison = Comparison()
    for row in load(path)["networks"]:
        name = row["name"]
        parameters = parameters_of(row["parameters"])
        encoded = parameters.encoded()
        block = genesis(name, parameters)
        tag = block.header.hash()[:8].hex()
        comparison.same(name + " refusal", None, why_refused(name, parameters))
        comparison.same(name + " human part", row["human_part"], human_part(name))
        comparison.same(name + " parameters", row["parameters"]["encoding"], encoded)
        comparison.same(name + " parameters, decoded", parameters, decode(encoded, read_parameters))
        comparison.same(name + " hash of parameters", row["parameters"]["hash"], derive("cairn v1 parameters", encoded))
        if name != "stones":
            comparison.same(name + " defaults", parameters, default_parameters(name))
        same_header(comparison, row["genesis"]["header"], block.header)
        same_coinbase(comparison, row["genesis"]["coinbase"], block.coinbase)
        comparison.same(name + " genesis", row["genesis"]["block"], block.encoded())
        comparison.same(name + " hash", row["genesis"]["hash_shown"], shown(block.header.hash()))
        comparison.same(name + " work", row["genesis"]["work"], wide(work_of(from_compact(block.header.bits).target)))
        comparison.same(name + " tag", row["tag"], tag)
        comparison.same(name + " topic of blocks", row["topic_of_blocks"], f"cairn/{tag}/blocks/1")
        comparison.same(name + " topic of transactions", row["topic_of_transactions"], f"cairn/{tag}/transactions/1")
        comparison.same(name + " sync", row["sync_protocol"], f"/cairn/{tag}/sync/1")
    return comparison.count


def parameters_of(row: dict[str, Any]) -> Parameters:
    """The parameters that a file lists."""
    return Parameters(
        interval=row["interval_seconds"],
        retarget=int(row["retarget"]),
        first_bits=bits_of(row["first_bits"]),
        limit_bits=bits_of(row["limit_bits"]),
        prefund=tuple((bytes.fromhex(item["address"]), item["amount"]) for item in row["prefund"]),
        maturity=row["maturity"],
        future_limit=row["future_limit_seconds"],
    )


def same_header(comparison: Comparison, row: dict[str, Any], header: Header) -> None:
    """Compares each field of a header, and its encoding and hash."""
    encoded = bytes.fromhex(row["encoding"])
    comparison.same("header", row["encoding"], header.encoded())
    comparison.same("header, decoded", decode(encoded, read_header), header)
    for field in ("version", "time", "nonce"):
        comparison.same(field, row[field], getattr(header, field))
    comparison.same("bits", bits_of(row["bits"]), header.bits)
    comparison.same("previous", row["previous"], header.previous)
    comparison.same("commitment", row["commitment"], header.commitment)
    comparison.same("hash", row["hash_internal"], header.hash())
    comparison.same("hash, shown", row["hash_shown"], shown(header.hash()))


def same_coinbase(comparison: Comparison, row: dict[str, Any], coinbase: Coinbase) -> None:
    """Compares each field of a coinbase, and its encoding and commitment."""
    comparison.same("coinbase", row["encoding"], coinbase.encoded())
    comparison.same("coinbase, decoded", decode(bytes.fromhex(row["encoding"]), read_coinbase), coinbase)
    for field in ("version", "height"):
        comparison.same(field, row[field], getattr(coinbase, field))
    for field in ("transaction_root", "state_root", "miner", "extra_nonce", "tag"):
        comparison.same(field, row[field], getattr(coinbase, field))
    comparison.same("commitment", row["commitment"], sha256d(coinbase.encoded()))


def same_transaction(comparison: Comparison, row: dict[str, Any], genesis_hash: bytes) -> Transaction:
    """Compares each field of a transaction, and its encoding and hashes; it must be valid on its own."""
    transaction = decode(bytes.fromhex(row["encoding"]), read_transaction)
    comparison.same("encoding", row["encoding"], transaction.encoded())
    comparison.same("length", row["length"], len(transaction.encoded()))
    for field in ("version", "nonce", "fee", "expires_at", "sender", "signature"):
        comparison.same(field, row[field], getattr(transaction, field))
    action, fields = transaction.action, row["action"]
    if isinstance(action, Anchor):
        comparison.same(
            "anchor",
            ["anchor", fields["digest"], fields["label"]],
            ["anchor", action.digest.hex(), action.label],
        )
    else:
        outputs = [{"to": output.to.hex(), "amount": output.amount} for output in action.outputs]
        comparison.same("transfer", {"kind": "transfer", "outputs": outputs, "memo": action.memo}, fields)
    comparison.same("id", row["id"], transaction.id(genesis_hash))
    comparison.same("signing hash", row["signing_hash"], transaction.signing_hash(genesis_hash))
    comparison.same("leaf hash", row["leaf_hash"], transaction.leaf_hash())
    comparison.same("broken rules", set(), rules.transaction_alone(transaction, genesis_hash))
    return transaction


def check_transactions(path: Path) -> int:
    """Section 7, and the transaction root of section 6."""
    comparison = Comparison()
    file = load(path)
    dev = genesis("dev", default_parameters("dev")).header.hash()
    lan = genesis("lan", default_parameters("lan")).header.hash()
    comparison.same("genesis", file["genesis_internal"], dev)
    transactions = [same_transaction(comparison, row["transaction"], dev) for row in file["transactions"]]
    other = file["another_network"]
    comparison.same("other genesis", other["genesis_internal"], lan)
    comparison.same("other id", other["id"], transactions[0].id(lan))
    comparison.same("other signing hash", other["signing_hash"], transactions[0].signing_hash(lan))
    comparison.same("same leaf hash", other["leaf_hash"], transactions[0].leaf_hash())
    comparison.same("signature elsewhere", {"bad-signature"}, rules.transaction_alone(transactions[0], lan))
    for row in file["transaction_roots"]:
        leaves = [bytes.fromhex(leaf) for leaf in row["leaves"]]
        root = derive("cairn v1 transaction root", u32(len(leaves)) + tree_root(leaves))
        comparison.same(f"root over {len(leaves)}", row["root"], root)
    return comparison.count


def check_state(path: Path) -> int:
    """Section 8."""
    comparison = Comparison()
    for row in load(path)["states"]:
        state = State([])
        for item in row["accounts"]:
            state.set(bytes.fromhex(item["address"]), Account(item["balance"], item["nonce"]))
        state.rewards = rewards_of(row["maturing"])
        if row["accounts"]:
            first = bytes.fromhex(row["accounts"][0]["address"])
            comparison.same(row["what"] + ", first path", row["first_path"], path_of(first).to_bytes(32, "big"))
        comparison.same(row["what"] + ", tree", row["tree_root"], state.account_root())
        comparison.same(row["what"] + ", rewards", row["maturing_encoding"], state.encoded_rewards())
        rewards_hash = derive("cairn v1 maturing rewards", state.encoded_rewards())
        comparison.same(row["what"] + ", hash of rewards", row["maturing_hash"], rewards_hash)
        comparison.same(row["what"] + ", root", row["state_root"], state.root())
    return comparison.count


def rewards_of(rows: list[dict[str, Any]]) -> list[Reward]:
    """The maturing rewards that a file lists."""
    return [Reward(row["height"], bytes.fromhex(row["miner"]), row["amount"]) for row in rows]


def check_blocks(path: Path) -> int:
    """Section 6, and a short chain."""
    comparison = Comparison()
    file = load(path)
    for row in file["headers"]:
        same_header(comparison, row, decode(bytes.fromhex(row["encoding"]), read_header))
    for row in file["coinbases"]:
        same_coinbase(comparison, row, decode(bytes.fromhex(row["encoding"]), read_coinbase))
    for row in file["subsidies"]:
        comparison.same(f"subsidy at {row['height']}", row["subsidy"], subsidy(row["height"]))
    for row in file["committed_state"]:
        comparison.same(f"root in {row['block']}", row["carries_root_after"], height_of_carried_root(row["block"]))
    check_chain(comparison, file["chain"])
    return comparison.count


def check_chain(comparison: Comparison, file: dict[str, Any]) -> None:
    """Valid blocks on a genesis, one upon the other."""
    chain = Chain(file["network"], default_parameters(file["network"]))
    for row in file["blocks"]:
        what = f"block {row['height']}"
        data = bytes.fromhex(row["block"])
        comparison.same(what, {"accepted"}, chain.deliver(data, row["header"]["time"], "accepted"))
        chain.choose(chain.candidates()[0])
        entry = chain.tip
        same_header(comparison, row["header"], entry.header)
        same_coinbase(comparison, row["coinbase"], decode_block(data).coinbase)
        for transaction in row["transactions"]:
            same_transaction(comparison, transaction, chain.genesis.hash)
        comparison.same(what + ", height", row["height"], entry.height)
        comparison.same(what + ", work", row["cumulative_work"], wide(entry.work))
        comparison.same(what + ", rewards", rewards_of(row["maturing_after"]), chain.state.rewards)
        comparison.same(what + ", root", row["state_root_after"], entry.root)
