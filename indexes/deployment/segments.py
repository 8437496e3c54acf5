"""Having segments built by child processes, and the log trimmed behind them."""

import json
import subprocess
import sys
from typing import NamedTuple
from uuid import UUID

import structlog

from indexes.deployment.children import dying_with_us
from indexes.deployment.fairness import attended, first_step
from indexes.deployment.own_store import own_store
from indexes.locks import Lock
from indexes.models import Index
from kit.environment import environment
from storage.database import Connection, alone, connect
from storage.write_log import log

_TIMEOUT_S = 900
_MAX_RUNS = 32
# Merging waits for the log to be taken up, but not for ever: many segments slow every search.
_BUILDS_BEFORE_A_MERGE = 8
_log = structlog.get_logger(__name__)

Place = tuple[UUID, UUID]
# At which step of priority the next child of a namespace begins whose last one starved.
_hungry: dict[Place, int] = {}


class Due(NamedTuple):
    """A namespace whose log is to become a segment, or whose segments are to be merged.

    `backlog` is how many records its log holds past its segments, where that is why.
    """

    place: Place
    is_merge: bool
    backlog: int = 0


def build_what_is_due() -> int:
    """Build and merge segments until no namespace needs it; how many were made.

    A namespace whose build fails, or that has nothing to build, is left alone until the next run.
    """
    made, builds = 0, 0
    given_up: set[tuple[Place, bool]] = set()
    url = environment().database_system_url.get_secret_value()
    own_store()
    with alone(url, Lock.BUILDING_SEGMENTS, name="segments") as connection:
        while connection is not None and made < _MAX_RUNS:
            is_merge_urgent = builds >= _BUILDS_BEFORE_A_MERGE
            due = [
                one
                for one in _due(connection, is_merge_urgent=is_merge_urgent)
                if one[:2] not in given_up
            ]
            if not due:
                break
            if _run(due[0]):
                made += 1
                builds = 0 if due[0].is_merge else builds + 1
            else:
                given_up.add(due[0][:2])
    return made


def _due(connection: Connection, *, is_merge_urgent: bool) -> list[Due]:
    """What to run, the most urgent first."""
    uncovered = log.uncovered(connection, environment().segment_threshold)
    builds = [
        Due((row.index_id, row.namespace_id), is_merge=False, backlog=int(row.records))
        for row in uncovered
    ]
    merges = [Due(place, is_merge=True) for place in log.merges_due(connection)]
    due, locked = merges + builds if is_merge_urgent else builds + merges, _locked()
    return [one for one in due if one.place[0] not in locked]


def _locked() -> set[UUID]:
    """Indexes whose project's encryption key is disabled: nothing can be built of them."""
    disabled = Index.objects.using("system").filter(
        project__encryption_key__disabled_at__isnull=False
    )
    return set(disabled.values_list("pk", flat=True))


def trim_log() -> int:
    """Delete batches that segments cover and that are older than the retention."""
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="trim") as connection:
        return log.trim(connection, environment().log_retention_s)


def _run(due: Due) -> bool:
    """Whether one more segment was made, by a child that may crash alone."""
    index_id, namespace_id = map(str, due.place)
    argv = [sys.executable, "-m", "dataplane.builder"]
    argv += ["--index", index_id, "--namespace", namespace_id]
    argv += ["--merge"] if due.is_merge else ["--backlog", str(due.backlog)]
    with subprocess.Popen(  # noqa: S603 - our own program, typed ids
        [*dying_with_us(), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        step = first_step(due.backlog, environment().segment_threshold)
        output, reached = attended(
            child, max(step, _hungry.get(due.place, 0)), timeout_s=_TIMEOUT_S
        )
    _hungry[due.place] = max(reached - 1, 0)
    told_of = {"index_id": index_id, "namespace_id": namespace_id, "is_merge": due.is_merge}
    lines = output.decode(errors="replace").strip().splitlines()
    if child.returncode != 0 or not lines:
        _log.error("segment_not_built", returncode=child.returncode, output=lines[-20:], **told_of)
        return False
    told = json.loads(lines[-1])
    _log.info("segment_run", **told_of, **told)
    return bool(told["status"] == "built")
