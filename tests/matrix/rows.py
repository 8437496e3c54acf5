"""One row of the matrix: what a method of a route needs, and how one sees that it was allowed."""

from dataclasses import dataclass, field
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Row:
    """`right` is one of tests/matrix/reference.py; `allowed` the status for whoever holds it.

    Probes change nothing: a body that is refused after the right was checked, an act that is
    done already, an index that is protected. `signed_in` is the status for those who need the
    page no more, `homeless` for those who belong to no organization; `denied_events` is 0 where
    trying is no act. `says` stands in the answer to who may, where the status alone could also
    mean "may not". What `is_undone` cannot be tried without doing it: it is rolled back.
    """

    right: str
    allowed: int
    body: dict[str, Any] = field(default_factory=dict)
    signed_in: int | None = None
    homeless: int | None = None
    says: str = ""
    denied_events: int = 1
    ends_session: bool = False
    is_undone: bool = False

    @property
    def for_holders(self) -> str:
        return f"{self.allowed} {self.says}".rstrip()


Rows = dict[str, Row]
