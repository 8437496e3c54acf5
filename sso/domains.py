"""Mail domains of an organization: claimed, proven by a TXT record, looked after, given up."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from access.actor import SYSTEM, Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import AlreadyExists, FailedPrecondition, NotFound, Unavailable
from orgs.locks import locked
from orgs.models import EmailDomain, Organization
from orgs.plans import Feature
from orgs.tenancy import tenant
from orgs.verbs import verb
from sso.dns import DnsResolver, TxtResolver
from sso.mail_domains import checked_domain
from sso.notices import tell_owners

GRACE = timedelta(days=7)
_EVERY = timedelta(hours=24)
_MAX_DOMAINS = 50
_RESOLVER = DnsResolver()


def challenge_name(domain: EmailDomain) -> str:
    """Where the TXT record belongs."""
    return f"_stonepine-challenge.{domain.domain}"


def challenge_text(domain: EmailDomain) -> str:
    return f"stonepine-domain={domain.token}"


@verb(Action.EMAIL_DOMAIN_CLAIMED)
def claim_domain(actor: Actor, organization: Organization, *, domain: str) -> EmailDomain:
    """Say which domain will be proven. Any number of organizations may claim one."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    organization = locked(organization.pk)
    organization.require_feature(Feature.SSO)
    name = checked_domain(domain)
    claims = EmailDomain.objects.filter(organization=organization)
    if claims.filter(domain=name).exists():
        raise AlreadyExists(f"{name} is in the list already.", field="domain")
    if claims.count() >= _MAX_DOMAINS:
        raise FailedPrecondition(f"An organization has at most {_MAX_DOMAINS} domains.")
    claim = EmailDomain.objects.create(
        organization=organization, domain=name, token=secrets.token_hex(20)
    )
    record(actor, Action.EMAIL_DOMAIN_CLAIMED, target=claim.audit_target())
    return claim


@verb(Action.EMAIL_DOMAIN_VERIFIED)
def verify_domain(actor: Actor, domain: EmailDomain, *, resolver: TxtResolver = _RESOLVER) -> None:
    """Look for the record; the first organization that proves a domain has it."""
    require(actor, Permission.SSO_WRITE, domain.organization.scope)
    domain.organization.require_feature(Feature.SSO)
    if not _is_proven(domain, resolver):
        raise FailedPrecondition(
            f"There is no TXT record {challenge_text(domain)} at {challenge_name(domain)} yet. "
            "New records take minutes, sometimes hours, to be seen."
        )
    found = locked_domain(domain)
    now = clock.now()
    found.verified_at = found.verified_at or now
    found.checked_at, found.missing_since = now, None
    try:
        with transaction.atomic():
            found.save(update_fields=["verified_at", "checked_at", "missing_since"])
    except IntegrityError:
        raise AlreadyExists(
            f"{found.domain} is verified by another organization of this installation: it must "
            "give the domain up first."
        ) from None
    record(actor, Action.EMAIL_DOMAIN_VERIFIED, target=found.audit_target())


@verb(Action.EMAIL_DOMAIN_RELEASED)
def release_domain(actor: Actor, domain: EmailDomain) -> None:
    """Give the domain up; its people sign in in other ways from now on."""
    require(actor, Permission.SSO_WRITE, domain.organization.scope)
    found = locked_domain(domain)
    if found.sso_required_at is not None:
        raise FailedPrecondition(f"Single sign-on is required for {found.domain}: lift that first.")
    record(actor, Action.EMAIL_DOMAIN_RELEASED, target=found.audit_target())
    found.delete()


def domains_due() -> list[EmailDomain]:
    """Verified ones that nobody has looked at for a day. Crosses tenants."""
    rows = EmailDomain.objects.using("system").select_related("organization")
    before = clock.now() - _EVERY
    return list(rows.filter(verified_at__isnull=False, checked_at__lte=before).order_by("pk"))


def recheck(domain: EmailDomain, *, resolver: TxtResolver = _RESOLVER) -> None:
    """Whether the proof still stands. A silent name server proves nothing either way; a proof
    that stays missing for the whole grace is void."""
    try:
        is_proven = _is_proven(domain, resolver)
    except Unavailable:
        return
    if not is_proven and _is_over(domain.missing_since):
        _lapse(SYSTEM, domain)
    else:
        _note(domain, is_proven=is_proven)


def _is_over(missing_since: datetime | None) -> bool:
    return missing_since is not None and missing_since <= clock.now() - GRACE


@verb(Action.EMAIL_DOMAIN_LAPSED)
def _lapse(actor: Actor, domain: EmailDomain) -> None:
    require(actor, Permission.SSO_WRITE, domain.organization.scope)
    found = locked_domain(domain)
    if not _is_over(found.missing_since):
        return  # another worker was faster, or the proof is there again
    found.verified_at = found.sso_required_at = found.missing_since = None
    found.save(update_fields=["verified_at", "sso_required_at", "missing_since"])
    record(actor, Action.EMAIL_DOMAIN_LAPSED, target=found.audit_target())
    tell_owners(
        found.organization,
        f"Your mail domain {found.domain} is not verified any more. Nobody signs in through it "
        "until it is proven again",
    )


def _note(domain: EmailDomain, *, is_proven: bool) -> None:
    """What was found; owners are told by whoever notes first that the proof is missing."""
    now = clock.now()
    with tenant(domain.organization_id):
        rows = EmailDomain.objects.filter(pk=domain.pk)
        is_new = not is_proven and rows.filter(missing_since=None).update(missing_since=now)
        rows.update(checked_at=now, **({"missing_since": None} if is_proven else {}))
        if is_new:
            tell_owners(
                domain.organization,
                f"The proof of your mail domain {domain.domain} cannot be found. Put the TXT "
                f"record {challenge_text(domain)} back at {challenge_name(domain)} within "
                f"{GRACE.days} days",
            )


def _is_proven(domain: EmailDomain, resolver: TxtResolver) -> bool:
    return challenge_text(domain) in resolver.texts(challenge_name(domain))


def locked_domain(domain: EmailDomain) -> EmailDomain:
    """As it is now, held until the verb ends."""
    rows = EmailDomain.objects.select_for_update(of=("self",)).select_related("organization")
    found = rows.filter(pk=domain.pk).first()
    if found is None:
        raise NotFound("There is no such domain.")
    return found
