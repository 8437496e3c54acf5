"""Making and changing webhooks: what is refused, and what never shows."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from audit.models import Event
from kit.environment import environment
from kit.errors import (
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
)
from projects.api_keys import create_api_key
from projects.projects import create_project
from tests.support.receivers import HttpReceiver
from tests.support.world import World
from tests.webhooks.hooks import URL, hook, outbox, stored
from webhooks import endpoints
from webhooks.deliveries import redeliver
from webhooks.endpoints import create_webhook, disable_webhook, rotate_secret, update_webhook
from webhooks.models import Webhook
from webhooks.queries import (
    attempts_of,
    deliveries,
    get_delivery,
    get_webhook,
    healths,
    webhooks,
)
from webhooks.secret_store import seal_addresses, url_of


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://example.com", "http://example.com/plain", "https://user@example.com/",
        "https://example.com/#part", "https://127.0.0.1/", "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/", "https://exa mple.com", "https://", "https://" + "a" * 2_000,
        "http://localhost:1/", "https://[::1]/", "https://0.0.0.0/", "https://example.com:99999/",
    ],
)  # fmt: skip
def test_addresses_that_a_webhook_may_not_have(world: World, url: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        hook(world.project, url)
    assert refused.value.fields["field"] == "url"
    assert webhooks(OPERATOR, world.organization) == []


def test_in_clear_only_where_the_operator_allows(world: World, receiver: HttpReceiver) -> None:
    assert url_of(hook(world.project, receiver.url).webhook) == receiver.url
    assert environment().outbound_allow


@pytest.mark.parametrize(
    ("events", "said"),
    [([], "at least one"), (["api_key.eaten"], "is not an event"),
     (["member.added"], "happens in no project"), (["user.signed_in"], "is not an event")],
)  # fmt: skip
def test_events_that_there_are_not(world: World, events: list[str], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        hook(world.project, events=events)
    webhook = hook(world.project).webhook
    with pytest.raises(InvalidArgument, match=said):
        update_webhook(OPERATOR, webhook, events=events)
    assert stored(webhook).events == ["api_key.created"]


def test_the_secret_is_sealed_and_nowhere_else(world: World) -> None:
    new = hook(world.project, f"{URL}/T0KEN")
    rotated = rotate_secret(world.alice, new.webhook, overlap=timedelta(hours=1))
    found = stored(new.webhook)
    columns = str(vars(found)) + repr(new) + repr(rotated)
    told = str(list(Event.objects.using("system").values()))
    for secret in (new.secret, rotated.secret):
        assert secret.startswith("whsec_")
        assert secret not in columns
        assert secret.removeprefix("whsec_").encode() not in bytes(found.sealed_secret)
        assert secret not in told
    # Nor the path of the address, which may be one too.
    assert "T0KEN" not in columns + told
    assert b"T0KEN" not in bytes(found.sealed_url or b"")
    assert url_of(found) == f"{URL}/T0KEN"


def test_an_address_opens_only_for_its_own_webhook_and_may_change(world: World) -> None:
    mine, other = (hook(world.project, f"{URL}/{n}").webhook for n in "ab")
    changed = update_webhook(world.alice, mine, url=f"{URL}/c")
    assert url_of(stored(changed)) == f"{URL}/c"
    other.sealed_url = stored(changed).sealed_url
    with pytest.raises(DataLoss):
        url_of(other)


def test_addresses_from_before_are_sealed_by_the_sweep(world: World) -> None:
    """Of every tenant, and each still leads where it led."""
    hooks = [hook(place, URL).webhook for place in (world.project, world.their_project)]
    Webhook.objects.using("system").update(url=URL, sealed_url=None)
    assert [url_of(stored(one)) for one in hooks] == [URL, URL]
    assert seal_addresses() == 2
    assert seal_addresses() == 0
    for one in map(stored, hooks):
        assert (one.url, url_of(one)) == ("", URL)
        assert URL.encode() not in bytes(one.sealed_url or b"")


@pytest.mark.parametrize("hours", [-1, 169])
def test_an_overlap_is_a_week_at_most(world: World, hours: int) -> None:
    webhook = hook(world.project).webhook
    with pytest.raises(InvalidArgument, match="168 hours"):
        rotate_secret(world.alice, webhook, overlap=timedelta(hours=hours))


def test_an_organization_has_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MAX_WEBHOOKS", 2)
    hook(world.project)
    hook(world.organization)
    with pytest.raises(QuotaExceeded):
        hook(world.project)
    hook(world.elsewhere)


def test_who_sees_which(world: World) -> None:
    other = create_project(OPERATOR, world.organization, name="Other")
    here, whole = hook(world.project).webhook, hook(world.organization).webhook
    hook(other)
    hook(world.elsewhere)
    assert len(webhooks(world.alice, world.organization)) == 3
    assert webhooks(world.alice, world.project) == [here]
    assert get_webhook(world.alice, world.organization, here.pk) == here
    with pytest.raises(NotFound):
        get_webhook(world.mallory, world.elsewhere, here.pk)
    with pytest.raises(PermissionDenied):
        get_webhook(world.vera, world.organization, here.pk)
    with pytest.raises(PermissionDenied):
        get_webhook(world.vera, world.organization, whole.pk)
    with pytest.raises(PermissionDenied):
        webhooks(world.bob, world.project)
    with pytest.raises(PermissionDenied):
        healths(world.bob, [here])


def test_the_log_page_by_page(world: World) -> None:
    webhook = hook(world.project).webhook
    for number in range(3):
        create_api_key(OPERATOR, world.project, name=str(number))
    first = deliveries(world.alice, webhook, limit=2)
    rest = deliveries(world.alice, webhook, limit=2, after=first.next_after)
    names = [one.content["subject"]["name"] for one in (*first.rows, *rest.rows)]
    assert names == ["2", "1", "0"]
    assert rest.next_after is None
    assert healths(world.alice, [webhook])[webhook.pk].waiting == 3
    assert attempts_of(world.alice, webhook, first.rows[0]) == []
    for who in (world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            deliveries(who, webhook)


def test_a_delivery_of_another_webhook_is_none(world: World) -> None:
    mine, beside = hook(world.project).webhook, hook(world.project).webhook
    create_api_key(OPERATOR, world.project, name="new")
    (delivery,) = outbox(beside)
    with pytest.raises(NotFound):
        get_delivery(world.alice, mine, delivery.pk)
    with pytest.raises(NotFound):
        redeliver(world.alice, mine, delivery)


def test_what_is_turned_off_sends_nothing_again(world: World) -> None:
    webhook = hook(world.project).webhook
    create_api_key(OPERATOR, world.project, name="new")
    disable_webhook(world.alice, webhook)
    with pytest.raises(FailedPrecondition, match="Turn it on"):
        redeliver(world.alice, webhook, outbox(webhook)[0])


def test_a_change_that_changes_nothing_leaves_no_event(world: World) -> None:
    webhook = create_webhook(
        OPERATOR, world.project, name="hook", url=URL, events=["index.ready"]
    ).webhook
    before = Event.objects.using("system").count()
    update_webhook(OPERATOR, webhook, name=" hook ", url=URL, events=["index.ready"])
    assert Event.objects.using("system").count() == before
