"""The canonical form of an event, and its hash: what `audit/chain.sql` computes, once more.

RFC 8785 in spirit: no spaces, keys in the order of their code points, strings escaped only where
JSON has to, numbers in plain decimal notation as PostgreSQL's `numeric` writes them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FORM = 1
GENESIS = bytes(32)
_MAX_DIGITS = 4_000  # Python refuses to read longer ones
# As they are read from `audit_event`; see `FIELD_EXPRESSIONS`.
FIELDS = (
    "id", "created_at", "organization_id", "organization_name", "project_id", "action", "outcome",
    "reason", "error_code", "actor_kind", "actor_id", "actor_name", "target_type", "target_id",
    "target_name", "parameters", "request_id", "ip", "user_agent", "source",
)  # fmt: skip
_SPELT = {
    "id": "e.id::text",
    "created_at": """to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "organization_id": "e.organization_id::text",
    "project_id": "e.project_id::text",
    "actor_id": "e.actor_id::text",
    "parameters": "e.parameters::text",
    "ip": "host(e.ip)",
}
# SQL that gives each field of the row `e` as text, None where it is null.
FIELD_EXPRESSIONS = tuple(_SPELT.get(name, f"e.{name}") for name in FIELDS)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a fraction, as it was written: binary floats would not give it back."""

    text: str


def canonical(value: Any) -> str:
    """The one text of a JSON value."""
    if isinstance(value, dict):
        entries = (f"{_string(key)}:{canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return value.text if isinstance(value, Number) else _flat(value)


def event_hash(values: Sequence[str | None], *, sequence: int, previous_hash: bytes) -> bytes:
    """Of an event's fields, read by `FIELD_EXPRESSIONS`, at that place of its chain."""
    whole = dict(zip(FIELDS, map(_scalar, values), strict=True))
    whole["parameters"] = _canonical_parameters(values[_PARAMETERS] or "null")
    whole["form"], whole["sequence"] = str(FORM), str(sequence)
    whole["previous_hash"] = f'"{previous_hash.hex()}"'
    # A million events are verified in a row: put together by hand, in the known order of keys.
    return hashlib.sha256((_TEMPLATE % whole).encode()).digest()


def _scalar(value: str | None) -> str:
    return "null" if value is None else _string(value)


def _canonical_parameters(text: str) -> str:
    if text == "{}":
        return text
    parsed = json.loads(text, parse_float=Number, parse_int=_whole)
    # Where numbers are plain, the library's own encoder agrees and is many times quicker.
    is_plain = "." not in text and len(text) <= _MAX_DIGITS
    return _flat(parsed) if is_plain else canonical(parsed)


def _whole(text: str) -> int | Number:
    return int(text) if len(text) <= _MAX_DIGITS else Number(text)


_PARAMETERS = FIELDS.index("parameters")
_KEYS = sorted((*FIELDS, "form", "sequence", "previous_hash"))
_TEMPLATE = "{" + ",".join(f'"{key}":%({key})s' for key in _KEYS) + "}"
_flat = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_string = json.encoder.encode_basestring
