"""What the facts show: one line for each thing a reviewer asks, and whether it needs somebody.

Pure: the same facts give the same lines. None of them is a score.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from access.permissions import Role
from compliance.facts import Facts, KeyFact
from compliance.states import State
from orgs.models import PrincipalType
from projects.access_review import API_KEY, HeldRole

UNUSED_AFTER = timedelta(days=90)
OLD_KEY_AFTER = timedelta(days=365)
VERIFIED_WITHIN = timedelta(days=30)
DRILLED_WITHIN = timedelta(days=90)
_CERTIFICATE_LEFT = timedelta(days=14)
_FEWEST_OWNERS = 2


@dataclass(frozen=True, slots=True)
class Control:
    """`page` is the console's page where it is changed; empty where the operator does that."""

    name: str
    title: str
    state: State
    evidence: str
    page: str = ""


def controls(facts: Facts) -> list[Control]:
    """All of them, what needs work first."""
    order = list(State)
    return sorted((judge(facts) for judge in _JUDGES), key=lambda one: order.index(one.state))


def _second_factors(facts: Facts) -> Control:
    people = _principals(facts, PrincipalType.USER)
    without = [one for one in people if not one.has_second_factor]
    has_way = bool(facts.sign_in.required_domains)
    said = f"{len(people) - len(without)} of {_count(len(people), 'person', 'people')} have one"
    if without and has_way:
        said += "; the others sign in through the identity provider"
    state = State.MET if not without else State.CHOICE if has_way else State.NEEDS_WORK
    return Control("second_factors", "Second factors", state, f"{said}.", "members")


def _single_sign_on(facts: Facts) -> Control:
    found = facts.sign_in
    if found.required_domains:
        said, state = f"Required for {', '.join(found.required_domains)}.", State.MET
    elif found.connection:
        said, state = f"{found.connection} is open, and nobody has to use it.", State.NEEDS_WORK
    else:
        said, state = "Not set up: people sign in with accounts of this installation.", State.CHOICE
    return Control("single_sign_on", "Single sign-on", state, said, "sso")


def _owners(facts: Facts) -> Control:
    people = _principals(facts, PrincipalType.USER)
    owners = {
        one.principal_id for one in facts.held_roles if one.role == Role.ORG_OWNER and one.is_living
    } & {one.principal_id for one in people}
    state = State.MET if len(owners) >= _FEWEST_OWNERS else State.NEEDS_WORK
    said = f"{_count(len(owners), 'person owns', 'people own')} the organization"
    if state is State.NEEDS_WORK:
        said += "; with one alone nobody can step in"
    return Control("owners", "Owners", state, f"{said}.", "members")


def _unused_access(facts: Facts) -> Control:
    since = facts.collected_at - UNUSED_AFTER
    living = _distinct(one for one in facts.held_roles if one.is_living)
    idle = [one for one in living if (one.last_used_at or one.granted_at) < since]
    state = State.NEEDS_WORK if idle else State.MET
    named = ", ".join(one.name for one in idle[:3]) + (" and others" if len(idle) > 3 else "")
    said = (
        f"{_count(len(idle), 'holder of a role was', 'holders of a role were')} not seen for "
        f"{UNUSED_AFTER.days} days: {named}."
        if idle
        else f"Everybody who holds a role was seen in the last {UNUSED_AFTER.days} days."
    )
    return Control("unused_access", "Access that is used", state, said, "members")


def _api_keys(facts: Facts) -> Control:
    keys = _principals(facts, API_KEY)
    endless = [one for one in keys if one.expires_at is None]
    old = [one for one in endless if one.granted_at < facts.collected_at - OLD_KEY_AFTER]
    said = f"{_count(len(keys), 'active key', 'active keys')}, {len(endless)} without an expiry"
    if old:
        said += f", {len(old)} of them older than a year"
    state = State.NEEDS_WORK if old else State.CHOICE if endless else State.MET
    return Control("api_keys", "API keys expire or are rolled", state, f"{said}.", "projects")


def _data_keys(facts: Facts) -> Control:
    old = [one for one in facts.keys if one.newest_since < facts.collected_at - OLD_KEY_AFTER]
    state = State.NEEDS_WORK if old else State.MET
    said = f"{_count(len(facts.keys), 'project has its own', 'projects have their own')} data key"
    said += f"; {_named(old)} had no new one for a year" if old else ", none older than a year"
    return Control("data_keys", "Data keys are rotated", state, f"{said}.")


def _own_keys(facts: Facts) -> Control:
    own = [one for one in facts.keys if one.own_key]
    bad = [one for one in own if one.own_key_failure or one.own_key_disabled_at]
    if bad:
        said, state = f"The provider does not open the key of {_named(bad)}.", State.NEEDS_WORK
    elif own:
        said, state = f"{_count(len(own), 'project lies', 'projects lie')} under one.", State.MET
    else:
        said, state = "None: the installation's keyring keeps all keys.", State.CHOICE
    return Control("own_keys", "Your own encryption keys", state, said, "projects")


def _backups_taken(facts: Facts) -> Control:
    found = facts.backups
    missing = found.indexes - found.scheduled
    state = State.NEEDS_WORK if missing > 0 else State.MET
    said = f"{found.scheduled} of {_count(found.indexes, 'index', 'indexes')} have a schedule"
    taken = found.last_taken_at
    said += f"; the last was taken {_on(taken)}." if taken else "; none was taken yet."
    return Control("backups", "Backups are taken", state, said, "projects")


def _backups_verified(facts: Facts) -> Control:
    found = facts.backups
    since = facts.collected_at - VERIFIED_WITHIN
    is_fresh = found.last_verified_at is not None and found.last_verified_at > since
    state = State.MET if is_fresh and not found.damaged else State.NEEDS_WORK
    if not found.ready:
        said, state = "There is no backup to verify.", State.CHOICE
    elif found.damaged:
        said = f"{_count(found.damaged, 'backup is', 'backups are')} damaged."
    elif found.last_verified_at is None:
        said = "None was ever restored and compared."
    else:
        said = f"One was last restored and compared {_on(found.last_verified_at)}."
    return Control("backups_verified", "Backups are verified", state, said, "projects")


def _restore_drill(facts: Facts) -> Control:
    last = facts.backups.drill_passed_at
    is_fresh = last is not None and last > facts.collected_at - DRILLED_WITHIN
    said = f"last restored elsewhere {_on(last)}" if last else "never restored elsewhere"
    said = f"The whole installation was {said}."
    state = State.MET if is_fresh else State.NEEDS_WORK
    return Control("restore_drill", "Restores are rehearsed", state, said)


def _audit_chain(facts: Facts) -> Control:
    chain = facts.audit.chain
    open_end = chain.sequence - chain.signed_sequence
    signed = f"the last {open_end:,} not signed yet" if open_end else "all of them signed"
    said = f"{chain.sequence:,} entries in one chain, {signed}."
    state = State.MET if chain.signed_sequence else State.NEEDS_WORK
    return Control("audit_chain", "Audit log is chained and signed", state, said, "audit")


def _audit_streams(facts: Facts) -> Control:
    found = facts.audit
    if found.stream_failures:
        said, state = f"{', '.join(found.stream_failures)}: not taken.", State.NEEDS_WORK
    elif found.streams > found.streams_paused:
        said = (
            f"{_count(found.streams - found.streams_paused, 'stream sends', 'streams send')} it on."
        )
        state = State.MET
    else:
        said, state = "Kept here alone: no stream sends it on.", State.CHOICE
    return Control("audit_streams", "Audit log is kept elsewhere too", state, said, "audit_streams")


def _transport(facts: Facts) -> Control:
    found = facts.transport
    shown = found.certificate
    if found.speaks_plaintext:
        said, state = "Plaintext is answered beside TLS.", State.NEEDS_WORK
    elif shown is None or shown.not_after < facts.collected_at + _CERTIFICATE_LEFT:
        said, state = "The certificate ends within two weeks, or is missing.", State.NEEDS_WORK
    else:
        ends = _on(shown.not_after)
        said = f"TLS 1.2 and 1.3 with 256-bit suites alone; the certificate ends {ends}."
        state = State.MET if found.is_own else State.CHOICE
        said += "" if found.is_own else " It is of a development authority."
    return Control("transport", "Encryption in transit", state, said)


def _networks(facts: Facts) -> Control:
    bound = [
        words
        for words, networks in (
            ("people", facts.sign_in.people_networks),
            ("service accounts", facts.sign_in.service_account_networks),
        )
        if networks
    ]
    said = f"Bound for {' and '.join(bound)}." if bound else "People may come from anywhere."
    state = State.MET if bound else State.CHOICE
    return Control("networks", "Networks", state, said, "settings")


_JUDGES: tuple[Callable[[Facts], Control], ...] = (
    _second_factors, _single_sign_on, _owners, _unused_access, _networks, _api_keys, _data_keys,
    _own_keys, _transport, _backups_taken, _backups_verified, _restore_drill, _audit_chain,
    _audit_streams,
)  # fmt: skip


def _principals(facts: Facts, kind: str) -> list[HeldRole]:
    """Each living one once."""
    return _distinct(
        one for one in facts.held_roles if one.principal_type == kind and one.is_living
    )


def _distinct(held: Iterable[HeldRole]) -> list[HeldRole]:
    return list({one.principal_id: one for one in held}.values())


def _named(keys: list[KeyFact]) -> str:
    return ", ".join(one.project for one in keys)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _on(moment: datetime) -> str:
    return f"on {moment:%-d %b %Y}"
