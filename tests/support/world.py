"""The people of the tests: Alice owns, Bob edits, Vera views, Mallory is from elsewhere."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from access.actor import OPERATOR, Actor
from access.permissions import Role
from accounts.models import User
from audit.heads import stored_heads
from indexes.lifecycle import create_index
from indexes.models import Index
from kit.environment import environment
from orgs.members import create_member
from orgs.models import Organization
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.queries import session_actor
from orgs.secrets import installation_keyring
from projects.api_keys import create_api_key
from projects.members import add_project_member
from projects.models import ApiKey, Project
from projects.projects import create_project
from storage.objects import open_object_store

if TYPE_CHECKING:
    from tests.support.database import Tables

PASSWORD = "correct horse battery staple"
SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}


@dataclass
class World:
    """Two organizations that know nothing of each other."""

    organization: Organization
    project: Project
    elsewhere: Organization
    their_project: Project
    people: dict[str, User] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """The person as a signed-in session, with the roles held right now."""
        return session_actor(self.people[name])

    @property
    def alice(self) -> Actor:
        return self.actor("alice")

    @property
    def bob(self) -> Actor:
        return self.actor("bob")

    @property
    def vera(self) -> Actor:
        return self.actor("vera")

    @property
    def mallory(self) -> Actor:
        return self.actor("mallory")

    def key(
        self,
        *,
        roles: Sequence[Role] = (Role.PROJECT_EDITOR,),
        name: str = "test",
        project: Project | None = None,
    ) -> tuple[ApiKey, str]:
        """A fresh key of Alice's project, or of the one given, with its plain value."""
        row, plain = create_api_key(OPERATOR, project or self.project, name=name, roles=roles)
        return row, plain.value

    def index(self, name: str = "movies", *, project: Project | None = None) -> Index:
        """A dense index that nobody has brought up yet."""
        return create_index(
            OPERATOR, project or self.project, name=name, spec=SPEC, dimension=4, metric="cosine"
        )


def is_intact(world: World) -> bool:
    """Whether no test destroyed a key of the world or signed a head of its chains: rows can be put
    back, keys cannot, and a chain that is put back is shorter than what was signed of it."""
    provider = installation_keyring()
    store = open_object_store(environment().object_store_url)
    has_keys = all(provider.has_key(one.pk) for one in (world.project, world.their_project))
    organizations = (world.organization, world.elsewhere)
    return has_keys and not any(any(stored_heads(store, one.pk)) for one in organizations)


def world_in(tables: "Tables", before: "list[World]") -> World:
    """The world, in empty tables; `before` is how it was built first. Its rows are put back as
    they were, for building takes longer than most tests."""
    if not before or not is_intact(before[0]):
        before[:] = [build_world()]
        tables.keep()
    else:
        tables.put_back()
    return copy.deepcopy(before[0])


def build_world() -> World:
    """Needs the `database` fixture and an audit context."""
    ours = create_organization(OPERATOR, name="Pine", plan=Plan.ENTERPRISE)
    theirs = create_organization(OPERATOR, name="Oak", plan=Plan.ENTERPRISE)
    world = World(
        organization=ours,
        project=create_project(OPERATOR, ours, name="Search"),
        elsewhere=theirs,
        their_project=create_project(OPERATOR, theirs, name="Theirs"),
    )
    homes = {
        "alice": (ours, Role.ORG_OWNER),
        "bob": (ours, Role.ORG_MEMBER),
        "vera": (ours, Role.ORG_MEMBER),
        "mallory": (theirs, Role.ORG_OWNER),
    }
    for name, (home, role) in homes.items():
        world.people[name] = create_member(
            OPERATOR,
            home,
            email=f"{name}@example.com",
            name=name.title(),
            password=PASSWORD,
            role=role,
        )
    add_project_member(OPERATOR, world.project, user=world.people["bob"], role=Role.PROJECT_EDITOR)
    add_project_member(OPERATOR, world.project, user=world.people["vera"], role=Role.PROJECT_VIEWER)
    return world
