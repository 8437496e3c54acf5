"""What Prometheus is told: of a project under Pinecone's names, of the installation under our own.

The names of all families stand here; docs/metrics.md explains them.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from indexes.metrics.models import Activity
from indexes.metrics.totals import IndexTotals, NodeTotals
from indexes.models import Index
from kit.exposition import Family, exposition

_PINECONE_OPERATIONS = {
    "upsert": ("Upsert",),
    "query": ("Query",),
    "fetch": ("Fetch", "FetchByMetadata"),
    "update": ("Update",),
    "delete": ("Delete",),
}

# Read and write units by index.
Units = Mapping[UUID, tuple[int, int]]


def project_exposition(totals: Iterable[IndexTotals], units: Units) -> str:
    """Pinecone's families, then ours, of every index."""
    found = list(totals)
    return exposition(
        [
            *_pinecone_levels(found),
            *_pinecone_operations(found),
            *_pinecone_units(found, units),
            *_by_operation(
                "stonepine_index",
                ((one, _labels(total.index)) for total in found for one in total.activities),
            ),
        ]
    )


def node_exposition(totals: NodeTotals, parts: Mapping[str, bool], *, extra: list[Family]) -> str:
    """The whole installation; `parts` are those that requests need and whether they answer."""
    indexes = Family("stonepine_indexes", "gauge", "Indexes by state.")
    for state, count in sorted(totals.indexes_by_state.items()):
        indexes.add(count, {"state": state})
    records = Family("stonepine_records", "gauge", "Records of all indexes.")
    records.add(totals.records, {})
    stored = Family("stonepine_storage_bytes", "gauge", "Bytes of the records of all indexes.")
    stored.add(totals.size_bytes, {})
    ready = Family("stonepine_part_ready", "gauge", "1 while a part that requests need answers.")
    for part, is_ready in parts.items():
        ready.add(int(is_ready), {"part": part})
    by_operation = _by_operation("stonepine", ((one, {}) for one in totals.activities))
    return exposition([ready, indexes, records, stored, *by_operation, *extra])


def _by_operation(
    prefix: str, activities: Iterable[tuple[Activity, dict[str, str]]]
) -> list[Family]:
    """Requests, errors and durations of each operation."""
    requests = Family(f"{prefix}_requests_total", "counter", "Requests that were answered.")
    errors = Family(f"{prefix}_errors_total", "counter", "Requests that were refused, by code.")
    took = Family(
        f"{prefix}_request_duration_seconds", "histogram", "How long requests took on the node."
    )
    for activity, labels in activities:
        of = {**labels, "operation": activity.operation}
        requests.add(activity.requests, of)
        for code, count in sorted(activity.errors.items()):
            errors.add(count, {**of, "code": code})
        histogram = {int(number): count for number, count in activity.histogram.items()}
        took.add_durations(histogram, total_us=activity.took_us, labels=of)
    return [requests, errors, took]


def _pinecone_levels(found: list[IndexTotals]) -> list[Family]:
    records = Family("pinecone_db_record_total", "gauge", "Records of the index.")
    stored = Family("pinecone_db_storage_size_bytes", "gauge", "Bytes of the index's records.")
    for total in found:
        if total.level is not None:
            records.add(total.level.records, _labels(total.index))
            stored.add(total.level.size_bytes, _labels(total.index))
    return [records, stored]


def _pinecone_operations(found: list[IndexTotals]) -> list[Family]:
    families = []
    for name, operations in _PINECONE_OPERATIONS.items():
        count = Family(f"pinecone_db_op_{name}_total", "counter", f"Requests: {name}.")
        took = Family(
            f"pinecone_db_op_{name}_duration_total", "counter", f"Milliseconds spent: {name}."
        )
        for total in found:
            own = [one for one in total.activities if one.operation in operations]
            count.add(sum(one.requests for one in own), _labels(total.index))
            took.add(sum(one.took_us for one in own) / 1000, _labels(total.index))
        families += [count, took]
    return families


def _pinecone_units(found: list[IndexTotals], units: Units) -> list[Family]:
    reads = Family("pinecone_db_read_unit_total", "counter", "Read units used.")
    writes = Family("pinecone_db_write_unit_total", "counter", "Write units used.")
    for total in found:
        read, write = units.get(total.index.pk, (0, 0))
        reads.add(read, _labels(total.index))
        writes.add(write, _labels(total.index))
    return [reads, writes]


def _labels(index: Index) -> dict[str, str]:
    ((kind, place),) = index.spec.items()
    return {
        "index_name": index.name,
        "cloud": place.get("cloud", ""),
        "region": place.get("region", place.get("environment", "")),
        "capacity_mode": kind,
    }
