"""An organization of a running stack that SCIM manages, made by the product's own verbs.

Run as a program with the environment of one of the stack's processes, it prints the base URL and a
token; `directory_in` does that.
"""

import json
import subprocess
import sys

import psutil

from tests.support.stack import REPOSITORY, Stack


def directory_in(stack: Stack) -> tuple[str, str]:
    """A base URL and a token of a fresh organization in a running stack."""
    web = stack.pid("web")
    assert web is not None, "the stack's web process is down"
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.directory_in_stack"],
        cwd=REPOSITORY, env=psutil.Process(web).environ(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    base, token = json.loads(result.stdout.splitlines()[-1])
    return base, token


def main() -> None:
    import django

    django.setup()
    from audit.context import AuditContext, Source, acting_from

    with acting_from(AuditContext(request_id="test", source=Source.COMMAND_LINE)):
        made = _made()
    sys.stdout.write(json.dumps(made) + "\n")


def _made() -> tuple[str, str]:
    from access.actor import OPERATOR
    from orgs.organizations import create_organization
    from orgs.plans import Plan
    from sso.scim.rendering import base_url
    from tests.support.directory import managed_by_scim, token_of

    organization = create_organization(OPERATOR, name="Directory", plan=Plan.ENTERPRISE)
    managed_by_scim(organization)
    return base_url(organization), token_of(organization)


if __name__ == "__main__":
    main()
