"""How long an organization keeps what it need not keep: its own choice, shorter than is usual."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from kit import clock
from kit.errors import InvalidArgument
from orgs.kept import RULES, Kept
from orgs.models import Organization
from orgs.plans import RESTORE_WINDOW, Plan


def kept_days(organization: Organization, kept: Kept) -> int | None:
    """How long it is kept now; None: until somebody deletes it."""
    usual = usual_days(organization, kept)
    chosen = organization.retention_days.get(kept)
    if chosen is None:
        return usual
    return int(chosen) if usual is None else min(int(chosen), usual)


def usual_days(organization: Organization, kept: Kept) -> int | None:
    """How long it is kept where nothing is chosen."""
    if kept is Kept.BACKUPS:
        return None
    if kept is Kept.RESTORE_WINDOW:
        return RESTORE_WINDOW[Plan(organization.plan)].days
    return RULES[kept].most


def shown_retention(organization: Organization) -> dict[str, int | None]:
    """As replies and events have it: what holds."""
    return {str(kept): kept_days(organization, kept) for kept in Kept}


def restore_window(organization: Organization) -> timedelta:
    """How far back its indexes can be restored to any second."""
    return timedelta(days=kept_days(organization, Kept.RESTORE_WINDOW) or 0)


def checked_days(kept: Kept, days: int) -> int:
    """Raises `InvalidArgument` where that many days may not be chosen."""
    rule = RULES[kept]
    if not rule.least <= days <= rule.most:
        raise InvalidArgument(
            f"{rule.title}: choose {rule.least} to {rule.most} days.", field=str(kept)
        )
    return days


def note_window_before(organization: Organization, before: timedelta) -> None:
    """Its window may reach further back from now on than `before`: what that did not reach has been
    cleared away, and is not to be offered. To be saved: `restorable_from`."""
    if restore_window(organization) > before:
        reached = clock.now() - before
        earlier = organization.restorable_from
        organization.restorable_from = reached if earlier is None else max(reached, earlier)


def organizations_that_chose(kept: Kept) -> Iterator[tuple[UUID, int]]:
    """Those that keep it for a time of their own, and how many days. Crosses tenants."""
    rows = Organization.objects.using("system").filter(retention_days__has_key=str(kept))
    for organization in rows.order_by("pk"):
        days = kept_days(organization, kept)
        if days is not None:
            yield organization.pk, days
