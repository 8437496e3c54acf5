"""Audit events of the data plane: what nodes hand to the control plane's one procedure for them.

An event is part of the transaction of the act that it is about; one of a refusal stands alone.
"""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from kit.ids import new_id
from storage.database import Connection, translated_errors

IMPORT_CANCELLED = "import.cancelled"
IMPORT_STARTED = "import.started"
NAMESPACE_CREATED = "namespace.created"
NAMESPACE_DELETED = "namespace.deleted"
NAMESPACE_EMPTIED = "namespace.emptied"
RECORDS_DELETED = "namespace.records_deleted"
RECORDS_UPDATED = "namespace.records_updated"
RECORDS_UPSERTED = "namespace.records_upserted"

STATEMENT = b"CALL dataplane_record_event($1::jsonb)"
# An engine serves many tenants: it does not wait long for the chain of one of them.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
_encode = msgspec.json.Encoder().encode


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Who acts, by the public id of the key or as a person of the control plane, and from where."""

    key_id: str
    request_id: str
    ip: str | None = None
    user_agent: str = ""
    user_id: UUID | None = None
    user_name: str = ""

    @property
    def principal(self) -> str:
        return self.key_id if self.user_id is None else str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlaneEvent:
    """Names of the index, project, organization and key are filled in by the control plane.

    No customer bytes: a namespace is named by its opaque id, and the noun of the action says
    whether the event is about it or about an import. Writing the same `id` twice is the
    same as once.
    """

    index_id: UUID
    origin: Origin
    action: str
    namespace_id: UUID | None = None
    import_id: UUID | None = None
    outcome: str = "success"
    reason: str = ""
    error_code: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)

    def to_json(self) -> bytes:
        fields = asdict(self) | msgspec.structs.asdict(self.origin)
        del fields["origin"]
        return _encode(fields)


def record_event(connection: Connection, event: DataPlaneEvent) -> None:
    """Part of the act's transaction: without the event the act does not happen."""
    with translated_errors():
        connection.execute(_LOCK_TIMEOUT)
        connection.execute("CALL dataplane_record_event(%s::jsonb)", [event.to_json().decode()])


def record_alone(connection: Connection, event: DataPlaneEvent) -> None:
    """In a transaction of its own."""
    with translated_errors(), connection.transaction():
        record_event(connection, event)
