"""What the audit log knows of one person, for that person."""

from uuid import UUID

from accounts.models import User
from audit.models import Event


def own_events(user: User, *, organization_id: UUID | None = None, limit: int = 100) -> list[Event]:
    """The newest events by or about the person, wherever they happened, or in one organization.
    Crosses tenants.

    Of events about the person only those of their own account: what organizations decide about
    their members is theirs to show.
    """
    rows = Event.objects.using("system").order_by("-id")
    if organization_id is not None:
        rows = rows.filter(organization_id=organization_id)
    by_them = rows.filter(actor_id=user.pk)[:limit]
    about_them = rows.filter(
        target_type="user", target_id=str(user.pk), action__startswith="user."
    )[:limit]
    found = {event.pk: event for event in (*by_them, *about_them)}
    return [found[pk] for pk in sorted(found, reverse=True)[:limit]]
