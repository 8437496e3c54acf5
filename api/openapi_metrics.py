"""Shapes of metrics for the generated description of the API."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_TIMES = {"type": "array", "items": {"type": "string", "format": "date-time"}}
_COUNTS = {"type": "array", "items": _COUNT}
_NUMBERS = {"type": "array", "items": {"type": "number", "nullable": True}}
_BY_NAME = {"type": "object", "additionalProperties": _COUNTS}
_PERCENTILES = {
    "type": "object",
    "required": ["p50", "p95", "p99"],
    "properties": {"p50": _NUMBERS, "p95": _NUMBERS, "p99": _NUMBERS},
}
_SUMMARY = {
    "type": "object",
    "required": ["requests", "errors", "latency_p95_ms"],
    "properties": {
        "requests": _COUNT, "errors": _COUNT,
        "latency_p95_ms": {"type": "number", "nullable": True},
    },
}  # fmt: skip
_PROPERTIES = {
    "range": _TEXT, "step_seconds": _COUNT, "operation": _TEXT, "timestamps": _TIMES,
    "requests": _BY_NAME, "errors": _BY_NAME, "latency_ms": _PERCENTILES,
    "freshness_ms": _PERCENTILES, "records": _NUMBERS, "storage_bytes": _NUMBERS,
    "summary": _SUMMARY, "previous": _SUMMARY,
}  # fmt: skip
_TARGET = {
    "type": "object",
    "required": ["targets"],
    "properties": {
        "targets": {"type": "array", "items": _TEXT},
        "labels": {"type": "object", "additionalProperties": _TEXT},
    },
}

METRICS_REPLIES: dict[str, Any] = {
    "IndexMetrics": {
        "type": "object",
        "required": list(_PROPERTIES),
        "properties": _PROPERTIES,
    },
    "PrometheusTargets": {"type": "array", "items": _TARGET},
}
