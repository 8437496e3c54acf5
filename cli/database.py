"""`python -m cli.database [--embedded]`: brings roles and tables to what this code needs."""

import hashlib
import sys
from pathlib import Path

from cli.database_roles import require_bound_role
from cli.embedded.identity import server_identity
from cli.embedded.postgres import EmbeddedPostgres
from cli.errors import SetupError
from cli.home import Home
from cli.settings import embedded_postgres
from kit.environment import Environment, environment
from storage.ownership import StoreOfAnother, open_own_store

_PROJECT = Path(__file__).resolve().parent.parent
_SOURCES = ("*/migrations/*.py", "*/*.sql", "access/row_security.py")
# In the data folder itself: it is gone or restored together with what it speaks of.
_MARK_FILE = "stonepine.prepared"


def is_prepared(server: EmbeddedPostgres, here: Environment) -> bool:
    """Whether this code has prepared this cluster before; cheap enough for each start."""
    try:
        return (server.data_dir / _MARK_FILE).read_text() == _mark(server, here)
    except FileNotFoundError:
        return False


def prepare(server: EmbeddedPostgres | None, *, may_be_taken_over: bool = False) -> None:
    """Roles, database, migrations, this machine's node, the object store. Idempotent.

    Raises SetupError where that is another installation's, unless it is to be taken over in a
    moment.
    """
    import django
    from django.core.management import call_command

    if server is not None:
        server.ensure_database()
    django.setup()
    here = environment()
    if here.production:
        require_bound_role("DATABASE_URL", here.database_url.get_secret_value())
        require_bound_role("DATABASE_SYSTEM_URL", here.database_system_url.get_secret_value())
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    from indexes.deployment.placement import place_again
    from indexes.nodes import register_node

    place_again(register_node(here.node_name, engines=here.engine_count))
    if not may_be_taken_over:
        _claim_object_store(here)
    if server is not None:
        mark = _mark(server, here)
        server_identity().write(server.data_dir / _MARK_FILE, mark)


def _claim_object_store(here: Environment) -> None:
    try:
        open_own_store(here.object_store_url, here.database_system_url.get_secret_value())
    except StoreOfAnother as error:
        raise SetupError(error.message, hint="See OBJECT_STORE_URL.") from error


def _mark(server: EmbeddedPostgres, here: Environment) -> str:
    digest = hashlib.sha256(f"{here.node_name} {here.engine_count}".encode())
    digest.update(repr(sorted(server.passwords.items())).encode())
    for pattern in _SOURCES:
        for path in sorted(_PROJECT.glob(pattern)):
            digest.update(path.relative_to(_PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        prepare(embedded_postgres(Home.at(None)) if "--embedded" in sys.argv else None)
    except SetupError as error:
        sys.exit(f"{error.message} {error.hint}")
