"""Keys of every kind in a running stack, made by the product's own verbs in its own environment.

Run as a program (`python -m tests.support.tenants make|revoke …`) with the environment of one of
the stack's processes; `tenants_of` does that.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

import psutil

from tests.support.stack import REPOSITORY, Stack

ROLES = (
    "ProjectEditor", "ProjectViewer", "ControlPlaneEditor", "ControlPlaneViewer",
    "DataPlaneEditor", "DataPlaneViewer",
)  # fmt: skip


@dataclass(frozen=True)
class Tenants:
    """`by_role` are keys of the first project; the others' are editors elsewhere."""

    stack: Stack
    by_role: dict[str, str]
    expired: str
    revoked: str
    other_project: str
    other_organization: str

    def revoke(self, key: str) -> None:
        _run(self.stack, "revoke", key.split("_")[1])


def tenants_of(stack: Stack) -> Tenants:
    return Tenants(stack, **json.loads(_run(stack, "make")))


def _run(stack: Stack, *arguments: str) -> str:
    web = stack.pid("web")
    assert web is not None, "the stack's web process is down"
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.tenants", *arguments],
        cwd=REPOSITORY, env=psutil.Process(web).environ(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1] if result.stdout else ""


def _make() -> dict[str, object]:
    from datetime import timedelta

    from access.actor import OPERATOR
    from access.permissions import Role
    from kit import clock
    from orgs.organizations import create_organization
    from orgs.plans import Plan
    from orgs.queries import first_organization
    from projects.api_keys import create_api_key, revoke_api_key
    from projects.projects import create_project
    from projects.queries import first_project
    from tests.support.waiting import wait_until

    organization = first_organization()
    assert organization is not None
    project = first_project(organization)
    assert project is not None
    stranger = create_organization(OPERATOR, name="Strangers", plan=Plan.ENTERPRISE)
    elsewhere = create_project(OPERATOR, organization, name="Elsewhere")
    abroad = create_project(OPERATOR, stranger, name="Abroad")

    def key(where: object, role: str = "ProjectEditor", **options: object) -> str:
        roles = (Role(role),)
        return create_api_key(OPERATOR, where, name="a test's", roles=roles, **options)[1].value

    end = clock.now() + timedelta(seconds=0.2)
    expired = key(project, expires_at=end)
    gone, plain = create_api_key(OPERATOR, project, name="gone", roles=(Role.PROJECT_EDITOR,))
    revoke_api_key(OPERATOR, gone)
    wait_until(lambda: clock.now() > end, timeout_s=5, what="the key has expired")
    return {
        "by_role": {role: key(project, role) for role in ROLES},
        "expired": expired,
        "revoked": plain.value,
        "other_project": key(elsewhere),
        "other_organization": key(abroad),
    }


def _revoke(public_id: str) -> None:
    from access.actor import OPERATOR
    from projects.api_keys import revoke_api_key
    from projects.models import ApiKey

    key = ApiKey.objects.using("system").filter(public_id=public_id)[0]
    revoke_api_key(OPERATOR, key, reason="a test")


def main(arguments: list[str]) -> None:
    import django

    django.setup()
    from audit.context import AuditContext, Source, acting_from

    with acting_from(AuditContext(request_id="test", source=Source.COMMAND_LINE)):
        if arguments[0] == "make":
            sys.stdout.write(json.dumps(_make()) + "\n")
        else:
            _revoke(arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])
