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

    def values(self, attribute: str) -> tuple[str, ...]:
        return self.attributes.get(attribute, ()) if attribute else ()

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        until = self.session_until
        return {
            "name_id": self.name_id,
            "email": self.email,
            "session_index": self.session_index,
            "session_until": until.isoformat() if until else None,
            "attributes": {name: list(values) for name, values in self.attributes.items()},
        }


def said_by(assertion: Assertion) -> Said:
    return Said(
        name_id=assertion.name_id,
        email=assertion.email,
        session_index=assertion.session_index[:1024],
        session_until=assertion.session_until,
        attributes=assertion.attributes,
    )


def read_kept(kept: Mapping[str, Any]) -> Said:
    until = kept["session_until"]
    return Said(
        name_id=kept["name_id"],
        email=kept["email"],
        session_index=kept["session_index"],
        session_until=datetime.fromisoformat(until) if until else None,
        attributes={name: tuple(values) for name, values in kept["attributes"].items()},
    )
