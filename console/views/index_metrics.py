"""The metrics of one index: six charts over one range, and how to scrape them."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from console.charts import Chart, Unit, Values
from console.index_page import Node, index_url, render_tab
from console.navigation import Tab
from console.snippets import snippets
from console.visit import Visit, project_page
from indexes.metrics.queries import OPERATIONS, IndexMetrics, Series, index_metrics
from indexes.metrics.ranges import Range
from indexes.queries import get_index


@require_GET
@project_page
def page(visit: Visit, name: str) -> HttpResponse:
    """`?range=24h&operation=Query`; what is unknown falls back to these."""
    index = get_index(visit.actor, visit.here, name)
    asked = visit.request.GET
    over = next((one for one in Range if one == asked.get("range")), Range.DAY)
    operation = next((one for one in OPERATIONS if one == asked.get("operation")), OPERATIONS[0])
    found = index_metrics(visit.actor, index, over=over, operation=operation)
    here = index_url(visit, index.name, "index_metrics")
    context = {
        "metrics": found,
        "range": over,
        "operation": operation,
        "operations": OPERATIONS,
        "records": _last(found.records),
        "p95": Unit.MILLISECONDS.written(found.now.p95_ms),
        "p95_before": Unit.MILLISECONDS.written(found.before.p95_ms),
        "charts": _charts(found),
        "ranges": [_tab(here, one, operation, is_current=one is over) for one in Range],
        "snippets": snippets("metrics", ("curl",), name=index.name, range=over),
        "scraping": snippets("prometheus", ("YAML",), project_id=visit.here.pk),
    }
    return render_tab(Node(visit, index), "index_metrics", "indexes/metrics.html", context)


def _charts(found: IndexMetrics) -> list[Chart]:
    return [
        Chart("requests", "Requests", "Answered in each step, by operation.", Unit.COUNT,
              found.starts, found.requests),
        Chart("latency", f"Latency of {found.operation}", "On the node, without the network.",
              Unit.MILLISECONDS, found.starts, _by_percentile(found.latency_ms)),
        Chart("errors", "Errors", "Refused requests in each step, by code.", Unit.COUNT,
              found.starts, found.errors),
        Chart("freshness", "Freshness lag", "From a write's arrival until reads show it.",
              Unit.MILLISECONDS, found.starts, _by_percentile(found.freshness_ms)),
        Chart("records", "Records", "As last measured.", Unit.COUNT, found.starts,
              {"Records": found.records}, is_stepped=True),
        Chart("storage", "Storage", "Bytes of the records, as last measured.", Unit.BYTES,
              found.starts, {"Storage": found.size_bytes}, is_stepped=True),
    ]  # fmt: skip


def _by_percentile(series: dict[int, Series]) -> dict[str, Values]:
    return {f"p{percent}": values for percent, values in series.items()}


def _last(values: list[int | None]) -> int:
    return values[-1] or 0


def _tab(here: str, over: Range, operation: str, *, is_current: bool) -> Tab:
    return Tab(
        over.label, f"{here}?{urlencode({'range': over, 'operation': operation})}", is_current
    )
