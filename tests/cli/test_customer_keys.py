"""A customer's key around a project of a running installation: what closes, and that it comes back.

The whole way takes a stack of its own, so it is run by `make nightly`.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.key_house import SECRETS, KeyHouse, key_house
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.nightly]

_CACHE_S = 4.0
_SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}


@pytest.fixture(scope="module")
def house() -> Iterator[KeyHouse]:
    with key_house() as running:
        yield running


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(
        STONEPINE_OUTBOUND_ALLOW="kms=127.0.0.0/8",
        STONEPINE_DATA_KEY_CACHE_S=str(_CACHE_S),
        STONEPINE_ENGINES="2",
    ) as running:
        yield running


class Desk:
    """What a customer calls: the control plane, an index, and the command line."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        headers = {"Api-Key": stack.api_key, "X-Pinecone-Api-Version": "2025-10"}
        self.http = httpx.Client(headers=headers, timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(method, f"{self.stack.api_url}{path}", json=body)

    def index(self, name: str) -> str:
        body = {"name": name, "dimension": 2, "metric": "cosine", "spec": _SPEC}
        assert self.call("POST", "/indexes", body).status_code == 201
        return self.host(name)

    def host(self, name: str) -> str:
        told = wait_until(
            lambda: (
                (found := self.call("GET", f"/indexes/{name}").json())["status"]["ready"] and found
            ),
            what=f"{name} is ready",
            timeout_s=60,
        )
        return str(told["host"])

    def upsert(self, host: str, *ids: str) -> None:
        vectors = [{"id": id_, "values": [1, 0.5]} for id_ in ids]
        reply = self.http.post(f"{host}/vectors/upsert", json={"vectors": vectors})
        assert reply.status_code == 200, reply.text

    def status(self, host: str) -> int:
        query = {"vector": [1, 0.5], "topK": 3}
        return self.http.post(f"{host}/query", json=query).status_code

    def ids(self, host: str) -> list[str]:
        return [one["id"] for one in self.http.get(f"{host}/vectors/list").json()["vectors"]]

    def backup(self, index: str) -> str:
        made = self.call("POST", f"/indexes/{index}/backups", {"name": "one"}).json()
        wait_until(
            lambda: self.call("GET", f"/backups/{made['backup_id']}").json()["status"] == "Ready",
            what="the backup is taken",
            timeout_s=60,
        )
        return str(made["backup_id"])

    def keys(self, act: str, *more: str, secret: Any = None) -> str:
        facts = self.stack.facts
        result = self.stack.run(
            "keys", "customer", act, facts["organization_id"], facts["project_id"], *more,
            "--home", str(self.stack.home), given="" if secret is None else json.dumps(secret),
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    @contextmanager
    def closing(self, host: str, *, within_s: float) -> Iterator[None]:
        """The block makes the index unreadable within that time."""
        yield
        began = time.monotonic()
        wait_until(lambda: self.status(host) == 412, what="it is unreadable", timeout_s=within_s)
        sys.stdout.write(f"unreadable after {time.monotonic() - began:.2f} s\n")

    def in_memory(self) -> str:
        return self.stack.run("memory", "--home", str(self.stack.home)).stdout


@pytest.fixture
def desk(stack: Stack) -> Iterator[Desk]:
    made = Desk(stack)
    with made.http:
        yield made


def test_what_a_key_protects_closes_with_it_and_comes_back(desk: Desk, house: KeyHouse) -> None:
    host = desk.index("films")
    desk.upsert(host, "a", "b")
    settings = [f"--set={name}={value}" for name, value in house.settings("aws_kms").items()]
    desk.keys("attach", "--kind", "aws_kms", *settings, secret=SECRETS["aws_kms"]())
    wait_until(lambda: desk.status(host) == 200, what="it is open", timeout_s=30)
    desk.upsert(host, "c")
    backup = desk.backup("films")
    assert json.loads(desk.keys("impact"))["index_names"] == ["films"]

    # Taken away here: within moments.
    with desk.closing(host, within_s=5):
        desk.keys("disable", "--yes")
    wait_until(lambda: "films" not in desk.in_memory(), what="memory is dropped", timeout_s=20)
    assert desk.call("POST", "/indexes/films/backups", {"name": "two"}).status_code == 412
    again = {"name": "again"}
    assert desk.call("POST", f"/backups/{backup}/create-index", again).status_code == 412
    desk.keys("enable")
    wait_until(lambda: desk.status(host) == 200, what="it is back", timeout_s=30)
    assert desk.ids(host) == ["a", "b", "c"]

    # Taken away at the provider, which tells nobody: as soon as what is known is too old.
    house.is_enabled = False
    with desk.closing(host, within_s=_CACHE_S + 16):
        pass
    wait_until(lambda: "films" not in desk.in_memory(), what="memory is dropped", timeout_s=20)
    house.is_enabled = True
    wait_until(lambda: desk.status(host) == 200, what="it is back", timeout_s=30)

    # Backups work as everywhere else.
    assert desk.call("POST", f"/backups/{backup}/create-index", again).status_code == 202
    assert desk.ids(desk.host("again")) == ["a", "b", "c"]
    shown = json.loads(desk.keys("check", "--json"))
    assert (shown["failure"], shown["keys_wrapped"]) == (None, 1)
    desk.keys("detach")
    wait_until(lambda: desk.status(host) == 200, what="it is open without", timeout_s=30)
