"""Reads of how an index is doing, for those who may read the index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.metrics.models import Activity, Level
from indexes.metrics.ranges import Range, Window
from indexes.models import Index
from kit import clock
from kit.histograms import merged, percentile_us
from orgs.tenancy import tenant

# What is asked of an index, by gRPC method, in the order in which people see it.
OPERATIONS = (
    "Query", "Upsert", "Fetch", "FetchByMetadata", "List", "Update", "Delete",
    "DescribeIndexStats", "ListNamespaces", "CreateNamespace", "DescribeNamespace",
    "DeleteNamespace",
)  # fmt: skip
# A write is answered once every engine that answers reads shows it: how long that took is how far
# reads may lag behind writes that were sent.
_WRITES = frozenset({"Upsert", "Update", "Delete"})
PERCENTILES = (50, 95, 99)

Series = list[float | None]


@dataclass(slots=True)
class Step:
    """What was reported of one span of time."""

    requests: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    took: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, row: Activity) -> None:
        self.requests[row.operation] = row.requests
        for code, count in row.errors.items():
            self.errors[code] = self.errors.get(code, 0) + count
        self.took[row.operation] = {int(number): n for number, n in row.histogram.items()}


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole window: all requests, those refused, and what 95 % of one operation took at most."""

    requests: int
    errors: int
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class IndexMetrics:
    """One value a step in each series; None where nothing was measured.

    `latency_ms` is of `operation`, `freshness_ms` of all writes together, by percentile.
    """

    range: Range
    operation: str
    starts: list[datetime]
    requests: dict[str, list[int]]
    errors: dict[str, list[int]]
    latency_ms: dict[int, Series]
    freshness_ms: dict[int, Series]
    records: list[int | None]
    size_bytes: list[int | None]
    now: Summary
    before: Summary


def index_metrics(
    actor: Actor, index: Index, *, over: Range, operation: str = "Query"
) -> IndexMetrics:
    """The range up to now; `before` is the range right before it."""
    require(actor, Permission.INDEX_READ, index.project.scope)
    window = over.window(clock.now())
    with tenant(index.organization_id):
        steps, before = _steps(index, window), _steps(index, window.previous)
        levels = _levels(index, window)
    return IndexMetrics(
        range=over,
        operation=operation,
        starts=window.starts,
        requests=_counts([step.requests for step in steps], OPERATIONS),
        errors=_counts([step.errors for step in steps], _codes(steps)),
        latency_ms=_percentiles([step.took.get(operation, {}) for step in steps]),
        freshness_ms=_percentiles(
            [merged(step.took[name] for name in _WRITES & step.took.keys()) for step in steps]
        ),
        records=[None if level is None else level.records for level in levels],
        size_bytes=[None if level is None else level.size_bytes for level in levels],
        now=_summary(steps, operation),
        before=_summary(before, operation),
    )


def _steps(index: Index, window: Window) -> list[Step]:
    found = {start: Step() for start in window.starts}
    rows = Activity.objects.filter(
        organization_id=index.organization_id,
        index_id=index.pk,
        span_s=window.span,
        start__gte=window.first,
        start__lt=window.end,
    )
    for row in rows:
        found[row.start].add(row)
    return list(found.values())


def _levels(index: Index, window: Window) -> list[Level | None]:
    """What was last measured holds until it is measured anew."""
    rows = Level.objects.filter(
        organization_id=index.organization_id, index_id=index.pk, span_s=window.span
    )
    held = rows.filter(start__lt=window.first).order_by("-start").first()
    told = {row.start: row for row in rows.filter(start__gte=window.first)}
    found = []
    for start in window.starts:
        held = told.get(start, held)
        found.append(held)
    return found


def _counts(steps: Sequence[dict[str, int]], names: Iterable[str]) -> dict[str, list[int]]:
    """Only names that occur."""
    found = {name: [step.get(name, 0) for step in steps] for name in names}
    return {name: counts for name, counts in found.items() if any(counts)}


def _codes(steps: Sequence[Step]) -> list[str]:
    return sorted({code for step in steps for code in step.errors})


def _percentiles(took: Sequence[dict[int, int]]) -> dict[int, Series]:
    return {
        percent: [_milliseconds(percentile_us(one, percent / 100)) for one in took]
        for percent in PERCENTILES
    }


def _summary(steps: Sequence[Step], operation: str) -> Summary:
    took = merged(step.took.get(operation, {}) for step in steps)
    return Summary(
        requests=sum(sum(step.requests.values()) for step in steps),
        errors=sum(sum(step.errors.values()) for step in steps),
        p95_ms=_milliseconds(percentile_us(took, 0.95)),
    )


def _milliseconds(took_us: float | None) -> float | None:
    return None if took_us is None else round(took_us / 1000, 3)
