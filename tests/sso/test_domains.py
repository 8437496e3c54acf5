"""A mail domain belongs to whoever can write into its zone, and to one organization only."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from audit.models import Event
from kit import clock
from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaymentRequired,
    Unavailable,
)
from orgs.models import EmailDomain
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from sso.domains import (
    GRACE,
    challenge_name,
    challenge_text,
    claim_domain,
    domains_due,
    recheck,
    release_domain,
    verify_domain,
)
from sso.queries import domains_of, get_domain
from tests.console.conftest import Letters
from tests.support.name_server import NameServer
from tests.support.together import together
from tests.support.world import World

DOMAIN = "pine.example.com"


def proven(world: World, names: NameServer, domain: str = DOMAIN) -> EmailDomain:
    claim = claim_domain(world.alice, world.organization, domain=domain)
    names.records[challenge_name(claim)] = ["v=spf1 -all", challenge_text(claim)]
    verify_domain(world.alice, claim)
    return now_of(claim)


def now_of(domain: EmailDomain) -> EmailDomain:
    return EmailDomain.objects.using("system").select_related("organization").get(pk=domain.pk)


def seen_at(domain: EmailDomain, *, checked: timedelta, missing: timedelta | None = None) -> None:
    """As if the last look had been so long ago."""
    now = clock.now()
    with tenant(domain.organization_id):
        EmailDomain.objects.filter(pk=domain.pk).update(
            checked_at=now - checked, missing_since=missing and now - missing
        )


def test_a_domain_is_verified_by_the_record_and_not_without_it(
    world: World, names: NameServer
) -> None:
    claim = claim_domain(world.alice, world.organization, domain="@Pine.Example.COM")
    assert claim.domain == DOMAIN
    with pytest.raises(FailedPrecondition, match="no TXT record stonepine-domain="):
        verify_domain(world.alice, claim)
    names.records[challenge_name(claim)] = ["stonepine-domain=" + "0" * 40]
    with pytest.raises(FailedPrecondition):
        verify_domain(world.alice, claim)
    assert not now_of(claim).is_verified
    names.records[challenge_name(claim)].append(challenge_text(claim))
    verify_domain(world.alice, claim)
    assert now_of(claim).is_verified


def test_a_silent_name_server_proves_nothing(world: World, names: NameServer) -> None:
    claim = claim_domain(world.alice, world.organization, domain=DOMAIN)
    names.is_broken = True
    with pytest.raises(Unavailable):
        verify_domain(world.alice, claim)


def test_one_organization_has_a_domain_at_a_time(world: World, names: NameServer) -> None:
    ours = proven(world, names)
    theirs = claim_domain(world.mallory, world.elsewhere, domain=DOMAIN)
    names.records[challenge_name(theirs)].append(challenge_text(theirs))
    with pytest.raises(AlreadyExists, match="another organization"):
        verify_domain(world.mallory, theirs)
    release_domain(world.alice, ours)
    verify_domain(world.mallory, theirs)
    assert now_of(theirs).is_verified


def test_of_two_that_prove_it_at_once_one_has_it(world: World, names: NameServer) -> None:
    claims = [
        claim_domain(OPERATOR, organization, domain=DOMAIN)
        for organization in (world.organization, world.elsewhere)
    ]
    names.records[challenge_name(claims[0])] = [challenge_text(claim) for claim in claims]
    found = together([lambda one=one: verify_domain(OPERATOR, one) for one in claims])
    assert sorted(type(one).__name__ for one in found) == ["AlreadyExists", "NoneType"]


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("com", "not a domain"),
        ("co.uk", "public suffix"),
        ("github.io", "public suffix"),
        ("gmail.com", "everybody"),
        ("GMX.de", "everybody"),
        ("mail.gmail.com", "everybody"),
        ("a@b.example", "not a domain"),
        ("10.0.0.1", "not a domain"),
        ("-bad-.example.com", "not a domain"),
        ("under_score.example.com", "not a domain"),
        ("ｐine.example.com", "not a domain"),
        ("", "not a domain"),
    ],
)
def test_what_cannot_be_one_organizations_domain_is_refused(
    world: World, domain: str, why: str
) -> None:
    with pytest.raises(InvalidArgument, match=why):
        claim_domain(world.alice, world.organization, domain=domain)


def test_a_domain_with_letters_of_its_own_is_kept_in_its_ascii_form(world: World) -> None:
    claim = claim_domain(world.alice, world.organization, domain="bücher.example")
    assert claim.domain == "xn--bcher-kva.example"
    with pytest.raises(AlreadyExists):
        claim_domain(world.alice, world.organization, domain="xn--bcher-kva.example")


def test_a_plan_without_single_sign_on_says_what_it_takes(world: World) -> None:
    organization = set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="needs Enterprise or Dedicated"):
        claim_domain(world.alice, organization, domain=DOMAIN)
    organization = set_plan(OPERATOR, organization, plan=Plan.DEDICATED)
    assert claim_domain(world.alice, organization, domain=DOMAIN).domain == DOMAIN


def test_a_proof_is_looked_for_once_a_day(world: World, names: NameServer) -> None:
    """Crosses tenants: domains_due finds those of every organization."""
    ours = proven(world, names)
    theirs = claim_domain(world.mallory, world.elsewhere, domain="oak.example.com")
    names.records[challenge_name(theirs)] = [challenge_text(theirs)]
    verify_domain(world.mallory, theirs)
    assert domains_due() == []
    for one in (ours, theirs):
        seen_at(one, checked=timedelta(hours=25))
    assert [one.pk for one in domains_due()] == [ours.pk, theirs.pk]
    for one in domains_due():
        recheck(one)
    assert domains_due() == []
    assert now_of(ours).missing_since is None


def test_a_lost_proof_has_its_grace_and_then_is_void(world: World, names: NameServer) -> None:
    ours = proven(world, names)
    names.records.clear()
    recheck(now_of(ours))
    assert now_of(ours).is_verified
    assert now_of(ours).missing_since is not None
    seen_at(ours, checked=timedelta(hours=25), missing=GRACE - timedelta(hours=1))
    recheck(now_of(ours))
    assert now_of(ours).is_verified
    seen_at(ours, checked=timedelta(hours=25), missing=GRACE + timedelta(hours=1))
    names.is_broken = True
    recheck(now_of(ours))
    assert now_of(ours).is_verified
    names.is_broken = False
    recheck(now_of(ours))
    assert not now_of(ours).is_verified
    event = Event.objects.using("system").order_by("id").last()
    assert event is not None
    assert (event.action, event.actor_kind) == ("email_domain.lapsed", "system")


def test_workers_at_the_same_time_tell_and_lapse_once(
    world: World, names: NameServer, letters: Letters
) -> None:
    ours = proven(world, names)
    names.records.clear()
    told = len(letters.to("alice@example.com"))
    together([lambda: recheck(ours)] * 4)
    assert len(letters.to("alice@example.com")) == told + 1
    seen_at(ours, checked=timedelta(hours=25), missing=GRACE + timedelta(hours=1))
    late = now_of(ours)
    together([lambda: recheck(late)] * 4)
    lapsed = Event.objects.using("system").filter(action="email_domain.lapsed")
    assert lapsed.count() == 1
    assert len(letters.to("alice@example.com")) == told + 2


def test_a_proof_that_comes_back_ends_the_grace(world: World, names: NameServer) -> None:
    ours = proven(world, names)
    seen_at(ours, checked=timedelta(hours=25), missing=timedelta(days=3))
    recheck(now_of(ours))
    assert now_of(ours).missing_since is None


def test_a_foreign_domain_is_a_missing_one(world: World, names: NameServer) -> None:
    ours = proven(world, names)
    assert [one.pk for one in domains_of(world.alice, world.organization)] == [ours.pk]
    with pytest.raises(NotFound):
        get_domain(world.mallory, world.elsewhere, ours.pk)
