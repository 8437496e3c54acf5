"""The metrics of an index as replies show them: one timestamp and one value a step."""

from typing import Any

from indexes.metrics.queries import IndexMetrics, Series, Summary


def render_metrics(metrics: IndexMetrics) -> dict[str, Any]:
    return {
        "range": metrics.range,
        "step_seconds": int(metrics.range.span),
        "operation": metrics.operation,
        "timestamps": [start.strftime("%Y-%m-%dT%H:%M:%SZ") for start in metrics.starts],
        "requests": metrics.requests,
        "errors": metrics.errors,
        "latency_ms": _percentiles(metrics.latency_ms),
        "freshness_ms": _percentiles(metrics.freshness_ms),
        "records": metrics.records,
        "storage_bytes": metrics.size_bytes,
        "summary": _summary(metrics.now),
        "previous": _summary(metrics.before),
    }


def _percentiles(found: dict[int, Series]) -> dict[str, Series]:
    return {f"p{percent}": series for percent, series in found.items()}


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "requests": summary.requests,
        "errors": summary.errors,
        "latency_p95_ms": summary.p95_ms,
    }
