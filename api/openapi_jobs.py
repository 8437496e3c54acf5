"""Shapes of jobs for the generated description of the API."""

from typing import Any

from indexes.job_kinds import JobKind, JobState

_TEXT: dict[str, Any] = {"type": "string"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "nullable": True}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_JOB = {
    "id": _ID,
    "kind": {"type": "string", "enum": [str(kind) for kind in JobKind]},
    "name": _TEXT,
    "project_id": _ID,
    "index_id": _ID,
    "state": {"type": "string", "enum": [str(state) for state in JobState]},
    "status": _TEXT,
    "percent_complete": _or_null({"type": "number"}),
    "failure": _or_null(_TEXT),
    "owner": _or_null(_TEXT),
    "may_be_cancelled": {"type": "boolean"},
    "created_at": _TIME,
    "finished_at": _or_null(_TIME),
}
_LINE = _object({"at": _TIME, "text": _TEXT, "actor": _or_null(_TEXT)})
JOB_REPLIES: dict[str, Any] = {
    "Job": _object(_JOB),
    "JobWithLog": _object({**_JOB, "log": {"type": "array", "items": _LINE}}),
}
