"""Pod-based indexes: their data plane knows only the right to everything."""

from access.actor import Actor, Scope
from access.decide import Decision, decide
from access.permissions import Permission
from kit.errors import PermissionDenied

DATA_PERMISSIONS = frozenset({Permission.DATA_READ, Permission.DATA_WRITE})
_REFUSAL = "a pod-based index is opened only by an API key whose data plane permission is ReadWrite"


def decide_at_index(
    actor: Actor, permission: Permission, scope: Scope, *, is_pod: bool
) -> Decision:
    """`decide`, and on the data plane of a pod-based index only for who may read and write."""
    if is_pod and permission in DATA_PERMISSIONS:
        whole = decide(actor, Permission.DATA_WRITE, scope)
        if not whole.is_allowed:
            return Decision(is_allowed=False, reason=_REFUSAL)
    return decide(actor, permission, scope)


def require_on_pod(actor: Actor, scope: Scope) -> None:
    """Raise `PermissionDenied` for whoever may not both read and write, whatever is asked."""
    decision = decide_at_index(actor, Permission.DATA_WRITE, scope, is_pod=True)
    if not decision.is_allowed:
        raise PermissionDenied(f"Access denied: {decision.reason}.")
