"""The control plane as the front sees it: one blocking connection, shared and renewed."""

import threading
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from kit.errors import Unavailable
from storage import catalog
from storage.catalog import ApiKeyRow, IndexRow, ProjectKeyRow
from storage.database import Connection, connect

T = TypeVar("T")


class ControlPlane:
    """A `Catalog` over the system role's URL, for any thread; one question at a time.

    Raises `Unavailable` where the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def load_api_key(self, public_id: str) -> ApiKeyRow | None:
        return self._ask(lambda connection: catalog.load_api_key(connection, public_id))

    def load_project_keys(self, project_id: UUID) -> list[ProjectKeyRow]:
        return self._ask(lambda connection: catalog.load_project_keys(connection, project_id))

    def load_index(self, index_id: UUID) -> IndexRow | None:
        return self._ask(lambda connection: catalog.load_index(connection, index_id))

    def _ask(self, question: Callable[[Connection], T]) -> T:
        with self._lock:
            if self._connection is not None:
                try:
                    return question(self._connection)
                except Unavailable:
                    # Most likely the server was restarted since: once more on a new connection.
                    self._connection.close()
                    self._connection = None
            self._connection = connect(self._url, name="front")
            return question(self._connection)
