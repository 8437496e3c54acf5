"""Asking an index's node in the name of a signed-in person: the control plane's only way there.

Nodes know keys; people have none. What a person asks for through the console is decided here by
the person's own rights, and sent with a pass (`access.passes`) that names person, index and right
for this one request. The node decides once more, and records what it audits under the person.
"""

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from access import passes
from access.actor import Actor
from access.network_policy import Caller
from access.permissions import Permission
from access.pods import decide_at_index
from audit import context
from indexes.models import Index
from indexes.reaching import connection_to
from kit import clock
from kit.errors import PermissionDenied, Unavailable
from orgs.secrets import installation_keyring
from protocol import from_reply

_TIMEOUT_S = 20.0
_DOWN = "The index's node does not answer. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Reply:
    """`path` tells how a query was answered, as the node writes it; `elapsed_ms` what it took."""

    body: bytes
    path: str
    elapsed_ms: float


def ask(
    actor: Actor,
    index: Index,
    permission: Permission,
    call: tuple[str, str],
    *,
    query: list[tuple[str, str]] | None = None,
    body: dict[str, Any] | None = None,
) -> Reply:
    """`call` is method and path of the Vector API. Raises what the index refuses with.

    May take seconds: call it outside any transaction.
    """
    _require(actor, index, permission)
    one = passes.issue(actor, permission, index.scope, **_origin())
    headers = {
        "content-type": "application/json",
        "x-stonepine-index": str(index.pk),
        passes.HEADER: passes.sign(installation_keyring().derive("pass"), one),
    }
    method, path = call
    target = f"{path}?{urlencode(query)}" if query else path
    content = None if body is None else json.dumps(body, allow_nan=False).encode()
    return _send(index, (method, target), content, headers)


def _require(actor: Actor, index: Index, permission: Permission) -> None:
    is_pod = "pod" in index.spec
    decision = decide_at_index(actor, permission, index.scope, is_pod=is_pod)
    if not decision.is_allowed:
        raise PermissionDenied(f"Access denied: {decision.reason}.", permission=str(permission))
    here = Caller(context.current().ip)
    if not index.project.network_policy.admits_to_data(here):
        raise PermissionDenied(
            f"Access denied: the project's records are not to be reached from "
            f"{here.address or 'here'}, which its network policy says.",
            permission=str(permission),
        )


def _origin() -> dict[str, Any]:
    here = context.current()
    return {"request_id": here.request_id, "ip": here.ip, "user_agent": here.user_agent}


def _send(
    index: Index, call: tuple[str, str], content: bytes | None, headers: dict[str, str]
) -> Reply:
    started_s = clock.monotonic_s()
    try:
        with closing(connection_to(index, timeout_s=_TIMEOUT_S)) as connection:
            connection.request(*call, content, headers)
            response = connection.getresponse()
            body = response.read()
    except (OSError, http.client.HTTPException):
        raise Unavailable(_DOWN, retry_after_s=1) from None
    if from_reply.is_refusal(response.status):
        after = response.headers.get("retry-after", "")
        retry_after_s = int(after) if after.isdigit() else None
        raise from_reply.refusal(response.status, body, retry_after_s=retry_after_s)
    elapsed_ms = (clock.monotonic_s() - started_s) * 1000
    return Reply(body, response.headers.get("x-stonepine-path", ""), elapsed_ms)
