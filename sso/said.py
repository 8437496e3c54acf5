"""What a proven assertion said, as it is kept between its arrival and the browser's next page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sso.parties import Assertion


@dataclass(frozen=True, slots=True)
class Said:
    """Without whatever the sign-on does not need any more."""

    name_id: str
    email: str
    session_index: str = ""
    session_until: datetime | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    authenticated_at: datetime | None = None

    def values(self, attribute: str) -> tuple[str, ...]:
        return self.attributes.get(attribute, ()) if attribute else ()

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        until, proven_at = self.session_until, self.authenticated_at
        return {
            "name_id": self.name_id,
            "email": self.email,
            "session_index": self.session_index,
            "session_until": until.isoformat() if until else None,
            "authenticated_at": proven_at.isoformat() if proven_at else None,
            "attributes": {name: list(values) for name, values in self.attributes.items()},
        }


def said_by(assertion: Assertion) -> Said:
    return Said(
        name_id=assertion.name_id,
        email=assertion.email,
        session_index=assertion.session_index[:1024],
        session_until=assertion.session_until,
        attributes=assertion.attributes,
        authenticated_at=assertion.authenticated_at,
    )


def read_kept(kept: Mapping[str, Any]) -> Said:
    until = kept["session_until"]
    proven_at = kept.get("authenticated_at")
    return Said(
        name_id=kept["name_id"],
        email=kept["email"],
        session_index=kept["session_index"],
        session_until=datetime.fromisoformat(until) if until else None,
        attributes={name: tuple(values) for name, values in kept["attributes"].items()},
        authenticated_at=datetime.fromisoformat(proven_at) if proven_at else None,
    )
