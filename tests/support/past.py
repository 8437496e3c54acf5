"""Use of the past, planted as nodes would report it."""

from datetime import date
from typing import Any

from indexes.models import Index
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from storage import usage
from storage.activity import Held
from storage.database import Connection
from storage.usage import Place, Report, Tally


class Past:
    """`used(index, day, read_units=3, stored=100)`: one report of a node."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def used(
        self, index: Index, day: date, *, stored: int | None = None, records: int = 1, **counts: int
    ) -> None:
        place = Place(
            OrganizationId(index.organization_id),
            ProjectId(index.project_id),
            IndexId(index.pk),
            day,
        )
        tally = Tally(index.name)
        tally.counts.update(counts)
        sizes: dict[Any, Held] = {} if stored is None else {index.pk: Held(stored, records)}
        usage.apply(self._connection, new_id(), Report(1, {place: tally}, day, sizes))
