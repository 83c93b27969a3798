"""The two kinds of files that are checked: exported chains, and transcripts of what another implementation said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from blocks import BLOCK_LENGTH_MAX
from encoding import Reader, Undecodable, decode
from hashes import shown
from networks import Parameters, genesis, read_parameters, why_refused

MAGIC = b"cairn chain v1\r\n"


class Disagreement(Exception):
    """Where this and the other implementation part: the step, the field, and what each says."""

    def __init__(self, step: object, field: str, theirs: object, ours: object) -> None:
        super().__init__(f"step {step}: {field}: the file says {theirs}, the reference says {ours}")


class Step(NamedTuple):
    """A block that is delivered, or only the clock that moves; what was said of it, and the outcome."""

    number: int
    now: int
    block: Optional[bytes]
    verdict: Optional[str]
    any_of: set[str]
    invalid: dict[str, str]
    tip: Optional[str]
    height: Optional[int]
    state_root: Optional[str]
    case: str


class Source(NamedTuple):
    """A network, and what happened on it."""

    name: str
    parameters: Parameters
    steps: Iterator[Step]


def open_source(path: str, now: int) -> Source:
    """Opens a file of either kind; `now` is the clock for exported chains, which name none."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(MAGIC):
        return open_export(data, now)
    if data.startswith(b"{"):
        return open_transcript(data.decode("utf-8").splitlines())
    raise Undecodable("neither an exported chain nor a transcript")


def open_export(data: bytes, now: int) -> Source:
    """An exported chain: magic, name, parameters, hash of genesis, and records."""
    reader = Reader(data)
    reader.take(len(MAGIC))
    name = reader.string()
    parameters = read_network(name, reader.byte_vector())
    expect("header", "genesis", shown(reader.take(32)), shown(genesis(name, parameters).header.hash()))
    return Source(name, parameters, records(reader, now))


def records(reader: Reader, now: int) -> Iterator[Step]:
    """The records of an exported chain: u32 length ‖ block each, then u32 0 ‖ u32 number of records."""
    number = 0
    while True:
        length = reader.u32()
        if length == 0:
            break
        number += 1
        if length > BLOCK_LENGTH_MAX:
            raise Undecodable(f"record {number}, of {length} bytes, is too long")
        yield Step(number, now, reader.take(length), "accepted", set(), {}, None, None, None, "a record")
    expect("end", "number of records", reader.u32(), number)
    reader.finish()


def open_transcript(lines: list[str]) -> Source:
    """A transcript: a line for the network, then one for each step."""
    first = json.loads(lines[0])
    parameters = read_network(first["network"], bytes.fromhex(first["parameters"]))
    expect("network", "genesis", first["genesis"], shown(genesis(first["network"], parameters).header.hash()))
    return Source(first["network"], parameters, (read_step(json.loads(line)) for line in lines[1:] if line))


def read_step(line: dict[str, Any]) -> Step:
    """A line of a transcript."""
    block = line.get("block")
    return Step(
        number=line["step"],
        now=line["now"],
        block=None if block is None else bytes.fromhex(block),
        verdict=line.get("verdict"),
        any_of=set(line.get("any_of", [])),
        invalid={entry["block"]: entry["violation"] for entry in line.get("invalid", [])},
        tip=line["tip"],
        height=line["height"],
        state_root=line["state_root"],
        case=line.get("case", ""),
    )


def read_network(name: str, encoded: bytes) -> Parameters:
    """The parameters of a network, which must be ones that a node takes, in their one encoding."""
    parameters = decode(encoded, read_parameters)
    expect("network", "parameters", encoded.hex(), parameters.encoded().hex())
    expect("network", "refusal", None, why_refused(name, parameters))
    return parameters


def expect(step: object, field: str, theirs: object, ours: object) -> None:
    """Both must say the same."""
    if theirs != ours:
        raise Disagreement(step, field, theirs, ours)
