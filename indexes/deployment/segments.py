"""Having segments built by child processes, and the log trimmed behind them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

from kit.environment import environment
from storage.database import Connection, connect
from storage.write_log import log

_LOCK = 0x5707_0003  # stands for "building segments": one child at a time leaves cores for searches
_TIMEOUT_S = 900
_NICENESS = 10
_MAX_BUILDS_PER_RUN = 32
_log = structlog.get_logger(__name__)


def build_what_is_due() -> int:
    """Build segments until no namespace is over the threshold; how many were built.

    A namespace whose build fails, or that has nothing to build, is left alone until the next run.
    """
    built, given_up = 0, set[tuple[UUID, UUID]]()
    with _alone() as connection:
        while connection is not None and built < _MAX_BUILDS_PER_RUN:
            due = [
                (row.index_id, row.namespace_id)
                for row in log.uncovered(connection, environment().segment_threshold)
            ]
            place = next((one for one in due if one not in given_up), None)
            if place is None:
                break
            if _build(*place):
                built += 1
            else:
                given_up.add(place)
    return built


def trim_log() -> int:
    """Delete batches that segments cover and that are older than the retention."""
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="trim") as connection:
        return log.trim(connection, environment().log_retention_s)


def _build(index_id: UUID, namespace_id: UUID) -> bool:
    """Whether one more segment was built, by a child that may crash alone."""
    argv = [sys.executable, "-m", "dataplane.builder"]
    argv += ["--index", str(index_id), "--namespace", str(namespace_id)]
    with subprocess.Popen(  # noqa: S603 - our own program, typed ids
        [*_dying_with_us(), *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
        try:
            output, _ = child.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    place = {"index_id": str(index_id), "namespace_id": str(namespace_id)}
    lines = output.decode(errors="replace").strip().splitlines()
    if child.returncode != 0 or not lines:
        _log.error("segment_not_built", returncode=child.returncode, output=lines[-20:], **place)
        return False
    told = json.loads(lines[-1])
    _log.info("segment_run", **place, **told)
    return bool(told["status"] == "built")


def _dying_with_us() -> list[str]:
    """A prefix that ends the child when this process is killed; empty where it is not installed."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL"] if program else []


@contextmanager
def _alone() -> Iterator[Connection | None]:
    """A connection that holds the builders' lock; None where somebody else builds."""
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="segments") as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        yield connection if row is not None and row[0] else None
