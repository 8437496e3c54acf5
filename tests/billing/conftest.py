"""Use of the past, planted as nodes would report it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from indexes.models import Index
from kit.environment import environment
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from storage import usage
from storage.database import Connection, connect
from storage.usage import Place, Report, Tally


class Past:
    """`used(index, day, read_units=3, stored=100)`: one report of a node."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def used(self, index: Index, day: date, *, stored: int | None = None, **counts: int) -> None:
        place = Place(
            OrganizationId(index.organization_id),
            ProjectId(index.project_id),
            IndexId(index.pk),
            day,
        )
        tally = Tally(index.name)
        tally.counts.update(counts)
        sizes: dict[Any, int] = {} if stored is None else {index.pk: stored}
        usage.apply(self._connection, new_id(), Report(1, {place: tally}, day, sizes))


@pytest.fixture
def control(database: None) -> Iterator[Connection]:
    """The system role, as nodes use it."""
    with connect(environment().database_system_url.get_secret_value(), name="test") as opened:
        yield opened


@pytest.fixture
def past(control: Connection) -> Past:
    return Past(control)
