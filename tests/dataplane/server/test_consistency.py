"""Reads beside writes, builders, and namespaces that go and come back: never the past, never half.

Every act replaces all records of a namespace at once, or takes them all away. A read must show
exactly what one act left behind: one that was under way, or the last one acknowledged before.
"""

import itertools
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

import httpx

from access.keys import PlainKey
from tests.dataplane.server.conftest import Served
from tests.support.dataplane import Hammer

_NAME = "busy"
_IDS = [f"r{n}" for n in range(30)]
_LEAST_ACTS, _MOST_ACTS = 10, 20_000


class _History:
    """What each act leaves: the number of its upsert, or None where no record is left."""

    def __init__(self) -> None:
        self.left: list[int | None] = [None]
        self.acknowledged = 0

    def act(self, left: int | None, do: Callable[[], httpx.Response]) -> None:
        self.left.append(left)
        reply = do()
        assert reply.status_code == 200, reply.text
        self.acknowledged = len(self.left) - 1

    def check(self, read: Callable[[], list[int]]) -> None:
        since = self.acknowledged
        found = read()
        possible = self.left[since:]
        whole = [[] if one is None else [one] * len(_IDS) for one in possible]
        assert found in whole, (found, possible)


class _Reader:
    """One connection; its own, as a client of another process has."""

    def __init__(self, served: Served, key: PlainKey) -> None:
        self.client = served.plane.client(served.index_id, key.value)

    def query(self) -> list[int]:
        body = {"topK": 100, "vector": [1, 2, 3, 4], "includeMetadata": True, "namespace": _NAME}
        return self._numbers(self.client.post("/query", json=body).json()["matches"])

    def filtered(self) -> list[int]:
        body = {
            "topK": 100, "vector": [1, 2, 3, 4], "includeMetadata": True, "namespace": _NAME,
            "filter": {"number": {"$gte": 0}},
        }  # fmt: skip
        return self._numbers(self.client.post("/query", json=body).json()["matches"])

    def fetch(self) -> list[int]:
        query = [("namespace", _NAME), *(("ids", one) for one in _IDS)]
        found = self.client.get("/vectors/fetch", params=query).json()["vectors"]
        return self._numbers(list(found.values()))

    def _numbers(self, found: list[dict[str, dict[str, float]]]) -> list[int]:
        return [int(one["metadata"]["number"]) for one in found]


class _Builders:
    """Segments and merges of whatever namespace there is, one after the other."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.built = 0

    def run(self, number: int) -> None:
        plane, index_id = self._served.plane, self._served.index_id
        rows = plane.rows("SELECT namespace_id FROM log_namespace WHERE index_id = %s", [index_id])
        for (namespace_id,) in rows:
            # It may fail: the namespace may go while it is at work.
            command = [
                sys.executable, "-m", "dataplane.builder",
                "--index", str(index_id), "--namespace", str(namespace_id),
                *(["--merge"] if number % 3 == 2 else []),
            ]  # fmt: skip
            result = subprocess.run(
                command, env=plane.environment, capture_output=True, check=False, timeout=120
            )
            self.built += b'"built"' in result.stdout


def _upsert(served: Served, number: int) -> httpx.Response:
    vectors = [
        {"id": one, "values": [number + 1, at, 1, 1], "metadata": {"number": number}}
        for at, one in enumerate(_IDS)
    ]
    return served.post("/vectors/upsert", {"vectors": vectors, "namespace": _NAME})


def _fill_until_built(served: Served, history: _History, builders: _Builders, start: int) -> int:
    """Replace all records again and again until a builder has been through; the next number."""
    before = builders.built
    for number in itertools.count(start):
        history.act(number, lambda number=number: _upsert(served, number))
        if builders.built > before and number >= start + _LEAST_ACTS:
            return number + 1
        assert number < start + _MOST_ACTS, "no builder came by"
    raise AssertionError


def _empty(served: Served, history: _History) -> None:
    body = {"deleteAll": True, "namespace": _NAME}
    history.act(None, lambda: served.post("/vectors/delete", body))


def _replace_namespace(served: Served, history: _History) -> None:
    history.act(None, lambda: served.client.delete(f"/namespaces/{_NAME}"))
    history.act(None, lambda: served.post("/namespaces", {"name": _NAME}))


def test_reads_show_what_one_act_left_whatever_goes_on_beside(served: Served) -> None:
    history, builders, number = _History(), _Builders(served), 0
    readers = [_Reader(served, served.key) for _ in range(3)]
    reads = (readers[0].query, readers[1].fetch, readers[2].filtered)
    with ExitStack() as stack:
        for one, read in zip(readers, reads, strict=True):
            stack.enter_context(one.client)
            stack.enter_context(Hammer(lambda _n, read=read: history.check(read)))
        stack.enter_context(Hammer(builders.run))
        for clear in (_empty, _replace_namespace, _replace_namespace):
            number = _fill_until_built(served, history, builders, number)
            clear(served, history)
