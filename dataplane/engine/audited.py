"""The acts that are audited: their events, from the request and from what the engine knows.

Administration always is; writing records is where a person does it, who comes with an origin.
"""

from typing import Any
from uuid import UUID

from dataplane.engine import messages
from kit.errors import Internal
from storage.events import DataPlaneEvent

AuditedRequest = (
    messages.CreateNamespace
    | messages.DeleteNamespace
    | messages.Delete
    | messages.Upsert
    | messages.Update
)


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


def event_by_hand(
    request: messages.Upsert | messages.Update | messages.Delete,
    action: str,
    *,
    namespace_id: UUID | None,
    records: int,
) -> DataPlaneEvent | None:
    """None where it was no person who wrote these records."""
    if request.origin is None:
        return None
    return event_of(request, action, namespace_id=namespace_id, records=records)
