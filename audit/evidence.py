"""That somebody took evidence of the installation along: the act, before anything is read."""

from django.db import transaction

from access.actor import Actor
from audit.actions import Action
from audit.record import Target, record_unbound
from kit.ids import new_id


def begin_collection(actor: Actor) -> str:
    """The collection's id, which its bundle carries."""
    collection_id = str(new_id())
    target = Target("evidence", collection_id, "", None, "")
    with transaction.atomic(using="system"):
        record_unbound(actor, Action.EVIDENCE_COLLECTED, target=target)
    return collection_id
