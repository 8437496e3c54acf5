"""Pages of an index over a real node: what people see of records, ask, change and delete there."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.dataplane import DataPlane
from tests.support.node import bring_up, running_node

AsUser = Callable[[User], Client]


@pytest.fixture
def node(database: None) -> Iterator[DataPlane]:
    with running_node() as running:
        yield running


@pytest.fixture
def place(site: Site, node: DataPlane) -> str:
    """The address of an index that the node serves, with the sample records in it."""
    del node
    bring_up(site.world.index("articles"))
    place = f"{site.place}/indexes/articles"
    added = Person("bob", site.bob).browser().post(f"{place}/sample")
    assert (added.status_code, added["Location"]) == (302, place)
    return place


def told(event: Event) -> tuple[str, str, str, str]:
    return event.action, event.outcome, event.actor_kind, event.actor_name


def test_people_work_with_records_and_every_change_stands_under_their_name(
    site: Site, place: str
) -> None:
    bob = Person("bob", site.bob).browser()
    overview = bob.get(place).content.decode()
    assert "240" in overview
    assert "article-000" in overview

    _browses(bob, place)
    _asks(bob, place)
    edited = bob.post(
        f"{place}/browse/record?namespace=sample&id=article-001", {"metadata": '{"year": 1999}'}
    )
    assert edited.status_code == 302
    drawer = bob.get(f"{place}/browse/record?namespace=sample&id=article-001").content.decode()
    assert "&quot;year&quot;: 1999" in drawer
    assert "&quot;topic&quot;" in drawer
    gone = {"namespace": "sample", "ids": ["article-000", "article-002"]}
    asked = bob.post(f"{place}/browse/delete", gone)
    assert asked.status_code == 200
    assert "Delete 2 records" in asked.content.decode()
    assert "article-000" not in bob.get(f"{place}/browse/delete", gone).content.decode()
    assert bob.post(f"{place}/browse/delete", gone | {"is_sure": "1"}).status_code == 302
    assert bob.get(f"{place}/browse/record?namespace=sample&id=article-000").status_code == 404
    _manages_namespaces(bob, place)

    found = Event.objects.using("system").filter(action__startswith="namespace.")
    assert [told(one) for one in found.order_by("created_at", "id")] == [
        *[("namespace.records_upserted", "success", "session", "Bob")] * 6,
        ("namespace.records_updated", "success", "session", "Bob"),
        ("namespace.records_deleted", "success", "session", "Bob"),
        ("namespace.created", "success", "session", "Bob"),
        ("namespace.created", "failure", "session", "Bob"),
        ("namespace.emptied", "success", "session", "Bob"),
        ("namespace.deleted", "success", "session", "Bob"),
    ]
    assert set(found.values_list("actor_id", flat=True)) == {site.bob.pk}
    assert set(found.values_list("source", flat=True)) == {"console"}


def test_the_map_shows_a_sample_and_what_it_stands_for(site: Site, place: str) -> None:
    vera = Person("vera", site.vera).browser()
    page = vera.get(f"{place}/map").content.decode()
    assert f'hx-get="{place}/map" hx-trigger="load"' in page
    assert "at most 300 read units" in page
    found = vera.get(f"{place}/map", headers={"HX-Request": "true"}).content.decode()
    drawn = json.loads(re.search(r'<script type="application/json">(.*?)</script>', found)[1])
    assert len(drawn["points"]) == 240
    ids = {point[3] for point in drawn["points"]}
    assert {"article-000", "article-239"} <= ids
    assert all(-1 <= number <= 1 for point in drawn["points"] for number in point[:2])
    for topic in ("billing", "latency"):
        assert f"<span>{topic}</span>" in found
    by_year = vera.get(f"{place}/map?namespace=sample&colour=year&drawn=1").content.decode()
    assert "<span>2024</span>" in by_year
    assert "Browse<span" in by_year
    nothing = vera.get(f"{place}/map?namespace=nothing&drawn=1").content.decode()
    assert "Too few records for a map" in nothing


def test_a_viewer_reads_everything_and_changes_nothing(site: Site, place: str) -> None:
    vera = Person("vera", site.vera).browser()
    for page in ("", "/browse", "/query", "/namespaces", "/config", "/danger"):
        shown = vera.get(place + page)
        assert shown.status_code == 200, page
        for act in ("/browse/delete", "/namespaces/new", "/namespaces/delete", "/config/tags"):
            assert f'hx-get="{place}{act}' not in shown.content.decode(), page
    drawer = vera.get(f"{place}/browse/record?namespace=sample&id=article-001").content.decode()
    assert "article-001" in drawer
    assert "Save metadata" not in drawer
    answer = vera.post(f"{place}/query", {"by": "id", "id": "article-001", "namespace": "sample"})
    assert "read unit" in answer.content.decode()

    before = Event.objects.using("system").count()
    for act, body in (
        ("/browse/delete", {"namespace": "sample", "ids": "article-001"}),
        ("/browse/record?namespace=sample&id=article-001", {"metadata": '{"year": 1}'}),
        ("/namespaces/delete?namespace=sample", {"confirmation": "sample"}),
        ("/namespaces/empty?namespace=sample", {"confirmation": "sample"}),
        ("/sample", {}),
    ):
        assert vera.post(place + act, body).status_code == 403, act
    denied = Event.objects.using("system").order_by("created_at")[before:]
    assert [one.outcome for one in denied] == ["denied"] * 5
    assert (
        "year&quot;: 1\n"
        not in vera.get(f"{place}/browse/record?namespace=sample&id=article-001").content.decode()
    )
    stranger = Person("mallory", site.mallory).browser()
    assert stranger.get(f"{place}/browse").status_code == 404


def _browses(client: Client, place: str) -> None:
    first = client.get(f"{place}/browse", {"namespace": "sample"}).content.decode()
    assert "50 on this page" in first
    assert "article-050" not in first
    token = first.partition("token=")[2].partition('"')[0]
    second = client.get(f"{place}/browse?namespace=sample&token={token}").content.decode()
    assert "article-050" in second
    begins = client.get(f"{place}/browse", {"namespace": "sample", "begins": "article-01"})
    assert "10 on this page" in begins.content.decode()
    french = {"namespace": "sample", "filter": '{"language": {"$eq": "fr"}}'}
    found = client.get(f"{place}/browse", french).content.decode()
    assert '<span class="tag">fr</span>' in found
    assert '<span class="tag">en</span>' not in found
    for wrong, words in (("{", "This is no JSON"), ('{"$no": 1}', "$no"), ("[]", "JSON object")):
        shown = client.get(f"{place}/browse", {"namespace": "sample", "filter": wrong})
        assert (shown.status_code, words in shown.content.decode()) == (200, True), wrong


def _asks(client: Client, place: str) -> None:
    offered = client.get(f"{place}/query").content.decode()
    assert 'value="article-000"' in offered
    asked = {"by": "id", "id": "article-000", "namespace": "sample", "top_k": "7"}
    answer = client.post(f"{place}/query", asked).content.decode()
    assert "7 matches" in answer
    assert "recent writes exactly" in answer
    assert "1.0000" in answer
    vector = {"by": "vector", "vector": "1, 2, 3, 4", "namespace": "sample", "compare": "on"}
    both = {**vector, "other_namespace": "sample", "other_filter": '{"language": "de"}'}
    compared = client.post(f"{place}/query", both, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in compared
    assert "First query" in compared
    assert "Second query" in compared
    for wrong, words in (
        ({"by": "vector", "vector": "1, 2"}, "takes 4 numbers; these are 2"),
        ({"by": "vector", "vector": "one"}, "A vector is numbers"),
        ({"by": "id", "id": ""}, "Type the id"),
        ({"by": "id", "id": "a", "filter": '{"x": {"$no": 1}}'}, "$no"),
        ({"by": "id", "id": "a", "top_k": "201"}, "less than or equal to 200"),
    ):
        refused = client.post(f"{place}/query", {"namespace": "sample", **wrong})
        assert refused.status_code == 422
        assert words in refused.content.decode()


def _manages_namespaces(client: Client, place: str) -> None:
    made = {"name": "tickets/eu ü?"[:10], "fields_to_filter": "language, year"}
    assert client.post(f"{place}/namespaces/new", made).status_code == 302
    again = client.post(f"{place}/namespaces/new", made)
    assert "already exists" in again.content.decode()
    listed = client.get(f"{place}/namespaces").content.decode()
    assert "tickets/eu" in listed
    assert '<span class="tag">language</span>' in listed
    for act in ("empty", "delete"):
        address = f"{place}/namespaces/{act}?namespace=sample"
        assert "238 records" in client.get(address).content.decode() or act == "delete"
        assert client.post(address, {"confirmation": "sampl"}).status_code == 422
        assert client.post(address, {"confirmation": "sample"}).status_code == 302
    assert client.get(f"{place}/namespaces/delete?namespace=sample").status_code == 404


def test_pages_stand_while_the_node_is_down(site: Site, place: str, node: DataPlane) -> None:
    node.kill("front")
    alice = Person("alice", site.alice).browser()
    for page in ("", "/browse", "/query", "/namespaces", "/config", "/danger", "/delete"):
        shown = alice.get(place + page)
        assert shown.status_code == 200, page
    assert "does not answer" in alice.get(f"{place}/browse").content.decode()
    asked = {"by": "id", "id": "a", "namespace": "sample"}
    assert alice.post(f"{place}/query", asked).status_code == 503
    change = {"metadata": json.dumps({"year": 1})}
    refused = alice.post(f"{place}/browse/record?namespace=sample&id=article-001", change)
    assert "does not answer" in refused.content.decode()
