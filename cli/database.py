"""`python -m cli.database [--embedded]`: brings roles and tables to what this code needs."""

import hashlib
import sys
from pathlib import Path

from cli.embedded.identity import server_identity
from cli.embedded.postgres import EmbeddedPostgres
from cli.home import Home
from cli.settings import embedded_postgres
from kit.environment import environment

_PROJECT = Path(__file__).resolve().parent.parent
_SOURCES = ("*/migrations/*.py", "*/*.sql", "access/row_security.py")
# In the data folder itself: it is gone or restored together with what it speaks of.
_MARK_FILE = "stonepine.prepared"


def is_prepared(server: EmbeddedPostgres, node_name: str) -> bool:
    """Whether this code has prepared this cluster before; cheap enough for each start."""
    try:
        return (server.data_dir / _MARK_FILE).read_text() == _mark(server, node_name)
    except FileNotFoundError:
        return False


def prepare(server: EmbeddedPostgres | None) -> None:
    """Roles, database, migrations, this machine's node. Idempotent."""
    import django
    from django.core.management import call_command

    if server is not None:
        server.ensure_database()
    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    from indexes.nodes import register_node

    register_node(environment().node_name)
    if server is not None:
        mark = _mark(server, environment().node_name)
        server_identity().write(server.data_dir / _MARK_FILE, mark)


def _mark(server: EmbeddedPostgres, node_name: str) -> str:
    digest = hashlib.sha256(node_name.encode())
    digest.update(repr(sorted(server.passwords.items())).encode())
    for pattern in _SOURCES:
        for path in sorted(_PROJECT.glob(pattern)):
            digest.update(path.relative_to(_PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    prepare(embedded_postgres(Home.at(None)) if "--embedded" in sys.argv else None)
