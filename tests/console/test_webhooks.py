"""Webhooks in the console: the secret shown once, tests, deliveries; of projects and of all."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from projects.api_keys import create_api_key
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.receivers import HttpReceiver
from tests.webhooks.conftest import loopback_allowed, receiver
from tests.webhooks.hooks import URL, hook, outbox, stored
from webhooks.models import Webhook
from webhooks.sending import deliver

__all__ = ["loopback_allowed", "receiver"]
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
AsUser = Callable[[User], Client]


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def secret_in(reply: HttpResponse) -> str:
    (value,) = set(SECRET.findall(reply.content.decode()))
    assert "no-store" in reply["Cache-Control"]
    return str(value)


def only() -> Webhook:
    return Webhook.objects.using("system").get()


@pytest.mark.parametrize("is_of_project", [True, False])
def test_one_is_made_at_either_place_and_its_secret_is_shown_once(
    site: Site, owner: Client, is_of_project: bool
) -> None:
    at = f"{site.place if is_of_project else site.home}/webhooks"
    assert "No webhooks yet" in owner.get(at).content.decode()
    form = {"name": "deploy bot", "url": URL, "events": ["index.ready", "backup.failed"]}
    secret = secret_in(owner.post(f"{at}/new", form))
    found = only()
    assert (found.project_id is not None, found.events) == (is_of_project, form["events"])
    for page in (at, f"{at}/{found.pk}", f"{at}/{found.pk}/edit"):
        shown = owner.get(page).content.decode()
        assert "deploy bot" in shown
        assert secret not in shown


def test_refusals_stand_beside_their_fields(site: Site, owner: Client) -> None:
    at = f"{site.place}/webhooks/new"
    form = {"name": "bot", "url": "https://127.0.0.1/", "events": ["index.ready"]}
    for change, said in (
        ({}, "may not be reached"),
        ({"url": "http://example.com/"}, "must begin with https://"),
        ({"url": URL, "events": []}, "at least one event"),
        ({"url": URL, "events": ["member.added"]}, "not one of the available"),
    ):
        reply = owner.post(at, form | change)
        assert reply.status_code == 422
        assert said in reply.content.decode()
    assert not Webhook.objects.using("system").exists()


def test_tested_delivered_shown_and_sent_again(
    site: Site, owner: Client, receiver: HttpReceiver
) -> None:
    webhook = hook(site.project, receiver.url).webhook
    page = f"{site.place}/webhooks/{webhook.pk}"
    assert owner.post(f"{page}/test")["Location"] == page
    assert "answered 200" in owner.get(page).content.decode()
    create_api_key(OPERATOR, site.project, name="ingest")
    deliver(webhook.pk)
    shown = owner.get(page).content.decode()
    assert "api_key.created" in shown
    assert "ingest" in shown
    delivery = outbox(webhook)[-1]
    sheet = owner.get(f"{page}/deliveries/{delivery.pk}").content.decode()
    assert "audit_event_id" in sheet
    assert f"msg_{delivery.message_id.hex}" in sheet
    assert owner.post(f"{page}/deliveries/{delivery.pk}/redeliver").status_code == 302
    assert deliver(webhook.pk) == 1
    assert len({one.headers["webhook-id"] for one in receiver.requests[1:]}) == 1


def test_a_failed_test_says_why(site: Site, owner: Client, receiver: HttpReceiver) -> None:
    receiver.statuses = [500]
    webhook = hook(site.project, receiver.url).webhook
    page = f"{site.place}/webhooks/{webhook.pk}"
    owner.post(f"{page}/test")
    assert "The receiver answered 500." in owner.get(page).content.decode()


def test_changed_rotated_turned_off_and_on_and_deleted(site: Site, owner: Client) -> None:
    new = hook(site.organization)
    page = f"{site.home}/webhooks/{new.webhook.pk}"
    form = {"name": "renamed", "url": URL, "events": ["member.added"]}
    assert owner.post(f"{page}/edit", form)["Location"] == page
    assert secret_in(owner.post(f"{page}/rotate", {"overlap": "24"})) != new.secret
    assert "the old one is valid until" in owner.get(page).content.decode()
    assert owner.post(f"{page}/switch")["Location"] == page
    assert not stored(new.webhook).is_enabled
    assert "Turned off" in owner.get(page).content.decode()
    owner.post(f"{page}/switch", {"enable": "1"})
    assert stored(new.webhook).is_enabled
    assert "Delete renamed?" in owner.get(f"{page}/delete").content.decode()
    assert owner.post(f"{page}/delete")["Location"] == f"{site.home}/webhooks"
    assert not Webhook.objects.using("system").exists()


def test_each_place_shows_its_own_and_the_organization_all(site: Site, owner: Client) -> None:
    of_project, of_all = hook(site.project).webhook, hook(site.organization).webhook
    shown = owner.get(f"{site.home}/webhooks").content.decode()
    assert f"{site.place}/webhooks/{of_project.pk}" in shown
    assert f"{site.home}/webhooks/{of_all.pk}" in shown
    assert owner.get(f"{site.home}/webhooks/{of_project.pk}").status_code == 404
    assert owner.get(f"{site.place}/webhooks/{of_all.pk}").status_code == 404


def test_members_without_the_right_see_no_trace(site: Site, as_user: AsUser) -> None:
    hook(site.project)
    vera = as_user(site.vera)
    assert vera.get(f"{site.place}/webhooks").status_code == 403
    assert "ebhooks" not in vera.get(site.place).content.decode()
