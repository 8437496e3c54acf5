"""The roles that processes sign in as: row-level security must bind them."""

import psycopg

from cli.errors import SetupError

_CONNECT_TIMEOUT_S = 5
_IS_UNBOUND = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


def require_bound_role(name: str, url: str) -> None:
    """Raises SetupError where the role of that URL reads every tenant's rows whatever policies say.

    `name` is the variable's. Raises `psycopg.Error` where nobody can sign in.
    """
    with psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
        row = connection.execute(_IS_UNBOUND).fetchone()
    if row is None or row[0]:
        raise SetupError(
            f"The role of {name} is a superuser or has BYPASSRLS: nothing keeps tenants apart.",
            hint="ALTER ROLE … NOSUPERUSER NOBYPASSRLS, or give it a role of its own.",
        )
