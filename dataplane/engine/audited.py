"""The acts that are audited: their events, from the request and from what the engine knows."""

from typing import Any
from uuid import UUID

from dataplane.engine import messages
from kit.errors import Internal
from storage.events import DataPlaneEvent

AuditedRequest = messages.CreateNamespace | messages.DeleteNamespace | messages.Delete


def event_of(
    request: AuditedRequest, action: str, *, namespace_id: UUID | None, **parameters: Any
) -> DataPlaneEvent:
    """Without an origin the act does not happen."""
    if request.origin is None:
        raise Internal(f"{action} without an origin")
    return DataPlaneEvent(
        index_id=request.index_id,
        origin=request.origin,
        action=action,
        namespace_id=namespace_id,
        parameters=parameters,
    )
