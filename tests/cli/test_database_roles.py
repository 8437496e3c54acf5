"""Roles that row-level security does not bind are refused by the name of their variable."""

import psycopg
import pytest

from cli.database_roles import require_bound_role
from cli.embedded.postgres import ROLES, EmbeddedPostgres
from cli.errors import SetupError


@pytest.mark.parametrize("role", ROLES)
def test_roles_of_the_embedded_server_are_bound(
    postgres_server: EmbeddedPostgres, role: str
) -> None:
    postgres_server.ensure_database()
    require_bound_role("DATABASE_URL", postgres_server.url(role))


@pytest.mark.parametrize("right", ["SUPERUSER", "BYPASSRLS"])
def test_role_above_row_security_is_refused(postgres_server: EmbeddedPostgres, right: str) -> None:
    master = postgres_server.url("postgres", "postgres")
    with psycopg.connect(master, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE unbound LOGIN {right} PASSWORD 'unbound'")
        try:
            name, _, rest = master.rpartition("@")
            url = f"{name.partition('://')[0]}://unbound:unbound@{rest}"
            with pytest.raises(SetupError, match="The role of DATABASE_SYSTEM_URL"):
                require_bound_role("DATABASE_SYSTEM_URL", url)
        finally:
            connection.execute("DROP ROLE unbound")
