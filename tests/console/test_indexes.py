"""Indexes in the console: created, protected, deleted by name, and shown as code."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from indexes.deployment.placement import place
from indexes.lifecycle import create_index
from indexes.models import Index, IndexState
from indexes.nodes import register_node
from indexes.specification import checked_pods
from tests.console.conftest import Site
from tests.matrix.cast import Person
from tests.support.world import SPEC

AsUser = Callable[[User], Client]
PODS = {"environment": "here", "pod_type": "p1.x2", "shards": 1}


def names() -> list[str]:
    rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
    return [index.name for index in rows.order_by("name")]


def proven(user: User) -> Client:
    return Person("proven", user).browser()


def pods_of(site: Site, *, replicas: int) -> Index:
    spec = {"pod": checked_pods({**PODS, "replicas": replicas})}
    return create_index(OPERATOR, site.project, name="films", spec=spec, dimension=3)


@pytest.fixture
def articles(site: Site) -> Index:
    return create_index(OPERATOR, site.project, name="articles", spec=SPEC, dimension=3)


def test_form_creates_what_it_says(site: Site, as_user: AsUser) -> None:
    form = {"name": "articles", "dimension": "384", "metric": "dotproduct", "is_protected": "on"}
    response = as_user(site.alice).post(f"{site.place}/new-index", form)
    assert response["Location"] == f"{site.place}/indexes/articles"
    (index,) = Index.objects.using("system").all()
    assert (index.dimension, index.metric, index.is_protected) == (384, "dotproduct", True)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "Not A Name"}, "lower case alphanumeric"),
        ({"name": "a.b"}, "lower case alphanumeric"),
        ({"dimension": "0"}, "greater than or equal to 1"),
        ({"dimension": "20001"}, "less than or equal to 20000"),
        ({"metric": "manhattan"}, "not one of the available choices"),
    ],
)
def test_wrong_input_is_explained_and_kept(
    site: Site, as_user: AsUser, form: dict[str, str], words: str
) -> None:
    body = {"name": "articles", "dimension": "3", "metric": "cosine", **form}
    response = as_user(site.alice).post(f"{site.place}/new-index", body)
    assert words in response.content.decode()
    assert not names()


def test_taken_name_is_said_in_the_form(site: Site, articles: Index, as_user: AsUser) -> None:
    body = {"name": "articles", "dimension": "3", "metric": "cosine"}
    response = as_user(site.alice).post(f"{site.place}/new-index", body)
    assert "already exists" in response.content.decode()


def test_index_is_deleted_only_by_its_exact_name(site: Site, articles: Index) -> None:
    client, address = proven(site.alice), f"{site.place}/indexes/articles/delete"
    refused = client.post(address, {"confirmation": "article"})
    assert refused.status_code == 422
    assert names() == ["articles"]
    assert client.post(address, {"confirmation": "articles"}).status_code == 302
    assert names() == []


def test_deleting_wants_a_fresh_proof_of_the_person(
    site: Site, articles: Index, as_user: AsUser
) -> None:
    address = f"{site.place}/indexes/articles/delete"
    sent_away = as_user(site.alice).post(address, {"confirmation": "articles"})
    assert sent_away["Location"].startswith("/confirm?next=")
    assert names() == ["articles"]


def test_protected_index_is_not_deleted(site: Site, articles: Index) -> None:
    client, address = proven(site.alice), f"{site.place}/indexes/articles"
    client.post(f"{address}/protect", {"is_protected": "on"})
    refused = client.post(f"{address}/delete", {"confirmation": "articles"})
    assert "Deletion protection is enabled" in refused.content.decode()
    assert names() == ["articles"]
    assert f"{address}/delete" not in client.get(f"{address}/danger").content.decode()


def test_page_of_a_settling_index_polls_and_of_a_ready_one_does_not(
    site: Site, articles: Index, as_user: AsUser
) -> None:
    client, address = as_user(site.vera), f"{site.place}/indexes/articles"
    assert "every 2s" in client.get(address).content.decode()
    fragment = client.get(address, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in fragment
    Index.objects.using("system").update(state=IndexState.READY)
    assert "every 2s" not in client.get(address, HTTP_HX_REQUEST="true").content.decode()


def test_poll_of_a_deleted_index_leads_back_to_the_list(site: Site, as_user: AsUser) -> None:
    address = f"{site.place}/indexes/gone"
    response = as_user(site.vera).get(address, HTTP_HX_REQUEST="true")
    assert response["HX-Redirect"] == f"{site.place}/indexes"


def test_index_called_new_has_its_page(site: Site, as_user: AsUser) -> None:
    client = as_user(site.alice)
    assert client.get(f"{site.place}/indexes/new")["Location"] == f"{site.place}/new-index"
    create_index(OPERATOR, site.project, name="new", spec=SPEC, dimension=3)
    assert "<h1>new</h1>" in client.get(f"{site.place}/indexes/new").content.decode()


def test_configuration_is_changed_where_it_is_shown(site: Site, articles: Index) -> None:
    client, address = proven(site.alice), f"{site.place}/indexes/articles/config"
    client.post(f"{address}/tags", {"key": "team", "value": "search"})
    client.post(f"{address}/tags", {"key": "stage", "value": "production"})
    client.post(f"{address}/tags", {"key": "team", "remove": "True"})
    assert client.post(f"{address}/tags", {"key": "no key", "value": "x"}).status_code == 422
    assert client.post(f"{address}/tags", {"key": "team", "value": ""}).status_code == 422
    dedicated = {"mode": "Dedicated", "replicas": "2", "shards": "1"}
    assert client.post(f"{address}/capacity", dedicated).status_code == 302
    assert client.post(f"{address}/capacity", {"mode": "Dedicated"}).status_code == 422
    index = Index.objects.using("system").get()
    assert index.tags == {"stage": "production"}
    capacity = index.spec["serverless"]["read_capacity"]
    assert capacity["dedicated"]["manual"] == {"replicas": 2, "shards": 1}
    shown = client.get(address).content.decode()
    assert "<b>stage</b> production" in shown
    assert "Dedicated" in shown
    client.post(f"{address}/capacity", {"mode": "OnDemand"})
    index.refresh_from_db(using="system")
    assert index.spec["serverless"]["read_capacity"] == {"mode": "OnDemand"}


def test_pods_are_resized_where_they_are_shown(site: Site, as_user: AsUser) -> None:
    index = pods_of(site, replicas=1)
    client, address = proven(site.alice), f"{site.place}/indexes/films/config"
    shown = client.get(address).content.decode()
    assert '<option value="p1.x8">' in shown
    assert "p1.x1" not in shown, "pods do not shrink"
    wished = {"pod_type": "p1.x4", "replicas": "2"}
    assert client.post(f"{address}/capacity", wished).status_code == 302
    for refused in ({"pod_type": "p1.x2", "replicas": "2"}, {"pod_type": "p1.x4", "replicas": "0"}):
        assert client.post(f"{address}/capacity", refused).status_code == 422
    index.refresh_from_db(using="system")
    assert index.spec["pod"] == {**PODS, "pod_type": "p1.x4", "replicas": 2, "pods": 2}
    assert as_user(site.vera).post(f"{address}/capacity", wished).status_code == 403


def test_pods_that_a_node_has_no_engines_for_are_told_of(site: Site) -> None:
    register_node(name="test", engines=1)
    place(pods_of(site, replicas=9))
    shown = proven(site.alice).get(f"{site.place}/indexes/films/config").content.decode()
    assert "9 engines are needed, one for each shard of each replica, and the node has 1" in shown


def test_key_is_offered_for_one_namespace(site: Site, articles: Index) -> None:
    asked = {"index": str(articles.pk), "namespace": "eu"}
    form = proven(site.alice).get(f"{site.place}/keys/new", asked).content.decode()
    assert re.search(rf'<input[^>]*value="{articles.pk}"[^>]* checked', form)
    assert ">\neu</textarea>" in form
