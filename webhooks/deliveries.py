"""Having something delivered by hand: a test, and an event once more."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, NotFound
from orgs.verbs import verb
from webhooks.catalogue import TEST
from webhooks.endpoints import locked_webhook
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook
from webhooks.schedule import deliver_soon
from webhooks.sending import attempt


def test_webhook(actor: Actor, webhook: Webhook) -> Attempt:
    """Send an event of type `webhook.test` now and tell what came of it. It is not tried again.
    Also of one that is turned off: so one sees that the receiver is well before turning it on."""
    delivery = _note_test(actor, webhook)
    # After the verb: no transaction waits for somebody else's server.
    return attempt(delivery)


test_webhook.__test__ = False  # type: ignore[attr-defined] # a verb of the product's, no test


@verb(Action.WEBHOOK_REDELIVERED)
def redeliver(actor: Actor, webhook: Webhook, delivery: Delivery) -> Delivery:
    """Send the event once more, under the id it has: receivers drop what they know."""
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    hook = locked_webhook(webhook.pk)
    found = Delivery.objects.select_for_update().filter(webhook=hook, pk=delivery.pk).first()
    if found is None:
        raise NotFound(f"Delivery {delivery.pk} not found.")
    if not hook.is_enabled:
        raise FailedPrecondition("This webhook is turned off. Turn it on first.")
    found.status, found.finished_at = DeliveryStatus.PENDING, None
    found.attempts, found.next_attempt_at = 0, clock.now()
    found.save(update_fields=["status", "finished_at", "attempts", "next_attempt_at"])
    record(
        actor, Action.WEBHOOK_REDELIVERED, target=hook.audit_target(),
        delivery=str(found.pk), type=found.type,
    )  # fmt: skip
    deliver_soon(hook.pk)
    return found


@verb(Action.WEBHOOK_TESTED)
def _note_test(actor: Actor, webhook: Webhook) -> Delivery:
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    hook = locked_webhook(webhook.pk)
    project = None if hook.project_id is None else str(hook.project_id)
    delivery = Delivery(
        organization_id=hook.organization_id,
        webhook=hook,
        type=TEST,
        content={
            "project_id": project,
            "subject": {"type": "webhook", "id": str(hook.pk), "name": hook.name},
        },
        # Finished before it begins, so that no worker takes it up.
        status=DeliveryStatus.FAILED,
    )
    delivery.save(force_insert=True)
    record(actor, Action.WEBHOOK_TESTED, target=hook.audit_target())
    return delivery
