"""PostgreSQL's lock between tenants, as SQL text for migrations: row-level security and grants.

Two roles get rights here (docs/architecture.md, "Three database roles"). The application role sees
the rows of the organization named by the transaction's setting `stonepine.org`, and nothing without
it. The system role sees all rows, by a policy of its own, and may do only what it is granted.
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kit.environment import environment

TENANT_SETTING = "stonepine.org"
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class DatabaseRoles:
    """Names of the two roles that live under the policies."""

    application: str
    system: str


def database_roles() -> DatabaseRoles:
    """The roles' names, as the installation's own URLs spell them."""
    here = environment()
    return DatabaseRoles(
        application=_user(here.database_url.get_secret_value()) or "stonepine_app",
        system=_user(here.database_system_url.get_secret_value()) or "stonepine_system",
    )


def tenant_policies(
    table: str, *, column: str = "organization_id", app: str = READ_WRITE, system: str = "SELECT"
) -> str:
    """Enable and force row-level security on a tenant's table, and grant what each role may do."""
    roles = database_roles()
    own = f"{column} = nullif(current_setting('{TENANT_SETTING}', true), '')::uuid"
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} TO {_quoted(roles.application)}
            USING ({own}) WITH CHECK ({own});
        CREATE POLICY crosses_tenants ON {table} TO {_quoted(roles.system)}
            USING (true) WITH CHECK (true);
        {grants(table, app=app, system=system)}
    """


def grants(table: str, *, app: str = "", system: str = "") -> str:
    """What the two roles may do with a table or view that belongs to no tenant."""
    roles = database_roles()
    given = {roles.application: app, roles.system: system}
    return "\n".join(
        f"GRANT {rights} ON {table} TO {_quoted(role)};" for role, rights in given.items() if rights
    )


def _user(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
