"""The second lock between tenants: PostgreSQL's own."""

import pytest
from django.db import connections

pytestmark = pytest.mark.usefixtures("database")


def test_smoke() -> None:
    with connections["default"].cursor() as c:
        c.execute("select count(*) from orgs_organization")
        assert c.fetchone() == (0,)
