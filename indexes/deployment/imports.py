"""Having imports worked on by child processes, and forgetting those that are long over."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from indexes.deployment.children import dying_with_us, is_stopping
from indexes.job_lines import forget_old_lines, note_step
from indexes.locks import Lock
from indexes.models import Import
from kit.environment import environment
from orgs.kept import RULES, Kept
from orgs.retention import organizations_that_chose
from orgs.secrets import installation_keyring
from storage import imports
from storage.database import Connection, alone, connect
from storage.import_turns import Turns


def import_what_is_due() -> int:
    """Give each import that waits its turn, until none waits; how many turns. Crosses tenants.

    Where nodes are on other machines it is they who do it: engines are reached from there alone.
    """
    if environment().has_parts:
        return 0
    url = environment().database_system_url.get_secret_value()
    with alone(url, Lock.IMPORTING, name="imports") as connection:
        if connection is None:
            return 0
        turns = Turns(
            connection, installation_keyring(), is_stopping, dying_with_us(), on_turn=_note_turn
        )
        return turns.take_due()


def forget_old_imports() -> int:
    """Delete what finished long ago, and lines of jobs of then. Crosses tenants."""
    forget_old_lines()
    with _connected() as connection:
        count = imports.forget_old(connection, days=RULES[Kept.FINISHED_JOBS].most)
        for organization_id, days in organizations_that_chose(Kept.FINISHED_JOBS):
            count += imports.forget_old(connection, days=days, organization_id=organization_id)
        return count


def _note_turn(import_id: UUID, outcome: str) -> None:
    """How it stands; what is wrong with a file may quote records, so it is in the import alone."""
    row = Import.objects.using("system").filter(pk=import_id).first()
    if row is not None and outcome:
        told = f"{outcome}: {row.records_imported} records came, {row.records_refused} did not."
        note_step(row.organization_id, row.pk, told)


@contextmanager
def _connected() -> Iterator[Connection]:
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="imports") as connection:
        yield connection
