"""Clearing away what a deleted index leaves: records, objects, port, row."""

from django.db import transaction

from indexes.deployment.notices import notify_state
from indexes.deployment.own_store import own_store
from indexes.models import Index, IndexState
from indexes.ports import release_port
from kit.environment import environment
from orgs.dataplane import announce_change
from storage.database import connect
from storage.pins import has_pins
from storage.write_log import log


def drop_records(index: Index) -> None:
    """All log rows and objects of the index but what backups need. What is gone is no error."""
    here = environment()
    with connect(here.database_system_url.get_secret_value(), name="removal") as connection:
        log.drop_index(connection, index.pk)
        if has_pins(connection, index.pk):
            return  # backups need some of the objects: the sweep takes the others
    store = own_store()
    for path in list(store.list(f"indexes/{index.pk}/")):
        store.delete(path)


def forget(index: Index) -> None:
    """Remove the row; its port rests, nodes hear that the index is no more."""
    with transaction.atomic(using="system"):
        release_port(index.pk)
        rows = Index.objects.using("system").filter(pk=index.pk, state=IndexState.TERMINATING)
        rows.delete()
        notify_state(index.pk)
        announce_change(using="system")
