"""The world of these tests: Alice owns, Bob edits, Vera views, Mallory is from elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from audit.context import AuditContext, Source, acting_from
from orgs.members import create_member
from orgs.models import Organization
from orgs.organizations import create_organization
from orgs.plans import Plan
from projects.members import add_project_member
from projects.models import Project
from projects.projects import create_project

SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
PASSWORD = "umbrella pines on stone"


@dataclass(frozen=True)
class World:
    organization: Organization
    project: Project
    alice: User
    bob: User
    vera: User
    mallory: User

    @property
    def home(self) -> str:
        return f"/o/{self.organization.slug}"

    @property
    def place(self) -> str:
        return f"{self.home}/p/{self.project.slug}"


@pytest.fixture
def acting(database: None) -> Iterator[None]:
    """Verbs called by the test itself count as the command line's."""
    with acting_from(AuditContext(request_id="test", source=Source.COMMAND_LINE)):
        yield


@pytest.fixture
def world(acting: None) -> World:
    hollin = create_organization(OPERATOR, name="Hollin Labs", plan=Plan.ENTERPRISE)
    elsewhere = create_organization(OPERATOR, name="Elsewhere", plan=Plan.STARTER)
    project = create_project(OPERATOR, hollin, name="Search production")

    def person(name: str, organization: Organization, role: Role) -> User:
        email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
        return create_member(
            OPERATOR, organization, email=email, name=name, password=PASSWORD, role=role
        )

    alice = person("Alice Aydin", hollin, Role.ORG_OWNER)
    bob = person("Bob Brandt", hollin, Role.ORG_MEMBER)
    vera = person("Vera Voss", hollin, Role.ORG_MEMBER)
    mallory = person("Mallory Moss", elsewhere, Role.ORG_OWNER)
    add_project_member(OPERATOR, project, user=bob, role=Role.PROJECT_EDITOR)
    add_project_member(OPERATOR, project, user=vera, role=Role.PROJECT_VIEWER)
    return World(hollin, project, alice, bob, vera, mallory)


@pytest.fixture
def as_user(world: World) -> Callable[[User], Client]:
    """A browser, without scripts, in which that person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client(HTTP_ACCEPT="text/html")
        client.force_login(user)
        return client

    return signed_in
