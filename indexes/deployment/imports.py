"""Having imports worked on by child processes: one at a time, each for a turn."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

from indexes.deployment.children import dying_with_us, is_stopping
from indexes.job_lines import forget_old_lines, note_step
from indexes.locks import Lock
from indexes.models import Import
from keyring.envelope import DataKey
from kit.environment import environment
from orgs.secrets import installation_keyring
from storage import imports
from storage.catalog import load_index
from storage.database import Connection, alone, connect
from storage.imports import ImportStatus
from storage.project_keys import project_key

_NICENESS = 10
_LOOK_EVERY_S = 0.5
_MAX_CRASHES = 5
KEPT_DAYS = 30
# Credentials of the operator's own are nothing for the files of tenants.
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")
_log = structlog.get_logger(__name__)


def import_what_is_due() -> int:
    """Give each import that waits its turn, until none waits; how many turns.

    Crosses tenants: the longest waiting comes first, whoever it belongs to.
    """
    turns = 0
    url = environment().database_system_url.get_secret_value()
    with alone(url, Lock.IMPORTING, name="imports") as connection:
        while connection is not None and not is_stopping():
            due = imports.due_imports(connection, at_most=1)
            if not due:
                break
            turns += 1
            if not _take_turn(due[0]) and not is_stopping():
                _crashed(connection, due[0])
    return turns


def forget_old_imports() -> int:
    """Delete what finished long ago, and lines of jobs of then. Crosses tenants."""
    forget_old_lines()
    with _connected() as connection:
        return imports.forget_old(connection, days=KEPT_DAYS)


def _take_turn(import_id: UUID) -> bool:
    """Whether a child told how its turn ended; a hostile file may crash it."""
    argv = [sys.executable, "-m", "dataplane.importer", "--id", str(import_id)]
    with subprocess.Popen(  # noqa: S603 - our own program, a typed id
        [*dying_with_us(), *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
    ) as child:
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
        output = _output_of(child)
    lines = output.decode(errors="replace").strip().splitlines()
    if child.returncode != 0 or not lines:
        _log.error(
            "import_turn_broke",
            import_id=str(import_id),
            returncode=child.returncode,
            output=lines[-20:],
        )
        return False
    told = json.loads(lines[-1])
    _log.info("import_turn", import_id=str(import_id), **told)
    _note_turn(import_id, str(told.get("turn", "")))
    return True


def _note_turn(import_id: UUID, outcome: str) -> None:
    """How it stands; what is wrong with a file may quote records, so it is in the import alone."""
    row = Import.objects.using("system").filter(pk=import_id).first()
    if row is not None and outcome:
        told = f"{outcome}: {row.records_imported} records came, {row.records_refused} did not."
        note_step(row.organization_id, row.pk, told)


def _output_of(child: "subprocess.Popen[bytes]") -> bytes:
    while True:
        try:
            return child.communicate(timeout=_LOOK_EVERY_S)[0]
        except subprocess.TimeoutExpired:
            if is_stopping():
                child.kill()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_CLOUDS)}


def _crashed(connection: Connection, import_id: UUID) -> None:
    """Try again later, but not for ever."""
    if imports.postpone(connection, import_id) < _MAX_CRASHES:
        return
    row = imports.load_import(connection, import_id)
    key = _key(connection, row.index_id) if row is not None else None
    if key is not None:
        reason = "The importer crashed several times at the same place of a file."
        imports.finish(connection, key, import_id, status=ImportStatus.FAILED, error=reason)


def _key(connection: Connection, index_id: UUID) -> DataKey | None:
    index = load_index(connection, index_id)
    if index is None:
        return None
    return project_key(connection, installation_keyring(), index.project_id)


@contextmanager
def _connected() -> Iterator[Connection]:
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="imports") as connection:
        yield connection
