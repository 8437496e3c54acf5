"""Finding what a lost message missed."""

from uuid import UUID

from django.db.models import F, Q

from indexes.deployment.listeners import publish_listeners
from indexes.models import Index, IndexState
from projects.keys import destroy_pending_keys


def unconverged() -> list[UUID]:
    """Indexes whose newest wish nobody has made true yet, the oldest first."""
    behind = ~Q(generation=F("observed_generation")) | Q(state=IndexState.TERMINATING)
    rows = Index.objects.using("system").filter(behind)
    return list(rows.order_by("id").values_list("pk", flat=True)[:200])


def mend() -> None:
    """What belongs to no single index: the gateway's file, keys of deleted projects."""
    publish_listeners()
    destroy_pending_keys()
