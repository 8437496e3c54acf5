"""Choosing how long an organization keeps what it need not keep. Sweeps delete what is older."""

from collections.abc import Mapping
from datetime import timedelta

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import Backup
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.kept import Kept
from orgs.locks import locked
from orgs.models import Organization
from orgs.retention import (
    checked_days,
    kept_days,
    note_window_before,
    restore_window,
    shown_retention,
)
from orgs.verbs import verb


@verb(Action.ORGANIZATION_RETENTION_CHANGED)
def set_retention(
    actor: Actor,
    organization: Organization,
    *,
    days: Mapping[str, int | None],
    is_forced: bool = False,
) -> Organization:
    """Keep what is named for so many days; None: as long as is usual. What is not named stays.

    What is older goes with the next sweep and never comes back, with a longer time neither. Backups
    that would go are told of, and nothing is changed, unless forced.
    """
    require(actor, Permission.ORGANIZATION_UPDATE, organization.scope)
    found = locked(organization.pk)
    previous, window, bound = (
        shown_retention(found), restore_window(found), kept_days(found, Kept.BACKUPS)
    )  # fmt: skip
    chosen = dict(found.retention_days)
    for name, count in days.items():
        kept = _kind(name)
        chosen.pop(kept, None)
        if count is not None:
            chosen[str(kept)] = checked_days(kept, count)
    if chosen == found.retention_days:
        return found
    found.retention_days = chosen
    if kept_days(found, Kept.BACKUPS) != bound and not is_forced:
        _require_nothing_goes(found)
    note_window_before(found, window)
    found.save(update_fields=["retention_days", "restorable_from"])
    now = shown_retention(found)
    changed = {name: count for name, count in now.items() if count != previous[name]}
    record(
        actor,
        Action.ORGANIZATION_RETENTION_CHANGED,
        target=found.audit_target(),
        changed=changed,
        previous={name: previous[name] for name in changed},
    )
    return found


def _kind(name: str) -> Kept:
    if name not in list(Kept):
        raise InvalidArgument(
            f"{name!r} is nothing that is kept: choose of {', '.join(Kept)}.", field=name
        )
    return Kept(name)


def _require_nothing_goes(organization: Organization) -> None:
    days = kept_days(organization, Kept.BACKUPS)
    if days is None:
        return
    rows = Backup.objects.filter(organization=organization, collection_name="")
    count = rows.filter(created_at__lte=clock.now() - timedelta(days=days)).count()
    if count:
        raise FailedPrecondition(
            f"{count} {'backup is' if count == 1 else 'backups are'} older than {days} days and "
            "would be deleted. Send it again with force to have them go.",
            field=str(Kept.BACKUPS),
            backups=count,
        )
