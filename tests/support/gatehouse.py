"""A stand-in for gateway and node: it answers probes on an index's port, as they would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from access import probes
from indexes.models import Index
from orgs.secrets import installation_keyring


@dataclass
class Gatehouse:
    """`probes` are the answers given; `before_answer` runs within each probe."""

    statuses: list[int] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None


@contextmanager
def open_gatehouse(
    index: Index, *, before_answer: Callable[[], object] | None = None
) -> Iterator[Gatehouse]:
    """Serve the index's port for the block; only a token for this very index opens."""
    house = Gatehouse(before_answer=before_answer or (lambda: None))
    keys = installation_keyring().derived("probe")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            house.before_answer()
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            is_known = scheme == probes.SCHEME and probes.verify(keys, token, index.pk)
            status = 200 if is_known and self.path == "/.stonepine/probe" else 401
            house.statuses.append(status)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            """Silent: the tests read `statuses`."""

    assert index.port is not None
    with ThreadingHTTPServer(("127.0.0.1", index.port), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield house
        finally:
            server.shutdown()
            thread.join()
