"""Fills a running stack with an organization in full swing, by the product's own verbs.

Run as a program (`python -m tests.tour.furniture furnish|sessions`) in the environment of one of
the stack's processes; `furnished` and `sessions` do that.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import psutil

from tests.support.stack import REPOSITORY, Stack

# Where the tour's key provider is, in the environment of its stack.
KEY_HOUSE = "TOUR_KEY_HOUSE"
OWNERS_ADDRESS, VIEWERS_ADDRESS = "mara@hollin.example", "vera@hollin.example"
MEMBERS_ADDRESS = "priya@hollin.example"


@dataclass(frozen=True)
class Furnished:
    """`values` are those of routes' parameters, `paths` whole addresses by route."""

    values: dict[str, str]
    paths: dict[str, str]


def furnished(stack: Stack) -> Furnished:
    return Furnished(**_run(stack, "furnish", timeout_s=600))


def sessions(stack: Stack) -> dict[str, dict[str, str]]:
    """Cookies of people who have proven themselves just now: `{"owner": {name: value}, …}`."""
    return _run(stack, "sessions", timeout_s=120)


def _run(stack: Stack, act: str, *, timeout_s: float) -> Any:
    web = stack.pid("web")
    assert web is not None, "the stack's web process is down"
    result = subprocess.run(
        [sys.executable, "-m", "tests.tour.furniture", act],
        cwd=REPOSITORY, env=psutil.Process(web).environ(), capture_output=True, text=True,
        timeout=timeout_s, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def _sessions() -> dict[str, dict[str, str]]:
    from django.conf import settings
    from django.test import Client

    from accounts.queries import find_user_by_email

    found = {}
    visitors = {"owner": OWNERS_ADDRESS, "member": MEMBERS_ADDRESS, "viewer": VIEWERS_ADDRESS}
    for who, address in visitors.items():
        user = find_user_by_email(address)
        assert user is not None
        client = Client()
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        found[who] = {settings.SESSION_COOKIE_NAME: str(session.session_key)}
    return found


def _furnish() -> dict[str, dict[str, str]]:
    from access.actor import OPERATOR
    from orgs.installation.diagnosis import diagnose
    from orgs.organizations import create_organization
    from orgs.plans import Plan
    from orgs.queries import session_actor
    from projects.projects import create_project
    from tests.tour import indexes, listeners, people, strangers

    organization = create_organization(OPERATOR, name="Hollin Labs", plan=Plan.ENTERPRISE)
    names = ("Search production", "Recommendations", "Support assistant")
    project, *others = [create_project(OPERATOR, organization, name=name) for name in names]
    team = people.hire(organization, project)
    owner, colleague = (
        session_actor(team[address]) for address in (OWNERS_ADDRESS, "jonas@hollin.example")
    )
    values = {
        "organization": organization.slug,
        "project": project.slug,
        "empty_project": others[-1].slug,
        **people.invite(organization, project, actor=owner),
        **people.automate(organization, project, actor=owner),
        **people.connect(organization, project, team, actor=owner),
        **indexes.fill(project, actor=colleague),
        **listeners.listen(organization, project, actor=owner),
        **people.events(organization, project),
        "kind": _lock(owner, project),
    }
    diagnose(OPERATOR)
    paths = strangers.paths(organization, team) | listeners.paths(organization)
    return {"values": values, "paths": paths}


def _lock(owner: Any, project: Any) -> str:
    """Put a key at the tour's own provider around the project; its kind."""
    from projects.encryption_keys import attach_encryption_key
    from tests.support.key_house import SECRETS, KeyHouse

    attach_encryption_key(
        owner, project, kind="vault", secret=SECRETS["vault"](),
        settings=KeyHouse(os.environ[KEY_HOUSE]).settings("vault"),
    )  # fmt: skip
    return "vault"


def main(arguments: list[str]) -> None:
    import django

    django.setup()
    from audit.context import AuditContext, Source, acting_from

    acts = {"furnish": _furnish, "sessions": _sessions}
    with acting_from(AuditContext(request_id="the-tour", source=Source.CONSOLE, ip="203.0.113.24")):
        sys.stdout.write(json.dumps(acts[arguments[0]]()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
