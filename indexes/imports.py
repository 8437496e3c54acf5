"""Bulk imports as people of the control plane see them; keys come over the data plane instead."""

from collections.abc import Sequence
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.integrations import get_storage_integration
from indexes.job_lines import note_asked
from indexes.models import Import, Index, IndexState
from kit import clock
from kit.environment import environment
from kit.errors import InvalidArgument, NotFound
from orgs.tenancy import tenant
from orgs.verbs import verb
from projects.keys import newest_data_key
from storage.import_uris import Provider, allowed_folder, parse_import_uri
from storage.imports import UNFINISHED, ImportStatus, OnError, opened_error

_SHOWN = 100


@verb(Action.IMPORT_STARTED)
def start_import(
    actor: Actor,
    index: Index,
    *,
    uri: str,
    on_error: str = OnError.CONTINUE,
    integration: str = "",
) -> Import:
    """Wish for an import; workers find it. `integration` is the name or id of one of the project's.

    It belongs to nobody's key, so no key's end ends it.
    """
    require(actor, Permission.DATA_WRITE, index.scope)
    started = Import(
        organization_id=index.organization_id,
        index=_living(index),
        uri=uri,
        on_error=_checked_mode(on_error),
        status=ImportStatus.PENDING,
        integration_id=_checked_place(actor, index, uri, integration),
    )
    started.save(force_insert=True)
    target = started.audit_target()
    record(actor, Action.IMPORT_STARTED, target=target, uri=uri, on_error=started.on_error)
    note_asked(actor, started.organization_id, started.pk, "The import was asked for.")
    return started


@verb(Action.IMPORT_CANCELLED)
def cancel_import(actor: Actor, found: Import) -> None:
    """What was imported stays; one that is finished is left as it is."""
    require(actor, Permission.DATA_WRITE, found.index.scope)
    now = clock.now()
    rows = Import.objects.filter(pk=found.pk, status__in=UNFINISHED)
    if rows.update(status=ImportStatus.CANCELLED, finished_at=now):
        record(actor, Action.IMPORT_CANCELLED, target=found.audit_target())
        note_asked(actor, found.organization_id, found.pk, "Cancelled.")


def visible_imports(actor: Actor, index: Index) -> list[Import]:
    """The newest first."""
    require(actor, Permission.DATA_READ, index.scope)
    with tenant(index.organization_id):
        rows = Import.objects.filter(index=index).select_related("index", "organization")
        return list(rows.order_by("-id")[:_SHOWN])


def get_import(actor: Actor, index: Index, import_id: str) -> Import:
    for one in visible_imports(actor, index):
        if str(one.pk) == import_id:
            return one
    raise NotFound("Import not found.")


def error_of(found: Import) -> str:
    """What went wrong, for who may see the import; empty for nothing."""
    return errors_of(found.index, [found]).get(found.pk, "")


def errors_of(index: Index, found: Sequence[Import]) -> dict[UUID, str]:
    """What went wrong with imports of that index, for who may see them, by id."""
    sealed = {one.pk: bytes(one.sealed_error) for one in found if one.sealed_error is not None}
    if not sealed:
        return {}
    with tenant(index.organization_id):
        key = newest_data_key(index.project_id, using="default")
    return {import_id: opened_error(key, import_id, error) for import_id, error in sealed.items()}


def _living(index: Index) -> Index:
    rows = Index.objects.select_for_update(of=("self",)).exclude(state=IndexState.TERMINATING)
    found = rows.select_related("organization").filter(pk=index.pk).first()
    if found is None:
        raise NotFound(f"Resource {index.name} not found")
    return found


def _checked_mode(on_error: str) -> str:
    if on_error not in list(OnError):
        raise InvalidArgument("on_error must be abort or continue.", field="on_error")
    return on_error


def _checked_place(actor: Actor, index: Index, uri: str, integration: str) -> UUID | None:
    parsed = parse_import_uri(uri)
    if parsed.provider is Provider.LOCAL:
        folders = environment().import_folders_of(
            organization_id=index.organization_id, project_id=index.project_id
        )
        allowed_folder(parsed, folders)
    if not integration:
        return None
    found = get_storage_integration(actor, index.project, integration)
    if found.provider != parsed.provider:
        raise InvalidArgument(f"The storage integration {integration} is for another provider.")
    return found.pk
