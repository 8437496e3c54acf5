"""An index's metrics page: the numbers as tables, for those who may read the index."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from kit import clock
from storage.activity import Held
from storage.database import Connection
from tests.console.conftest import Site
from tests.support.past_activity import PastActivity

AsUser = Callable[[User], Client]


@pytest.fixture
def page(site: Site, control: Connection) -> str:
    """The address of the page of an index that was asked a little."""
    index = site.world.index()
    past, now = PastActivity(control), clock.now()
    past.asked(index, now, took_ms=[2, 3], errors={"NOT_FOUND": 1}, held=Held(2048, 1234))
    past.asked(index, now - timedelta(minutes=20), "Upsert", took_ms=[9])
    return f"{site.place}/indexes/{index.name}/metrics"


def words(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_page_tells_each_number_and_how_to_get_it_elsewhere(
    site: Site, as_user: AsUser, page: str
) -> None:
    said = words(as_user(site.vera), f"{page}?range=1h")
    for part in ("Requests 4 before: 0", "Errors 1 before: 0", "Records 1,234", "2.0 KB",
                 "NOT_FOUND", f"/prometheus/projects/{site.project.pk}/metrics/discovery",
                 "/metrics?range=1h"):  # fmt: skip
        assert part in said, part
    assert "Nothing in this range" not in said


def test_what_is_not_known_falls_back(site: Site, as_user: AsUser, page: str) -> None:
    client = as_user(site.vera)
    assert "Latency of Query" in words(client, f"{page}?range=x&operation=<b>")
    assert "Latency of Upsert" in words(client, f"{page}?range=7d&operation=Upsert")


def test_an_index_nobody_asked_says_so(site: Site, as_user: AsUser) -> None:
    site.world.index("silent")
    said = words(as_user(site.vera), f"{site.place}/indexes/silent/metrics")
    assert said.count("Nothing in this range.") == 6


def test_strangers_find_no_page(site: Site, as_user: AsUser, page: str) -> None:
    assert as_user(site.mallory).get(page).status_code == 404


def test_a_long_range_takes_as_many_statements_as_a_short_one(
    site: Site, as_user: AsUser, page: str, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    client = as_user(site.vera)
    client.get(page)
    counted = {
        over: queries_of(lambda over=over: client.get(f"{page}?range={over}"))
        for over in ("1h", "24h", "7d", "30d")
    }
    assert len(set(counted.values())) == 1, counted
