"""Sending: signed, at least once, with pauses, until it is hopeless."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from access.actor import OPERATOR
from audit.models import Event
from kit import clock
from kit.environment import environment
from orgs.organizations import suspend_organization
from projects.api_keys import create_api_key
from tests.support.receivers import HttpReceiver, Request, http_receiver
from tests.support.world import World
from tests.webhooks.hooks import come_due, hook, outbox, stored, tries
from webhooks import sending, tasks
from webhooks.deliveries import redeliver, test_webhook
from webhooks.endpoints import delete_webhook, disable_webhook, enable_webhook, rotate_secret
from webhooks.models import DeliveryStatus, Webhook
from webhooks.sending import BACK_OFF_S, deliver, due_webhooks, forget_old_deliveries

_SEND_AND_DIE = """
import os, signal, sys, uuid
import django
django.setup()
from kit import clock
from webhooks import sending
from webhooks.models import Delivery
sending._claim(uuid.UUID(sys.argv[1]))
rows = Delivery.objects.using("system").select_related("webhook__organization")
print(sending._sent(rows.get(webhook_id=sys.argv[1]), clock.now()), file=sys.stderr)
os.kill(os.getpid(), signal.SIGKILL)
"""


def verified(secret: str, request: Request) -> dict[str, object]:
    """As the receivers' own library reads it."""
    found = Verifier(secret).verify(request.body, request.headers)
    assert isinstance(found, dict)
    return found


def act(world: World, name: str = "ingest") -> None:
    create_api_key(world.alice, world.project, name=name)


def test_an_event_arrives_signed_as_the_standards_own_library_reads_it(
    world: World, receiver: HttpReceiver
) -> None:
    new = hook(world.project, f"{receiver.url}/hook?a=b")
    hook(world.elsewhere, f"{receiver.url}/theirs")
    act(world)
    assert due_webhooks() == [new.webhook.pk]
    assert deliver(new.webhook.pk) == 1
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    told = verified(new.secret, request)
    assert told["type"] == "api_key.created"
    assert told["data"]["organization_id"] == world.organization.public_id  # type: ignore[index]
    with pytest.raises(WebhookVerificationError):
        verified("whsec_" + "A" * 43 + "=", request)
    (delivery,) = outbox(new.webhook)
    (one,) = tries(delivery)
    assert (delivery.status, one.response_status, one.error) == (DeliveryStatus.DELIVERED, 200, "")
    assert one.duration_ms < 5_000
    assert due_webhooks() == []
    assert deliver(new.webhook.pk) == 0


def test_a_failure_is_tried_again_later_under_the_same_id_and_with_the_same_bytes(
    world: World, receiver: HttpReceiver
) -> None:
    receiver.statuses = [500, 302, 204]
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    for number, pause_s in enumerate(BACK_OFF_S[:2], start=1):
        assert deliver(webhook.pk) == 0
        (delivery,) = outbox(webhook)
        pause = (delivery.next_attempt_at - tries(delivery)[-1].started_at).total_seconds()
        assert delivery.attempts == number
        assert pause_s <= pause < pause_s * 1.1 + 15  # the exchange itself took a moment
        assert stored(webhook).failing_since is not None
        come_due(webhook, next_attempt_at=clock.now() + timedelta(seconds=60))
        assert due_webhooks() == []  # until the pause is over
        come_due(webhook)
    assert deliver(webhook.pk) == 1
    assert [one.response_status for one in tries(outbox(webhook)[0])] == [500, 302, 204]
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert stored(webhook).failing_since is None


def test_after_the_last_try_it_has_failed_and_may_be_sent_again_by_hand(
    world: World, receiver: HttpReceiver
) -> None:
    receiver.statuses = [503, 200]
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    come_due(webhook, attempts=len(BACK_OFF_S))
    deliver(webhook.pk)
    (delivery,) = outbox(webhook)
    assert delivery.status == DeliveryStatus.FAILED
    assert due_webhooks() == []
    redeliver(world.alice, webhook, delivery)
    assert due_webhooks() == [webhook.pk]
    assert deliver(webhook.pk) == 1
    assert outbox(webhook)[0].status == DeliveryStatus.DELIVERED


def test_a_worker_that_dies_after_sending_makes_it_arrive_twice_and_not_never(
    world: World, receiver: HttpReceiver
) -> None:
    new = hook(world.project, receiver.url)
    act(world)
    died = subprocess.run(
        [sys.executable, "-c", _SEND_AND_DIE, str(new.webhook.pk)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert due_webhooks() == []  # the dead one holds it still
    Webhook.objects.using("system").update(claimed_until=clock.now())
    assert due_webhooks() == [new.webhook.pk]
    assert deliver(new.webhook.pk) == 1
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(new.secret, first) == verified(new.secret, second)


def test_one_worker_at_a_time(world: World, receiver: HttpReceiver) -> None:
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    assert sending._claim(webhook.pk)
    assert deliver(webhook.pk) == 0
    assert receiver.requests == []


def test_while_two_secrets_are_good_either_verifies(world: World, receiver: HttpReceiver) -> None:
    old = hook(world.project, receiver.url)
    new = rotate_secret(world.alice, old.webhook, overlap=timedelta(hours=1))
    act(world)
    deliver(old.webhook.pk)
    (request,) = receiver.requests
    assert verified(old.secret, request) == verified(new.secret, request)
    Webhook.objects.using("system").update(previous_secret_until=clock.now())
    act(world, "later")
    deliver(old.webhook.pk)
    verified(new.secret, receiver.requests[1])
    with pytest.raises(WebhookVerificationError):
        verified(old.secret, receiver.requests[1])


def test_without_an_overlap_the_old_secret_is_worth_nothing_at_once(
    world: World, receiver: HttpReceiver
) -> None:
    old = hook(world.project, receiver.url)
    rotate_secret(world.alice, old.webhook, overlap=timedelta())
    act(world)
    deliver(old.webhook.pk)
    with pytest.raises(WebhookVerificationError):
        verified(old.secret, receiver.requests[0])


def test_what_takes_nothing_for_a_day_is_turned_off_and_says_so(
    world: World, receiver: HttpReceiver
) -> None:
    receiver.statuses = [500]
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    deliver(webhook.pk)
    assert stored(webhook).is_enabled
    long_ago = clock.now() - timedelta(seconds=environment().webhook_patience_s)
    Webhook.objects.using("system").update(failing_since=long_ago)
    come_due(webhook)
    deliver(webhook.pk)
    found = stored(webhook)
    assert not found.is_enabled
    assert "24 hours" in found.disabled_because
    assert "500" in found.disabled_because
    event = Event.objects.using("system").filter(action="webhook.disabled").get()
    assert (event.actor_name, event.target_name) == ("stonepine", "hook")
    # What waited is sent once it is turned on again.
    receiver.statuses = [200]
    come_due(webhook)
    assert due_webhooks() == []
    enable_webhook(world.alice, webhook)
    assert deliver(webhook.pk) == 1


def test_a_receiver_that_is_gone_is_left_at_once(world: World, receiver: HttpReceiver) -> None:
    receiver.statuses = [410]
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    deliver(webhook.pk)
    assert "410" in stored(webhook).disabled_because


def test_a_test_tells_what_came_of_it_and_is_not_tried_again(
    world: World, receiver: HttpReceiver
) -> None:
    receiver.statuses = [200, 500]
    new = hook(world.project, receiver.url)
    disable_webhook(world.alice, new.webhook)
    assert test_webhook(world.alice, new.webhook).response_status == 200
    assert verified(new.secret, receiver.requests[0])["type"] == "webhook.test"
    failed = test_webhook(world.alice, new.webhook)
    assert (failed.response_status, failed.error) == (500, "The receiver answered 500.")
    assert [one.status for one in outbox(new.webhook)] == ["delivered", "failed"]
    assert stored(new.webhook).failing_since is None


def test_a_refused_connection_is_told_in_words(world: World, receiver: HttpReceiver) -> None:
    with http_receiver() as other:
        url = other.url
    webhook = hook(world.project, url).webhook
    tried = test_webhook(world.alice, webhook)
    assert (tried.response_status, tried.error) == (
        None,
        "127.0.0.1 does not answer: Connection refused.",
    )


def test_a_name_that_comes_to_lead_inside_is_refused_at_the_delivery(
    world: World, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", "")
    environment.cache_clear()
    assert deliver(webhook.pk) == 0
    assert receiver.requests == []
    (one,) = tries(outbox(webhook)[0])
    assert "may not be reached" in one.error


def test_nothing_is_sent_for_a_suspended_organization(world: World, receiver: HttpReceiver) -> None:
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    suspend_organization(OPERATOR, world.organization)
    assert due_webhooks() == []
    assert deliver(webhook.pk) == 0
    assert receiver.requests == []


def test_one_organization_leaves_workers_for_others(world: World, receiver: HttpReceiver) -> None:
    ours = [hook(world.project, receiver.url).webhook.pk for _ in range(4)]
    theirs = hook(world.elsewhere, receiver.url).webhook.pk
    act(world)
    create_api_key(OPERATOR, world.their_project, name="theirs")
    assert due_webhooks() == [*ours[:2], theirs]


def test_a_webhook_that_is_deleted_meanwhile_leaves_nothing(
    world: World, receiver: HttpReceiver
) -> None:
    webhook = hook(world.project, receiver.url).webhook
    act(world)
    (delivery,) = outbox(webhook)
    delete_webhook(world.alice, webhook)
    assert outbox(webhook) == []
    assert not sending._write_down(delivery, sending.Attempt(delivery=delivery, duration_ms=1))
    assert deliver(webhook.pk) == 0


def test_the_log_keeps_thirty_days(world: World, receiver: HttpReceiver) -> None:
    webhook = hook(world.project, receiver.url).webhook
    act(world, "old")
    come_due(webhook, created_at=clock.now() - timedelta(days=31))
    act(world, "new")
    deliver(webhook.pk)
    tasks.forget_old_deliveries()
    forget_old_deliveries()
    assert [one.content["subject"]["name"] for one in outbox(webhook)] == ["new"]
