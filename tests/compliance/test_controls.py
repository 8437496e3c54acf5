"""What facts show: each control in each of its states, and what needs work first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.permissions import Role
from compliance.controls import Control, controls
from compliance.facts import AuditFacts, BackupFacts, Facts, KeyFact, SignInFacts
from compliance.states import State
from compliance.transport import Certificate, Transport
from kit.ids import new_id
from orgs.audit_log import ChainState
from orgs.models import Organization
from projects.access_review import HeldRole

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATELY, LONG_AGO = NOW - timedelta(days=3), NOW - timedelta(days=400)


def held(name: str, role: Role = Role.ORG_OWNER, **changes: Any) -> HeldRole:
    kind = "api_key" if role is Role.PROJECT_EDITOR else "user"
    one = HeldRole(
        kind, new_id(), name, name, role, "", LATELY, LATELY, None, is_living=True,
        has_second_factor=True if kind == "user" else None,
    )  # fmt: skip
    return replace(one, **changes)


CERTIFICATE = Certificate("CN=pine", "CN=trusted", NOW + timedelta(days=60), "ab")
GOOD = Facts(
    organization=Organization(name="Pine", slug="pine"),
    collected_at=NOW,
    held_roles=[
        held("Alice"), held("Bob"), held("ci", Role.PROJECT_EDITOR, expires_at=NOW),
    ],
    keys=[KeyFact("search", 1, LATELY, "vault", LATELY)],
    backups=BackupFacts(2, 2, 5, 0, LATELY, LATELY, LATELY, LATELY),
    sign_in=SignInFacts("Okta", ["pine.example"], ["pine.example"], False, ["10.0.0.0/8"], []),
    audit=AuditFacts(ChainState(90, 80), 1, 0, []),
    transport=Transport("https://pine", False, True, True, CERTIFICATE),
    retention=[],
)  # fmt: skip


def judged(name: str, **changes: Any) -> Control:
    return next(one for one in controls(replace(GOOD, **changes)) if one.name == name)


def test_everything_may_be_met() -> None:
    found = controls(GOOD)
    assert {one.state for one in found} == {State.MET}, [
        one for one in found if one.state is not State.MET
    ]
    assert len({one.name for one in found}) == len(found) == 14


def test_what_needs_work_stands_first() -> None:
    found = controls(replace(GOOD, backups=BackupFacts(), sign_in=SignInFacts()))
    order = [one.state for one in found]
    assert order == sorted(order, key=list(State).index)
    assert order[0] is State.NEEDS_WORK


@pytest.mark.parametrize(
    ("name", "changes", "state", "said"),
    [
        ("second_factors", {"held_roles": [held("Al", has_second_factor=False)]},
         State.CHOICE, "0 of 1 person"),
        ("second_factors",
         {"held_roles": [held("Al", has_second_factor=False)], "sign_in": SignInFacts()},
         State.NEEDS_WORK, "0 of 1 person have one."),
        ("second_factors", {"held_roles": [held("Al"), held("Al", is_living=False)]},
         State.MET, "1 of 1 person"),
        ("single_sign_on", {"sign_in": SignInFacts("Okta")}, State.NEEDS_WORK, "nobody has to"),
        ("single_sign_on", {"sign_in": SignInFacts()}, State.CHOICE, "Not set up"),
        ("owners", {"held_roles": [held("Al"), held("Bo", is_living=False)]},
         State.NEEDS_WORK, "1 person owns"),
        ("unused_access", {"held_roles": [held("Al", last_used_at=LONG_AGO)]},
         State.NEEDS_WORK, "Al"),
        ("unused_access", {"held_roles": [held("Al", last_used_at=None, granted_at=LONG_AGO)]},
         State.NEEDS_WORK, "Al"),
        ("unused_access", {"held_roles": [held("Al", last_used_at=LONG_AGO, is_living=False)]},
         State.MET, "Everybody"),
        ("api_keys", {"held_roles": [held("ci", Role.PROJECT_EDITOR)]},
         State.CHOICE, "1 active key, 1 without an expiry."),
        ("api_keys", {"held_roles": [held("ci", Role.PROJECT_EDITOR, granted_at=LONG_AGO)]},
         State.NEEDS_WORK, "older than a year"),
        ("data_keys", {"keys": [KeyFact("old", 1, LONG_AGO)]}, State.NEEDS_WORK, "old"),
        ("own_keys", {"keys": [KeyFact("search", 1, LATELY)]}, State.CHOICE, "keyring"),
        ("own_keys", {"keys": [KeyFact("search", 1, LATELY, "vault", own_key_failure="no")]},
         State.NEEDS_WORK, "search"),
        ("own_keys", {"keys": [KeyFact("search", 1, LATELY, "vault", own_key_disabled_at=NOW)]},
         State.NEEDS_WORK, "search"),
        ("backups", {"backups": BackupFacts(3, 1)}, State.NEEDS_WORK, "1 of 3 indexes"),
        ("backups_verified", {"backups": BackupFacts()}, State.CHOICE, "no backup"),
        ("backups_verified", {"backups": BackupFacts(1, 1, 2, 0, LATELY, LONG_AGO)},
         State.NEEDS_WORK, "22 Oct 2025"),
        ("backups_verified", {"backups": BackupFacts(1, 1, 2, 1, LATELY, LATELY)},
         State.NEEDS_WORK, "1 backup is damaged"),
        ("restore_drill", {"backups": BackupFacts()}, State.NEEDS_WORK, "never"),
        ("audit_chain", {"audit": AuditFacts(ChainState(9, 0), 0, 0, [])},
         State.NEEDS_WORK, "9 entries"),
        ("audit_streams", {"audit": AuditFacts(ChainState(9, 9), 1, 1, [])},
         State.CHOICE, "here alone"),
        ("audit_streams", {"audit": AuditFacts(ChainState(9, 9), 1, 0, ["siem"])},
         State.NEEDS_WORK, "siem"),
        ("transport", {"transport": replace(GOOD.transport, speaks_plaintext=True)},
         State.NEEDS_WORK, "Plaintext"),
        ("transport", {"transport": replace(GOOD.transport, certificate=None)},
         State.NEEDS_WORK, "missing"),
        ("transport",
         {"transport": replace(GOOD.transport, certificate=replace(CERTIFICATE, not_after=NOW))},
         State.NEEDS_WORK, "two weeks"),
        ("transport", {"transport": replace(GOOD.transport, is_own=False)},
         State.CHOICE, "development authority"),
        ("networks", {"sign_in": SignInFacts()}, State.CHOICE, "anywhere"),
    ],
)  # fmt: skip
def test_each_control_says_why(name: str, changes: Any, state: State, said: str) -> None:
    found = judged(name, **changes)
    assert found.state is state
    assert said in found.evidence
