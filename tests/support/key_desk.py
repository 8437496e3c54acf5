"""A running stack's own verbs on keys, by a process that waits for one command a line.

`python -m tests.support.key_desk` with the environment of one of the stack's processes;
`key_desk` starts it. One process for many acts: what is measured is the act, not a start.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from tests.support.stack import REPOSITORY, Stack

# A key that is to expire does so after this time.
EXPIRY_S = 0.1


@dataclass(frozen=True)
class KeyDesk:
    process: "subprocess.Popen[str]"

    def make(self, **options: Any) -> str:
        """A key of the first project, its plain value."""
        return self._ask("make", **options)

    def end(self, act: str, key: str) -> None:
        """`act` is one of revoke, disable, expire, demote; answers once it is committed."""
        self._ask(act, public_id=key.split("_")[1])

    def _ask(self, act: str, **options: Any) -> str:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"act": act, **options}) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the desk has closed"
        return str(json.loads(line))


@contextmanager
def key_desk(stack: Stack) -> Iterator[KeyDesk]:
    web = stack.pid("web")
    assert web is not None, "the stack's web process is down"
    with subprocess.Popen(
        [stack.interpreter, "-m", "tests.support.key_desk"],
        cwd=REPOSITORY, env=psutil.Process(web).environ(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        yield KeyDesk(process)
        assert process.stdin is not None
        process.stdin.close()


def _make(roles: list[str], bounds: dict[str, list[str]]) -> str:
    from uuid import UUID

    from access.actor import OPERATOR
    from access.permissions import Role
    from orgs.queries import first_organization
    from projects.api_keys import create_api_key
    from projects.key_bounds import Bounds
    from projects.queries import first_project

    organization = first_organization()
    assert organization is not None
    project = first_project(organization)
    assert project is not None
    _, plain = create_api_key(
        OPERATOR, project, name="a test's", roles=[Role(role) for role in roles],
        bounds=Bounds(
            index_ids=tuple(map(UUID, bounds.get("index_ids", []))),
            namespaces=tuple(bounds.get("namespaces", [])),
            networks=tuple(bounds.get("networks", [])),
        ),
    )  # fmt: skip
    return plain.value


def _end(act: str, public_id: str) -> str:
    from datetime import timedelta

    from access.actor import OPERATOR
    from access.permissions import Role
    from kit import clock
    from projects.api_keys import disable_api_key, revoke_api_key, update_api_key
    from projects.key_rolling import roll_api_key
    from projects.models import ApiKey

    key = ApiKey.objects.using("system").select_related("project__organization")
    found = key.filter(public_id=public_id)[0]
    if act == "revoke":
        revoke_api_key(OPERATOR, found)
    elif act == "disable":
        disable_api_key(OPERATOR, found)
    elif act == "expire":
        roll_api_key(OPERATOR, found, until=clock.now() + timedelta(seconds=EXPIRY_S))
    else:
        roles = [Role.CONTROL_PLANE_EDITOR]
        update_api_key(OPERATOR, found, roles=roles)
    return act


def _serve() -> None:
    import django

    django.setup()
    from audit.context import AuditContext, Source, acting_from

    with acting_from(AuditContext(request_id="test", source=Source.COMMAND_LINE)):
        for line in sys.stdin:
            asked = json.loads(line)
            act = asked.pop("act")
            if act == "make":
                roles = asked.pop("roles", ["ProjectEditor"])
                answer = _make(roles, asked)
            else:
                answer = _end(act, **asked)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    _serve()
