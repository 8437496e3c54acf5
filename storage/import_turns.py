"""Imports worked on by child processes: one at a time, each for a turn."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from keyring.envelope import DataKey
from keyring.provider import KeyProvider
from storage import imports
from storage.catalog import load_index
from storage.database import Connection
from storage.imports import ImportStatus
from storage.project_keys import project_key

_NICENESS = 10
_LOOK_EVERY_S = 0.5
_MAX_CRASHES = 5
# Credentials of the operator's own are nothing for the files of tenants.
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Turns:
    """`prefix` is a command before the child's own, such as one that ends it with us. `node` names
    the node whose indexes alone are of interest; None: all are here. `on_turn` is told what came of
    each."""

    connection: Connection
    keyring: KeyProvider
    is_stopping: Callable[[], bool]
    prefix: Sequence[str] = ()
    node: str | None = None
    on_turn: Callable[[UUID, str], None] = lambda _import_id, _outcome: None

    def take_due(self) -> int:
        """Give each import that waits its turn, until none waits; how many turns.

        Crosses tenants: the longest waiting comes first, whoever it belongs to.
        """
        turns = 0
        while not self.is_stopping():
            due = imports.due_imports(self.connection, at_most=1, node=self.node)
            if not due:
                break
            turns += 1
            if not self._take(due[0]) and not self.is_stopping():
                self._crashed(due[0])
        return turns

    def _take(self, import_id: UUID) -> bool:
        """Whether a child told how its turn ended; a hostile file may crash it."""
        argv = [sys.executable, "-m", "dataplane.importer", "--id", str(import_id)]
        with subprocess.Popen(  # noqa: S603 - our own program, a typed id
            [*self.prefix, *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
        ) as child:
            os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
            output = self._output_of(child)
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
        self.on_turn(import_id, str(told.get("turn", "")))
        return True

    def _output_of(self, child: "subprocess.Popen[bytes]") -> bytes:
        while True:
            try:
                return child.communicate(timeout=_LOOK_EVERY_S)[0]
            except subprocess.TimeoutExpired:
                if self.is_stopping():
                    child.kill()

    def _crashed(self, import_id: UUID) -> None:
        """Try again later, but not for ever."""
        if imports.postpone(self.connection, import_id) < _MAX_CRASHES:
            return
        row = imports.load_import(self.connection, import_id)
        key = self._key(row.index_id) if row is not None else None
        if key is not None:
            reason = "The importer crashed several times at the same place of a file."
            imports.finish(
                self.connection, key, import_id, status=ImportStatus.FAILED, error=reason
            )

    def _key(self, index_id: UUID) -> DataKey | None:
        index = load_index(self.connection, index_id)
        if index is None:
            return None
        return project_key(self.connection, self.keyring, index.project_id)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_CLOUDS)}
