"""The tests' world as the console shows it: addresses of its pages, browsers of its people."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from accounts.models import User
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
def as_user() -> Callable[[User], Client]:
    """A browser, without scripts, in which that person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client(HTTP_ACCEPT="text/html")
        client.force_login(user)
        return client

    return signed_in
