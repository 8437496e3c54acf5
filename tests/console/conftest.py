"""The tests' world as the console shows it: addresses of its pages, browsers of its people."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from config.celery import app
from kit.environment import environment
from orgs.models import Organization
from projects.models import Project
from tests.support.world import World


@dataclass(frozen=True)
class Site:
    """Alice owns, Bob edits, Vera views, Mallory is from elsewhere."""

    world: World

    @property
    def organization(self) -> Organization:
        return self.world.organization

    @property
    def project(self) -> Project:
        return self.world.project

    @property
    def alice(self) -> User:
        return self.world.people["alice"]

    @property
    def bob(self) -> User:
        return self.world.people["bob"]

    @property
    def vera(self) -> User:
        return self.world.people["vera"]

    @property
    def mallory(self) -> User:
        return self.world.people["mallory"]

    @property
    def home(self) -> str:
        return f"/o/{self.organization.slug}"

    @property
    def place(self) -> str:
        return f"{self.home}/p/{self.project.slug}"


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


@pytest.fixture
def has_trust_page(installation: Path) -> Iterator[None]:
    """The operator shows everybody how data is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STONEPINE_TRUST_PAGE", "true")
        patch.setenv("STONEPINE_TRUST_CONTACT", "security@pine.example")
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser, without scripts, in which that person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client(HTTP_ACCEPT="text/html")
        client.force_login(user)
        return client

    return signed_in


class Letters:
    """What people have got by mail, newest last; the worker works when somebody looks."""

    def to(self, address: str) -> list[str]:
        self.deliver()
        return [
            f"{one.subject}\n{one.body}" for one in mail.outbox if one.recipients() == [address]
        ]

    def link(self, address: str) -> str:
        """The path of the newest link to that address."""
        found = re.findall(r"https?://[^/\s]+(/(?:verify|reset)/\S+)", self.to(address)[-1])
        return str(found[-1])

    def deliver(self) -> None:
        """Take what the broker holds, as a worker does."""
        with app.connection_for_read() as connection:
            queue = connection.SimpleQueue(app.conf.task_default_queue)
            while True:
                try:
                    message = queue.get_nowait()
                except queue.Empty:
                    break
                message.ack()
                if message.headers["task"].startswith("accounts."):
                    app.tasks[message.headers["task"]](*message.payload[0])
            queue.close()


@pytest.fixture
def letters() -> Letters:
    app.control.purge()
    return Letters()


def neutral(page: str, email: str) -> str:
    """The page without what differs for every request, and without the address."""
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page).replace(email, "…")


_NOTES_SESSION = re.compile(r'UPDATE "(django_session|usersessions_usersession)"')


@pytest.fixture
def queries_of() -> Callable[[Callable[[], object]], int]:
    """How many statements an act sends to the database, over all roles. That a session was seen
    is noted once a minute, whatever the page."""
    from contextlib import ExitStack

    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    def counted(act: Callable[[], object]) -> int:
        with ExitStack() as stack:
            captured = [
                stack.enter_context(CaptureQueriesContext(connections[alias]))
                for alias in ("default", "system")
            ]
            act()
        sent = [query["sql"] for one in captured for query in one.captured_queries]
        return sum(not _NOTES_SESSION.search(statement) for statement in sent)

    return counted
