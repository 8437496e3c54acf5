"""Required single sign-on: one test for each other way in, and nobody locked out for good."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import CredentialKind, Role
from accounts.links import email_change_token, reset_token, sign_up_token
from accounts.models import User
from accounts.second_factors import factors_of, has_second_factor
from audit.models import Event
from kit.errors import Aborted, FailedPrecondition, PaymentRequired
from orgs.account_verbs import person as person_of
from orgs.invitations import create_invitation
from orgs.models import EmailDomain
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.queries import owner_ids_of
from orgs.role_bindings import Assignment
from orgs.second_factors import remove_second_factor
from orgs.ways_in import SsoRequired, requiring_organization
from sso.connections import disable_connection
from sso.domains import release_domain
from sso.enforcement import lift_requirement, require_sso
from sso.queries import domains_of
from tests.console.test_takeover import HOST, with_key
from tests.sso.provider import DOMAIN, NEWCOMER, Provider, browser
from tests.sso.test_sign_on import is_in, last_event, member, person
from tests.support.codes import codes_now, with_app
from tests.support.world import PASSWORD, World

CLOSED = "requires single sign-on"


@dataclass
class Pine:
    """Alice owns it and has an authenticator app; Bob is a member. Both live in the domain."""

    world: World
    provider: Provider
    secret: str

    @property
    def alice(self) -> User:
        return self.world.people["alice"]

    @property
    def bob(self) -> User:
        return self.world.people["bob"]

    @property
    def domain(self) -> EmailDomain:
        return domains_of(OPERATOR, self.world.organization)[0]

    def require(self) -> None:
        self.provider.change(tested_by=self.alice.pk)
        require_sso(self.world.alice, self.domain)


@pytest.fixture
def pine(world: World, provider: Provider) -> Pine:
    alice = member(world, "alice", f"alice@{DOMAIN}")
    member(world, "bob", f"bob@{DOMAIN}")
    secret, _ = with_app(alice)
    return Pine(world, provider, secret)


@pytest.fixture
def closed(pine: Pine) -> Pine:
    pine.require()
    return pine


def by_password(email: str, **more: str) -> tuple[Client, Any]:
    tab = browser()
    return tab, tab.post("/signin", {"email": email, "password": PASSWORD, **more})


def test_a_password_is_no_way_in(closed: Pine) -> None:
    tab, answer = by_password(closed.bob.email)
    assert answer.status_code == 403
    assert CLOSED in answer.content.decode()
    assert not is_in(tab, closed.world)
    assert tab.get("/account").status_code == 302
    event = last_event()
    assert (event.action, event.outcome) == ("user.signed_in", "denied")


def test_a_reset_link_is_no_way_in(closed: Pine) -> None:
    link = f"/reset/{reset_token(closed.bob)}"
    for answer in (browser().get(link), browser().post(link, {"password": "four wet herons sit"})):
        assert answer.status_code == 403
        assert CLOSED in answer.content.decode()
    assert User.objects.get(pk=closed.bob.pk).check_password(PASSWORD)


def test_a_sign_up_link_is_no_way_in(closed: Pine) -> None:
    tab = browser()
    tab.get(f"/verify/account/{sign_up_token(NEWCOMER)}")
    answer = tab.post("/signup", {"name": "Nina", "password": PASSWORD})
    assert CLOSED in answer.content.decode()
    assert not User.objects.filter(email=NEWCOMER).exists()


def test_a_passkey_is_no_way_in(pine: Pine) -> None:
    key = with_key(pine.bob.email)
    pine.require()
    tab = Client(HTTP_ACCEPT="text/html", SERVER_NAME=HOST)
    options = json.loads(tab.get("/signin/passkey/options").json()["options"])
    answer = tab.post("/signin/passkey", {"credential": key.sign(options, is_owner_verified=True)})
    assert answer.status_code == 403
    assert tab.get("/account").status_code == 302


def test_a_second_factor_is_no_way_in_for_who_owns_nothing(pine: Pine) -> None:
    secret, _ = with_app(pine.bob)
    pine.require()
    tab, _ = by_password(pine.bob.email)
    answer = tab.post("/signin/mfa", {"code": codes_now(secret)[1]})
    assert answer.status_code == 403
    assert not is_in(tab, pine.world)


def test_remembered_sessions_end(pine: Pine) -> None:
    tab, _ = by_password(pine.bob.email)
    assert is_in(tab, pine.world)
    vouched = browser()
    pine.provider.sign_in(vouched)
    pine.require()
    assert tab.get("/account").status_code == 302
    assert is_in(vouched, pine.world)
    assert last_event().parameters["ended_sessions"] >= 1


def test_a_session_in_use_for_another_organization_goes_on_there(pine: Pine) -> None:
    from orgs.members import add_member

    add_member(OPERATOR, pine.world.elsewhere, user=pine.bob, role=Role.ORG_MEMBER)
    tab, _ = by_password(pine.bob.email)
    assert is_in(tab, pine.world)
    pine.require()
    assert tab.get(f"/o/{pine.world.elsewhere.slug}").status_code == 200
    assert not is_in(tab, pine.world)


def test_a_session_that_was_missed_reaches_nothing(closed: Pine) -> None:
    """One that began in another way, as if nobody had ended it."""
    tab = browser()
    tab.force_login(closed.bob)
    assert tab.get(f"/o/{closed.world.organization.slug}").status_code == 404


def test_an_invitation_to_another_address_is_no_way_in(pine: Pine) -> None:
    roles = [Assignment(Role.ORG_MEMBER)]
    organization, mallory = pine.world.organization, pine.world.people["mallory"]
    _, plain = create_invitation(OPERATOR, organization, email=mallory.email, assignments=roles)
    pine.require()
    with pytest.raises(SsoRequired, match="not an address of its verified domains"):
        create_invitation(
            pine.world.alice, organization, email="bob@private.example", assignments=roles
        )
    tab, _ = by_password(mallory.email)
    assert tab.post(f"/invite/{plain.value}").status_code == 403
    assert not is_in(tab, pine.world)


def test_moving_to_another_address_is_no_way_around(pine: Pine) -> None:
    link = f"/verify/address/{email_change_token(pine.bob, 'bob@private.example')}"
    pine.require()
    assert browser().post(link).status_code == 403
    assert User.objects.get(pk=pine.bob.pk).email == pine.bob.email


def test_people_hold_no_tokens_that_would_be_another_way_in() -> None:
    """Whoever adds personal tokens must close them here."""
    kinds = {str(kind) for kind in CredentialKind}
    # Support is the operator's own session, and opens what an owner let it into for some hours.
    assert kinds == {
        "session", "api_key", "service_account", "scim", "operator", "support", "system"
    }  # fmt: skip


def test_the_provider_is_the_way_in(closed: Pine) -> None:
    tab = browser()
    closed.provider.sign_in(tab, closed.bob.email)
    assert is_in(tab, closed.world)
    assert person(closed.bob.email) == closed.bob


def test_an_owner_gets_in_by_a_second_factor_and_not_without(closed: Pine) -> None:
    tab, _ = by_password(closed.alice.email)
    assert not is_in(tab, closed.world)
    tab.post("/signin/mfa", {"code": codes_now(closed.secret)[1]})
    assert is_in(tab, closed.world)
    assert last_event().parameters == {"by": "password, totp", "beside_sso": "yes"}


def test_an_owner_without_a_second_factor_does_not_get_in(pine: Pine) -> None:
    from orgs.member_roles import set_member_roles

    set_member_roles(OPERATOR, pine.world.organization, user=pine.bob, roles=[Role.ORG_OWNER])
    pine.require()
    _, answer = by_password(pine.bob.email)
    assert answer.status_code == 403


def test_the_last_factor_that_lets_an_owner_in_stays(closed: Pine) -> None:
    """Crosses tenants: owner_ids_of finds the owners of this organization, and no others."""
    from orgs.member_roles import set_member_roles

    def remove(user: User) -> None:
        (app,) = [one for one in factors_of(user) if one.type == "totp"]
        remove_second_factor(person_of(user), user, factor_id=app.pk)

    organization, mallory = closed.world.organization, closed.world.people["mallory"]
    assert owner_ids_of(organization) == [closed.alice.pk]
    assert owner_ids_of(closed.world.elsewhere) == [mallory.pk]
    with_app(mallory)
    with pytest.raises(FailedPrecondition, match="last second factor"):
        remove(closed.alice)
    assert has_second_factor(closed.alice)
    set_member_roles(OPERATOR, organization, user=closed.bob, roles=[Role.ORG_OWNER])
    with pytest.raises(FailedPrecondition, match="last second factor"):
        remove(closed.alice)
    with_app(closed.bob)
    remove(closed.alice)
    with pytest.raises(FailedPrecondition, match="last second factor"):
        remove(closed.bob)
    lift_requirement(OPERATOR, closed.domain)
    remove(closed.bob)


def test_the_last_owner_who_gets_in_beside_it_stays_one(closed: Pine) -> None:
    from orgs.departures import remove_member
    from orgs.member_roles import set_member_roles, transfer_ownership

    organization, alice, bob = closed.world.organization, closed.alice, closed.bob

    def demote(user: User) -> None:
        set_member_roles(OPERATOR, organization, user=user, roles=[Role.ORG_MEMBER])

    set_member_roles(OPERATOR, organization, user=bob, roles=[Role.ORG_OWNER])
    for act in (
        lambda: demote(alice),
        lambda: transfer_ownership(closed.world.alice, organization, to=bob),
        lambda: remove_member(OPERATOR, organization, user=alice),
    ):
        with pytest.raises(Aborted, match="last owner with a second factor"):
            act()
    assert set(owner_ids_of(organization)) == {alice.pk, bob.pk}
    demote(bob)
    set_member_roles(OPERATOR, organization, user=bob, roles=[Role.ORG_OWNER])
    with_app(bob)
    transfer_ownership(closed.world.alice, organization, to=bob)
    assert owner_ids_of(organization) == [bob.pk]


def test_an_owner_steps_down_freely_where_sign_on_is_not_required(pine: Pine) -> None:
    from orgs.member_roles import transfer_ownership

    transfer_ownership(pine.world.alice, pine.world.organization, to=pine.bob)
    assert owner_ids_of(pine.world.organization) == [pine.bob.pk]


def test_another_organization_of_the_person_stays_open(pine: Pine) -> None:
    """What one tenant requires locks nobody out of another's."""
    from orgs.members import add_member

    add_member(OPERATOR, pine.world.elsewhere, user=pine.bob, role=Role.ORG_MEMBER)
    pine.require()
    tab, answer = by_password(pine.bob.email)
    assert answer.status_code == 302
    assert tab.get(f"/o/{pine.world.elsewhere.slug}").status_code == 200
    assert not is_in(tab, pine.world)


def test_other_domains_stay_open(closed: Pine) -> None:
    tab, _ = by_password("vera@example.com")
    assert is_in(tab, closed.world)


def test_losing_the_plan_opens_the_other_ways_and_ends_single_sign_on(closed: Pine) -> None:
    vouched = browser()
    closed.provider.sign_in(vouched, closed.bob.email)
    set_plan(OPERATOR, closed.world.organization, plan=Plan.STANDARD)
    assert not is_in(vouched, closed.world)
    tab, _ = by_password(closed.bob.email)
    assert is_in(tab, closed.world)
    set_plan(OPERATOR, closed.world.organization, plan=Plan.ENTERPRISE)
    assert not is_in(tab, closed.world)


def test_lifting_it_opens_the_other_ways(closed: Pine) -> None:
    lift_requirement(closed.world.alice, closed.domain)
    tab, _ = by_password(closed.bob.email)
    assert is_in(tab, closed.world)


def test_it_wants_a_test_by_the_acting_owner_under_their_own_address(pine: Pine) -> None:
    with pytest.raises(FailedPrecondition, match="your own account"):
        require_sso(pine.world.alice, pine.domain)
    pine.provider.change(tested_by=pine.bob.pk)
    with pytest.raises(FailedPrecondition, match="your own account"):
        require_sso(pine.world.alice, pine.domain)
    pine.require()


def test_it_wants_an_owner_who_gets_in_beside_it(world: World, provider: Provider) -> None:
    alice = member(world, "alice", f"alice@{DOMAIN}")
    provider.change(tested_by=alice.pk)
    with pytest.raises(FailedPrecondition, match="second factor"):
        require_sso(world.alice, domains_of(OPERATOR, world.organization)[0])


def test_it_wants_the_plan_and_an_active_connection(pine: Pine) -> None:
    organization = set_plan(OPERATOR, pine.world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired):
        require_sso(OPERATOR, pine.domain)
    set_plan(OPERATOR, organization, plan=Plan.DEDICATED)
    disable_connection(OPERATOR, pine.provider.connection)
    with pytest.raises(FailedPrecondition, match="Activate"):
        require_sso(OPERATOR, pine.domain)


def test_what_it_rests_on_cannot_be_taken_away_under_it(closed: Pine) -> None:
    with pytest.raises(FailedPrecondition, match="lift that first"):
        disable_connection(closed.world.alice, closed.provider.connection)
    with pytest.raises(FailedPrecondition, match="lift that first"):
        release_domain(closed.world.alice, closed.domain)


def test_only_its_own_organization_requires_it(closed: Pine) -> None:
    """Crosses tenants: requiring_organization is asked before anybody has signed in."""
    found = requiring_organization(closed.bob.email)
    assert found == closed.world.organization
    assert requiring_organization("x@oak.example.com") is None
    assert requiring_organization("no address") is None
    assert Event.objects.using("system").filter(action="sso.required").count() == 1


def test_a_refused_sign_in_widens_no_session_that_a_provider_began(closed: Pine) -> None:
    """Somebody else's password, sent from that session: refused, and nothing else."""
    from orgs.members import add_member

    add_member(OPERATOR, closed.world.elsewhere, user=closed.alice, role=Role.ORG_MEMBER)
    tab = browser()
    closed.provider.sign_in(tab, closed.alice.email)
    assert is_in(tab, closed.world)
    answer = tab.post("/signin", {"email": closed.bob.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert tab.get(f"/o/{closed.world.elsewhere.slug}").status_code == 404


def test_the_second_factor_of_somebody_else_lets_no_owner_in(pine: Pine) -> None:
    """Proven in the owner's session, by somebody who is refused for it."""
    from orgs.member_roles import set_member_roles
    from orgs.members import add_member

    set_member_roles(OPERATOR, pine.world.organization, user=pine.bob, roles=[Role.ORG_OWNER])
    add_member(OPERATOR, pine.world.elsewhere, user=pine.bob, role=Role.ORG_MEMBER)
    vera = member(pine.world, "vera", f"vera@{DOMAIN}")
    secret, _ = with_app(vera)
    pine.require()
    tab, _ = by_password(pine.bob.email)
    assert not is_in(tab, pine.world)
    tab.post("/signin", {"email": vera.email, "password": PASSWORD})
    answer = tab.post("/signin/mfa", {"code": codes_now(secret)[1]})
    assert answer.status_code == 403
    assert not is_in(tab, pine.world)


def test_a_password_makes_no_second_factor_that_lets_an_owner_in(pine: Pine) -> None:
    """Not where another organization lets the owner's password in; where the provider vouches for
    the owner, the password is proof enough."""
    from orgs.member_roles import set_member_roles
    from orgs.members import add_member

    set_member_roles(OPERATOR, pine.world.organization, user=pine.bob, roles=[Role.ORG_OWNER])
    add_member(OPERATOR, pine.world.elsewhere, user=pine.bob, role=Role.ORG_MEMBER)
    pine.require()
    tab, _ = by_password(pine.bob.email)
    for page in ("/account/mfa/app", "/account/mfa/passkey"):
        assert tab.get(page).status_code == 403
    pine.provider.sign_in(tab, pine.bob.email)
    assert tab.get("/account/mfa/app").status_code == 200
