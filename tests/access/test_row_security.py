"""The SQL of row-level security: names are quoted, nothing is left open."""

import pytest

from access.row_security import database_roles, grants, tenant_policies
from kit.environment import environment


def test_a_policy_names_both_roles_and_forces_itself_on_the_owner() -> None:
    text = tenant_policies("orgs_thing", system="SELECT")
    assert "FORCE ROW LEVEL SECURITY" in text
    assert text.count("CREATE POLICY") == 2
    roles = database_roles()
    assert f'GRANT SELECT ON orgs_thing TO "{roles.system}"' in text


def test_no_rights_are_no_grant() -> None:
    assert grants("orgs_thing") == ""


def test_roles_are_read_from_the_urls_and_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://odd%22name:x@host/db")
    environment.cache_clear()
    try:
        assert database_roles().application == 'odd"name'
        assert '"odd""name"' in grants("t", app="SELECT")
    finally:
        monkeypatch.undo()
        environment.cache_clear()
