"""What the audit log knows of one person, for that person."""

from django.db.models import Q

from accounts.models import User
from audit.models import Event


def own_events(user: User, *, limit: int = 100) -> list[Event]:
    """The newest events by or about the person, wherever they happened. Crosses tenants.

    Of events about the person only those of their own account: what organizations decide about
    their members is theirs to show.
    """
    by_them = Q(actor_id=user.pk)
    about_them = Q(target_type="user", target_id=str(user.pk), action__startswith="user.")
    rows = Event.objects.using("system").filter(by_them | about_them)
    return list(rows.order_by("-id")[:limit])
