"""Pod-based indexes: their data plane knows only the right to everything."""

from access.actor import Actor, Scope
from access.decide import decide
from access.permissions import Permission
from kit.errors import PermissionDenied


def require_on_pod(actor: Actor, scope: Scope) -> None:
    """Raise `PermissionDenied` for whoever may not both read and write, whatever is asked."""
    if not decide(actor, Permission.DATA_WRITE, scope).is_allowed:
        raise PermissionDenied(
            "Access denied: a pod-based index is opened only by an API key whose data plane "
            "permission is ReadWrite."
        )
