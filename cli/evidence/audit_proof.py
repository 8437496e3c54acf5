"""The audit log in a bundle: each event as it was hashed, so that anybody follows the chains.

audit/<organization>.jsonl     [sequence, previous hash, hash, the event's fields as text]
audit/heads.jsonl              signed heads
audit/fields.json              the fields' names, in order
"""

import json
from collections.abc import Iterator, Mapping
from uuid import UUID

from audit.canonical import FIELDS
from audit.heads import Head, filed_heads, heads_file, parse_head, stored_heads
from audit.verification import Report, Row, chains, links, snapshot, verify_copy
from cli.evidence.bundle import Bundle, BundleWriter
from kit.environment import Environment
from kit.errors import InvalidArgument
from storage.database import connect
from storage.objects import open_object_store

_FOLDER = "audit/"
_HEADS, _FIELDS = f"{_FOLDER}heads.jsonl", f"{_FOLDER}fields.json"


def write_proof(
    bundle: BundleWriter, environment: Environment, *, only: UUID | None = None
) -> None:
    """All chains, or that one, at one moment, and the heads that were signed before it."""
    store = open_object_store(environment.object_store_url)
    heads = {*stored_heads(store, only), *filed_heads(heads_file())}
    heads = {head for head in heads if only in (None, head.organization_id)}
    ordered = sorted(heads, key=lambda head: (head.organization_id, head.sequence))
    bundle.add(_FIELDS, list(FIELDS))
    bundle.add_lines(_HEADS, (head.to_json().decode() for head in ordered))
    url = environment.database_system_url.get_secret_value()
    with connect(url, name="evidence") as connection, snapshot(connection):
        for chain in sorted(one for one in chains(connection) if only in (None, one)):
            rows = links(connection, chain)
            bundle.add_lines(f"{_FOLDER}{chain}.jsonl", map(_line, rows))


def verify_proof(bundle: Bundle, public_keys: Mapping[int, bytes]) -> list[Report]:
    """A report for each chain in the bundle."""
    if bundle.document(_FIELDS) != list(FIELDS):
        raise InvalidArgument("The bundle's events have fields that this version does not know.")
    heads: dict[UUID, list[Head]] = {}
    for line in bundle.lines(_HEADS):
        head = parse_head(line.encode())
        heads.setdefault(head.organization_id, []).append(head)
    known = {*map(_chain_of, filter(_is_chain, bundle.names)), *heads}
    return [
        verify_copy(chain, _rows(bundle, chain), heads.get(chain, []), public_keys)
        for chain in sorted(known)
    ]


def _line(row: Row) -> str:
    sequence, previous_hash, hash_, *values = row
    whole = [sequence, bytes(previous_hash).hex(), bytes(hash_).hex(), values]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _rows(bundle: Bundle, chain: UUID) -> Iterator[Row]:
    name = f"{_FOLDER}{chain}.jsonl"
    if name not in bundle.names:
        return
    for line in bundle.lines(name):
        sequence, previous_hash, hash_, values = json.loads(line)
        yield (sequence, bytes.fromhex(previous_hash), bytes.fromhex(hash_), *values)


def _is_chain(name: str) -> bool:
    return name.startswith(_FOLDER) and name.endswith(".jsonl") and name != _HEADS


def _chain_of(name: str) -> UUID:
    return UUID(name.removeprefix(_FOLDER).removesuffix(".jsonl"))
