"""What an operation costs: the one rule by which reads and writes are metered (docs/usage.md).

Read units: a query costs one for each started gigabyte that its namespace takes, a fetch one for
each started ten records that it returns, a page of ids one; at least one each.

Write units: an upsert costs one for each started KiB of its records, an update one for each started
KiB of what it writes into the records it reaches, a delete one for each started ten records that it
takes away; at least five each. To empty or delete a namespace costs five, whatever it holds.

Everything else is free. A record's bytes are 4 for each value, 8 for each non-zero value of the
sparse part, its id and its metadata as compact JSON.
"""

from collections.abc import Callable
from typing import Any

from dataplane.engine import messages
from dataplane.engine.messages import SparseVector

LIST_UNITS = 1
_BYTES_PER_QUERY_UNIT = 10**9
_RECORDS_PER_FETCH_UNIT = 10
_BYTES_PER_WRITE_UNIT = 1024
_RECORDS_PER_DELETE_UNIT = 10
_LEAST_WRITE_UNITS = 5


def query_units(size_bytes: int) -> int:
    return max(1, _started(size_bytes, _BYTES_PER_QUERY_UNIT))


def fetch_units(record_count: int) -> int:
    return max(1, _started(record_count, _RECORDS_PER_FETCH_UNIT))


def read_units(request: messages.Request, reply: messages.Reply) -> int:
    """What an answered request costs. A dry run only looks: it costs as much as a page of ids."""
    if isinstance(reply, messages.Matches | messages.Records | messages.Ids):
        return reply.read_units
    return LIST_UNITS if isinstance(request, messages.Update) and request.is_dry_run else 0


def write_units(request: messages.Request, reply: messages.Reply) -> int:
    """What an answered request costs; `reply` tells how many records it reached."""
    rule = _WRITE_RULES.get(type(request))
    if rule is None:
        return 0
    return rule(request, reply.count if isinstance(reply, messages.Written) else 0)


def _upsert_units(request: messages.Upsert, _count: int) -> int:
    return _of_bytes(upsert_bytes(request))


def _update_units(request: messages.Update, count: int) -> int:
    return 0 if request.is_dry_run else _of_bytes(count * _update_bytes(request))


def _delete_units(request: messages.Delete, count: int) -> int:
    if request.is_all:
        return _LEAST_WRITE_UNITS
    return max(_LEAST_WRITE_UNITS, _started(count, _RECORDS_PER_DELETE_UNIT))


_WRITE_RULES: dict[type[messages.Request], Callable[[Any, int], int]] = {
    messages.Upsert: _upsert_units,
    messages.Update: _update_units,
    messages.Delete: _delete_units,
    messages.DeleteNamespace: lambda _request, _count: _LEAST_WRITE_UNITS,
}


def upsert_bytes(request: messages.Upsert) -> int:
    """The bytes of all its records."""
    return (
        len(request.values)
        + sum(map(len, request.ids))
        + sum(map(len, filter(None, request.metadata)))
        + sum(map(_sparse_bytes, filter(None, request.sparse)))
    )


def _update_bytes(request: messages.Update) -> int:
    sent = len(request.values) + _sparse_bytes(request.sparse)
    return sent + len(request.set_metadata or b"") + len(request.id or "")


def _sparse_bytes(vector: SparseVector | None) -> int:
    return 0 if vector is None else len(vector.indices) + len(vector.values)


def _of_bytes(size_bytes: int) -> int:
    return max(_LEAST_WRITE_UNITS, _started(size_bytes, _BYTES_PER_WRITE_UNIT))


def _started(amount: int, step: int) -> int:
    return -(-amount // step)
