"""Audit streams in the console: each kind is made, tested, paused, sent again, deleted."""

import re

import pytest
from django.test import Client

from access.actor import OPERATOR
from audit.models import Stream
from audit.streams.delivery import deliver
from orgs.organizations import set_plan
from orgs.plans import Plan
from projects.projects import create_project
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.receivers import HttpReceiver
from tests.webhooks.conftest import loopback_allowed, receiver

__all__ = ["loopback_allowed", "receiver"]
FORMS = {
    "http": {"url": "https://siem.invalid/in"},
    "syslog": {"host": "siem.invalid", "port": "6514", "tls": "on"},
    "s3": {
        "bucket": "audit",
        "region": "eu-central-1",
        "access_key_id": "AKIA1",
        "secret": "s3cr3t",
    },
}


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


@pytest.mark.parametrize("kind", FORMS)
def test_each_kind_is_made_and_its_secret_shown_once_or_never(
    site: Site, owner: Client, kind: str
) -> None:
    at = f"{site.home}/audit/streams"
    assert "No audit streams yet" in owner.get(at).content.decode()
    assert f"{at}/new/{kind}" in owner.get(f"{at}/new").content.decode()
    reply = owner.post(f"{at}/new/{kind}", {"name": "siem", **FORMS[kind]})
    stream = Stream.objects.using("system").get()
    assert stream.kind == kind
    page = f"{at}/{stream.pk}"
    if kind == "http":
        assert "no-store" in reply["Cache-Control"]
        (secret,) = re.findall(r"data-value>([\w-]{43})<", reply.content.decode())
        assert secret not in owner.get(page).content.decode()
    else:
        assert reply["Location"] == page
    assert "s3cr3t" not in owner.get(page).content.decode()
    assert "siem" in owner.get(at).content.decode()


def test_what_is_wrong_is_said(site: Site, owner: Client) -> None:
    at = f"{site.home}/audit/streams/new"
    reply = owner.post(f"{at}/http", {"name": "siem", "url": "https://127.0.0.1/"})
    assert (reply.status_code, b"may not be reached" in reply.content) == (422, True)
    assert owner.get(f"{at}/carrier-pigeon").status_code == 404


def test_lag_test_pause_and_sending_again(
    site: Site, owner: Client, receiver: HttpReceiver
) -> None:
    at = f"{site.home}/audit/streams"
    owner.post(f"{at}/new/http", {"name": "siem", "url": receiver.url})
    stream = Stream.objects.using("system").get()
    page = f"{at}/{stream.pk}"
    create_project(OPERATOR, site.organization, name="told")
    assert "entries wait" in owner.get(page).content.decode()
    deliver(stream.pk)
    assert "Everything was sent" in owner.get(page).content.decode()
    receiver.statuses = [500, 200]
    owner.post(f"{page}/test")
    assert "The receiver answered 500." in owner.get(page).content.decode()
    deliver(stream.pk)
    assert owner.post(f"{page}/switch")["Location"] == page
    assert "paused" in owner.get(page).content.decode()
    owner.post(f"{page}/switch", {"resume": "1"})
    assert owner.post(f"{page}/rewind", {"from_sequence": "999"}).status_code == 422
    start = Stream.objects.using("system").get().starts_after
    assert owner.post(f"{page}/rewind", {"from_sequence": start + 1})["Location"] == page
    deliver(stream.pk)
    assert receiver.sequences().count(start + 1) == 2
    assert owner.post(f"{page}/delete")["Location"] == at
    assert not Stream.objects.using("system").exists()


def test_without_the_plan_for_it_nothing_new(site: Site, owner: Client) -> None:
    set_plan(OPERATOR, site.organization, plan=Plan.STANDARD)
    at = f"{site.home}/audit/streams"
    assert "does not include audit streams" in owner.get(at).content.decode()
    reply = owner.post(f"{at}/new/http", {"name": "siem", **FORMS["http"]})
    assert reply.status_code == 422
    assert b"it needs Enterprise" in reply.content
