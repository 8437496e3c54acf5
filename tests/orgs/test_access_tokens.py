"""Access tokens: who gets one, what ends it, and what guessing costs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from access.actor import OPERATOR
from access.keys import SecretKind, mint
from access.permissions import CredentialKind, Role
from accounts.throttle import TooManyAttempts
from audit.context import AuditContext, Source, acting_from
from audit.models import Event, Outcome
from kit import clock
from kit.errors import PaymentRequired, Unauthenticated
from orgs.access_tokens import (
    authenticate_access_token,
    forget_expired_tokens,
    issue_access_token,
)
from orgs.errors import OrganizationSuspended
from orgs.models import AccessToken, Organization, ServiceAccount, ServiceAccountSecret
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.secrets import installation_keyring
from orgs.service_accounts import (
    add_secret,
    create_service_account,
    delete_service_account,
    revoke_secret,
    rotate_secret,
    set_secret_expiry,
)
from orgs.tenancy import tenant
from tests.support.together import together
from tests.support.world import World


@dataclass
class Robot:
    account: ServiceAccount
    secret: str

    def token(self) -> str:
        return issue_access_token(self.account.client_id, self.secret).plain.value


@pytest.fixture
def robot(world: World) -> Robot:
    roles = [Assignment(Role.ORG_MEMBER), Assignment(Role.PROJECT_EDITOR, world.project.pk)]
    account, plain = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=roles
    )
    return Robot(account, plain.value)


def test_a_token_opens_with_the_accounts_roles(world: World, robot: Robot) -> None:
    actor, organization = authenticate_access_token(robot.token())
    assert organization.pk == world.organization.pk
    assert (actor.kind, actor.principal_id) == (CredentialKind.SERVICE_ACCOUNT, robot.account.pk)
    assert {grant.role for grant in actor.grants} == {Role.ORG_MEMBER, Role.PROJECT_EDITOR}


def test_a_tokens_value_is_kept_nowhere(robot: Robot) -> None:
    token = robot.token()
    row = AccessToken.objects.using("system").get()
    assert token.startswith("spat_")
    assert token.rsplit("_", 1)[1].encode() not in bytes(row.digest)
    assert len(bytes(row.digest)) == 32


ENDS: dict[str, Callable[[Robot, World], object]] = {
    "its account is deleted": lambda robot, _: delete_service_account(OPERATOR, robot.account),
    "the secret is rotated": lambda robot, _: rotate_secret(OPERATOR, robot.account),
    "the secret is revoked": lambda robot, _: revoke_secret(OPERATOR, secret_of(robot)),
    "the secret has expired": lambda _, world: changed(
        world, ServiceAccountSecret, expires_at=clock.now()
    ),
    "it has expired": lambda _, world: changed(world, AccessToken, expires_at=clock.now()),
    "the organization is suspended": lambda _, world: changed(
        world, Organization, suspended_at=clock.now()
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_token_is_refused_as_soon_as(world: World, robot: Robot, end: str) -> None:
    token = robot.token()
    authenticate_access_token(token)
    ENDS[end](robot, world)
    with pytest.raises(Unauthenticated, match="Invalid access token"):
        authenticate_access_token(token)


def test_a_new_secret_leaves_the_tokens_of_the_old_one_alone(robot: Robot) -> None:
    token = robot.token()
    _, second = add_secret(OPERATOR, robot.account)
    later = Robot(robot.account, second.value).token()
    revoke_secret(OPERATOR, secret_of(robot))
    with pytest.raises(Unauthenticated):
        authenticate_access_token(token)
    authenticate_access_token(later)


def test_an_expired_secret_gets_no_token(world: World, robot: Robot) -> None:
    set_secret_expiry(OPERATOR, secret_of(robot), expires_at=clock.now() + timedelta(days=1))
    robot.token()
    changed(world, ServiceAccountSecret, expires_at=clock.now())
    with pytest.raises(Unauthenticated):
        robot.token()


def test_a_suspended_organization_and_a_lesser_plan_get_no_token(
    world: World, robot: Robot
) -> None:
    changed(world, Organization, suspended_at=clock.now())
    with pytest.raises(OrganizationSuspended):
        robot.token()
    changed(world, Organization, suspended_at=None)
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired):
        robot.token()


NOT_EVEN_LOOKED_UP = {
    "empty": "",
    "garbage": "garbage",
    "a wrong checksum": "spsa_AAAAAAAA_" + "0" * 46,
    "an API key": mint(SecretKind.API_KEY).value,
    "very long": "spsa_" + "a" * 100_000,
    "NUL": "spsa_\0",
}


@pytest.mark.parametrize("case", NOT_EVEN_LOOKED_UP)
def test_what_cannot_be_a_secret_costs_no_query(robot: Robot, case: str) -> None:
    value = NOT_EVEN_LOOKED_UP[case]
    with (
        CaptureQueriesContext(connection) as own,
        CaptureQueriesContext(connections["system"]) as crossing,
    ):
        with pytest.raises(Unauthenticated):
            issue_access_token(robot.account.client_id, value)
        with pytest.raises(Unauthenticated):
            authenticate_access_token(value)
    assert len(own) + len(crossing) == 0


def test_unknown_client_and_wrong_secret_are_told_alike_and_leave_an_event(robot: Robot) -> None:
    wrong = mint(SecretKind.SERVICE_ACCOUNT).value
    said = set()
    for client_id, secret in ((robot.account.client_id, wrong), ("nobody", robot.secret)):
        with pytest.raises(Unauthenticated) as refusal:
            issue_access_token(client_id, secret)
        said.add(refusal.value.message)
    assert len(said) == 1
    unknown, known = Event.objects.using("system").order_by("-id")[:2]
    assert {unknown.outcome, known.outcome} == {Outcome.FAILURE}
    assert (known.target_name, unknown.target_name) == ("robot", "")
    assert known.organization_id == robot.account.organization_id
    assert unknown.organization_id is None
    assert robot.secret not in str([vars(unknown), vars(known)])


def test_guessing_ends_after_ten_wrong_secrets_from_one_place(robot: Robot) -> None:
    before = Event.objects.using("system").count()
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            guess(robot)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            guess(robot)
    with pytest.raises(TooManyAttempts):
        robot.token()
    # Ten wrong guesses and the first refusal; the other refusals would only fill the log.
    assert Event.objects.using("system").count() - before == 11
    with acting_from(AuditContext("elsewhere", Source.API, ip="198.51.100.7")):
        robot.token()


def test_guesses_from_everywhere_lock_no_service_account_out(robot: Robot) -> None:
    for number in range(120):
        with (
            acting_from(AuditContext("guess", Source.API, ip=f"198.51.100.{number // 10}")),
            pytest.raises(Unauthenticated),
        ):
            issue_access_token(robot.account.client_id, mint(SecretKind.SERVICE_ACCOUNT).value)
    with acting_from(AuditContext("right", Source.API, ip="192.0.2.77")):
        assert robot.token()


def test_many_right_calls_at_once_are_no_guesses(robot: Robot) -> None:
    tokens = together([robot.token] * 30, threads=15)
    assert len(set(map(str, tokens))) == 30
    for token in tokens:
        authenticate_access_token(token)


def test_who_revokes_a_secret_leaves_no_token_behind(robot: Robot) -> None:
    secret = secret_of(robot)
    acts: list[Callable[[], object]] = [robot.token] * 12
    acts.insert(4, lambda: revoke_secret(OPERATOR, secret))
    for came in together(acts, threads=13):
        assert came is None or isinstance(came, str | Unauthenticated), came
    assert not AccessToken.objects.using("system").exists()


def test_use_is_noted_at_most_once_a_minute(world: World, robot: Robot) -> None:
    token = robot.token()
    authenticate_access_token(token)
    first = (account_of(robot).last_used_at, secret_of(robot).last_used_at)
    assert None not in first
    robot.token()
    authenticate_access_token(token)
    assert (account_of(robot).last_used_at, secret_of(robot).last_used_at) == first
    long_ago = clock.now() - timedelta(minutes=2)
    changed(world, ServiceAccount, last_used_at=long_ago)
    changed(world, ServiceAccountSecret, last_used_at=long_ago)
    robot.token()
    authenticate_access_token(token)
    for noted in (account_of(robot).last_used_at, secret_of(robot).last_used_at):
        assert noted is not None
        assert noted > long_ago


def test_a_secret_in_use_moves_to_the_new_pepper(robot: Robot) -> None:
    before = secret_of(robot).pepper_id
    installation_keyring().peppers.rotate()
    robot.token()
    assert secret_of(robot).pepper_id > before
    authenticate_access_token(robot.token())


def test_expired_tokens_are_forgotten_in_all_organizations(world: World, robot: Robot) -> None:
    theirs, plain = create_service_account(OPERATOR, world.elsewhere, name="android")
    Robot(theirs, plain.value).token()
    robot.token()
    changed(world, AccessToken, expires_at=clock.now())
    with tenant(world.elsewhere.pk):
        AccessToken.objects.update(expires_at=clock.now())
    robot.token()
    assert forget_expired_tokens() == 2
    assert AccessToken.objects.using("system").count() == 1


def guess(robot: Robot) -> None:
    issue_access_token(robot.account.client_id, mint(SecretKind.SERVICE_ACCOUNT).value)


def changed(world: World, rows: type, **values: object) -> None:
    with tenant(world.organization.pk):
        found = rows.objects.all()  # type: ignore[attr-defined] # any of our models
        if rows is Organization:
            found = found.filter(pk=world.organization.pk)
        found.update(**values)


def secret_of(robot: Robot) -> ServiceAccountSecret:
    rows = ServiceAccountSecret.objects.using("system").select_related("service_account")
    return rows.filter(public_id=robot.secret.split("_")[1])[0]


def account_of(robot: Robot) -> ServiceAccount:
    return ServiceAccount.objects.using("system").filter(pk=robot.account.pk)[0]
