"""Notices in the console: the bell counts them, the list leads on, each can be put away."""

from collections.abc import Callable

from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from notices.models import Notice
from notices.settlement import settle
from tests.console.conftest import Site
from tests.webhooks.hooks import hook
from webhooks.endpoints import disable_webhook

AsUser = Callable[[User], Client]


def _gone(site: Site) -> str:
    webhook = hook(site.project).webhook
    disable_webhook(OPERATOR, webhook, reason="The receiver answered 410: it is gone.")
    settle()
    return str(Notice.objects.using("system").get().pk)


def test_counted_listed_and_put_away(site: Site, as_user: AsUser) -> None:
    alice, page = as_user(site.alice), f"{site.home}/notices"
    assert "Nothing needs attention" in alice.get(page).content.decode()
    notice = _gone(site)
    shown = alice.get(page).content.decode()
    assert "The webhook hook was turned off" in shown
    assert "it is gone" in shown
    assert f"{site.place}/webhooks" in shown
    assert 'aria-label="Notices: 1"' in alice.get(site.home).content.decode()
    assert as_user(site.vera).get(page).content.decode().count("turned off") == 1  # the empty words
    assert alice.post(f"{page}/{notice}/dismiss")["Location"] == page
    assert 'aria-label="Notices"' in alice.get(site.home).content.decode()
    assert as_user(site.vera).post(f"{page}/{notice}/dismiss").status_code == 404


def test_mail_is_chosen(site: Site, as_user: AsUser) -> None:
    alice, page = as_user(site.alice), f"{site.home}/notices"
    assert alice.post(f"{page}/mail", {"wanted": "1"})["Location"] == page
    assert "Stop mail" in alice.get(page).content.decode()
    alice.post(f"{page}/mail")
    assert "Send me mail too" in alice.get(page).content.decode()
