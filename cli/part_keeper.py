"""`python -m cli.part_keeper gateway|web`: says that the part lives, and tells a gateway where it
leads to.

A gateway that cannot reach the database goes on as it was told last.
"""

import signal
import sys
import threading

import structlog

from cli.notices import say_ready
from gateway.apart import Parts, PlacedIndex, publish_parts
from gateway.settings import GatewaySettings
from kit.environment import Environment, environment
from kit.errors import StonepineError
from kit.logs import configure_logs
from kit.parts import PartKind
from storage import parts
from storage.access_watch import AccessWatch
from storage.database import Connection, connect
from storage.parts import KnownPart, Surroundings

_log = structlog.get_logger()


class Keeper:
    """Of one part. `beat` runs in the watch's thread, twice a second and at each change."""

    def __init__(self, here: Environment, kind: PartKind) -> None:
        self._part = KnownPart(kind, here.part_name, here.part_address)
        self._settings = GatewaySettings.of(here) if kind is PartKind.GATEWAY else None
        self._told: Surroundings | None = None

    def beat(self, connection: Connection, version: int) -> bool:
        """What was read after that version is published before the version is said to be heard."""
        if self._settings is not None:
            self._publish(self._settings, parts.load_surroundings(connection))
        parts.beat(connection, self._part, version)
        return True

    def leave(self, url: str) -> None:
        try:
            with connect(url, name="keeper") as connection:
                parts.leave(connection, self._part)
        except StonepineError as error:
            _log.warning("not_left", reason=error.message)

    def _publish(self, settings: GatewaySettings, found: Surroundings) -> None:
        if found == self._told:
            return
        indexes = tuple(PlacedIndex(*one) for one in found.indexes)
        publish_parts(settings, Parts(found.nodes, found.webs, indexes))
        self._told = found
        _log.info("published", nodes=len(found.nodes), webs=len(found.webs), indexes=len(indexes))


def main() -> None:
    here, kind = environment(), PartKind(sys.argv[1])
    configure_logs("keeper")
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    url = here.database_system_url.get_secret_value()
    keeper = Keeper(here, kind)
    watch = AccessWatch(url, lambda: None, beat=keeper.beat)
    watch.start()
    while not is_over.is_set() and not watch.wait_until_heard(timeout_s=0.2):
        pass
    if not is_over.is_set():
        say_ready()
    is_over.wait()
    watch.stop()
    keeper.leave(url)


if __name__ == "__main__":
    main()
