"""Marks planted in a running installation over the ways that customers have, and where to look."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from tests.dataplane.importer.conftest import numbered
from tests.secrecy.marks import Pattern, SparseMark, TextMark, VectorMark
from tests.support.key_desk import key_desk
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.wire import Wire, dense_index, ready_index

Mark: TypeAlias = TextMark | VectorMark | SparseMark

DIMENSION = 32
# More than a namespace holds without a segment, where STONEPINE_SEGMENT_THRESHOLD is not set.
ENOUGH_FOR_A_SEGMENT = 10_100
# The null cipher writes everything in thirty encodings, and finds it again.
_PATIENCE_S = 300


@dataclass
class Planted:
    """All marks, by name. What clients were told in answer to refused credentials is kept."""

    marks: dict[str, Mark] = field(default_factory=dict)
    refusals: list[bytes] = field(default_factory=list)

    def word(self, name: str) -> str:
        return self._add(TextMark(name)).text

    def vector(self, name: str) -> list[float]:
        return [float(value) for value in self._add(VectorMark(name)).values]

    def sparse(self, name: str) -> dict[str, Any]:
        mark = self._add(SparseMark(name))
        return {"indices": mark.indices, "values": [float(value) for value in mark.values]}

    def known(self, name: str, secret: str) -> None:
        """What the installation itself made."""
        self._add(TextMark(name, secret))

    def patterns(self) -> Iterator[Pattern]:
        for mark in self.marks.values():
            yield from mark.patterns()

    def _add(self, mark: Any) -> Any:
        assert mark.name not in self.marks
        self.marks[mark.name] = mark
        return mark


def plant(
    stack: Stack, api: Wire, import_folder: Path, name: str, *, count: int = ENOUGH_FOR_A_SEGMENT
) -> Planted:
    """An index `name` and one restored from its backup, which stay. So many records are imported
    that a segment is built of them."""
    planted = Planted()
    host = ready_index(api, dense_index(name, dimension=DIMENSION, metric="dotproduct"))
    with Wire(host, api_key=stack.api_key, timeout_s=60) as index:
        _write(index, planted)
        _ask(index, planted)
        _import(stack, index, planted, import_folder / name, count)
        _err(index, planted)
    _ask_over_grpc(stack, host, planted)
    _bind_a_key(stack, planted)
    _back_up(stack, api, name)
    _try_credentials(stack, planted)
    _keep_credentials(stack, planted, name)
    return planted


def _write(index: Wire, planted: Planted) -> None:
    namespace = planted.word("namespace")
    filterable = {planted.word("field of the schema"): {"filterable": True}}
    _good(index, "/namespaces", {"name": namespace, "schema": {"fields": filterable}})
    record = {
        "id": f"doc-{planted.word('record id')}",
        "values": planted.vector("dense vector"),
        "sparseValues": planted.sparse("sparse vector"),
        "metadata": {
            planted.word("metadata key"): planted.word("metadata value"),
            "tags": [planted.word("one of a list"), "x"],
        },
    }
    mortal = {"id": planted.word("deleted id"), "values": planted.vector("deleted vector")}
    _good(index, "/vectors/upsert", {"namespace": namespace, "vectors": [record, mortal]})
    changed = {
        "id": record["id"], "values": planted.vector("changed vector"),
        "setMetadata": {"new": planted.word("changed metadata")},
    }  # fmt: skip
    _good(index, "/vectors/update", {"namespace": namespace, **changed})
    _good(index, "/vectors/delete", {"namespace": namespace, "ids": [mortal["id"]]})
    dropped = planted.word("dropped namespace")
    left = {"id": planted.word("id in the dropped one"), "values": planted.vector("dropped vector")}
    _good(index, "/vectors/upsert", {"namespace": dropped, "vectors": [left]})
    assert index.request("DELETE", f"/namespaces/{dropped}").status == 200


def _ask(index: Wire, planted: Planted) -> None:
    namespace = _text(planted, "namespace")
    question = {
        "namespace": namespace, "topK": 3, "includeMetadata": True, "includeValues": True,
        "vector": planted.vector("asked vector"), "sparseVector": planted.sparse("asked sparse"),
        "filter": {_text(planted, "metadata key"): {"$ne": planted.word("asked filter")}},
    }  # fmt: skip
    (match,) = _good(index, "/query", question)["matches"]
    assert _text(planted, "record id") in match["id"]
    absent = planted.word("asked id")
    for path in (
        f"/vectors/fetch?namespace={namespace}&ids={match['id']}&ids={absent}",
        f"/vectors/list?namespace={namespace}&prefix={planted.word('asked prefix')}",
        f"/namespaces/{namespace}",
    ):
        assert index.get(path).status == 200, path


def _import(stack: Stack, index: Wire, planted: Planted, folder: Path, count: int) -> None:
    table = numbered(count, dimension=DIMENSION)
    values = pa.array([planted.vector("imported vector")], pa.list_(pa.float32()))
    metadata = json.dumps({planted.word("imported key"): planted.word("imported value")})
    one = pa.table({"id": [planted.word("imported id")], "values": values, "metadata": [metadata]})
    namespace = folder / planted.word("imported namespace")
    namespace.mkdir(parents=True)
    pq.write_table(pa.concat_tables([table, one.cast(table.schema)]), namespace / "a.parquet")
    broken = {"id": [planted.word("id that is refused")], "values": [[1.0]], "metadata": [None]}
    pq.write_table(pa.table(broken).cast(table.schema), namespace / "b.parquet")
    before = _segments(stack)
    begun = _good(
        index, "/bulk/imports", {"uri": f"file://{folder}", "errorMode": {"onError": "continue"}}
    )

    def is_over() -> bool:
        return index.get(f"/bulk/imports/{begun['id']}").json()["status"] == "Completed"

    wait_until(is_over, timeout_s=_PATIENCE_S, what="the import is over")
    wait_until(lambda: _segments(stack) - before, timeout_s=_PATIENCE_S, what="a segment is built")


def _err(index: Wire, planted: Planted) -> None:
    """Requests that are refused, and whatever of them might be told of in a log."""
    word = planted.word
    namespace = _text(planted, "namespace")
    wrong: list[tuple[str, Any]] = [
        ("/vectors/upsert", {"namespace": word("namespace of a refusal"),
                             "vectors": [{"id": word("id of a refusal"), "values": [1.0]}]}),
        ("/vectors/upsert", {"vectors": [{"id": word("id of null"), "values": None}]}),
        ("/query", {"namespace": namespace, "topK": 1, "vector": [0.5] * DIMENSION,
                    "filter": {word("key of a refusal"): {f"${word('operator')}": 1}}}),
        ("/vectors/upsert", f'{{"vectors": [{{"id": "{word("id of broken JSON")}"'.encode()),
        ("/vectors/upsert", b'{"vectors": "\xff' + word("word beside bad UTF-8").encode() + b'"}'),
        ("/vectors/update", {"id": word("id of nobody"), "setMetadata": {"a": None}}),
    ]  # fmt: skip
    for path, body in wrong:
        assert 400 <= index.post(path, body).status < 500, path
    for path in (f"/namespaces/{word('namespace of nobody')}", f"/{word('path to nowhere')}"):
        assert index.get(path).status == 404


def _ask_over_grpc(stack: Stack, host: str, planted: Planted) -> None:
    """What clients send beside a request: headers that nobody asked for, and one that is a key."""
    metadata = [
        ("api-key", stack.api_key), ("x-tenant", planted.word("metadata of a call")),
        ("x-trace-bin", planted.word("binary metadata of a call").encode()),
    ]  # fmt: skip
    wrong = [("api-key", f"pcsk_{planted.word('wrong key of a call')}")]
    with grpc.insecure_channel(host.removeprefix("http://")) as channel:
        call = channel.unary_unary("/VectorService/DescribeIndexStats")
        call(b"", metadata=metadata, timeout=30)
        with contextlib.suppress(grpc.RpcError):
            call(b"", metadata=wrong, timeout=30)
            raise AssertionError("a wrong key was taken")
        with contextlib.suppress(grpc.RpcError):
            call(planted.word("message of nonsense").encode(), metadata=metadata, timeout=30)


def _bind_a_key(stack: Stack, planted: Planted) -> None:
    """A key that opens certain namespaces alone, and its plain value."""
    with key_desk(stack) as desk:
        key = desk.make(namespaces=[planted.word("namespace of a key")])
    planted.known("bound key", key.split("_")[2])


def _back_up(stack: Stack, api: Wire, name: str) -> None:
    backup_id = _good(api, f"/indexes/{name}/backups", {"name": "kept"})["backup_id"]

    def is_ready() -> bool:
        found = api.get(f"/backups/{backup_id}").json()
        assert found["status"] != "Failed", found
        return bool(found["status"] == "Ready")

    wait_until(is_ready, timeout_s=_PATIENCE_S, what="the backup is ready")
    _good(api, f"/backups/{backup_id}/create-index", {"name": f"{name}-b"})
    _good(api, "/collections", {"name": f"{name}-c", "source": name})

    def is_restored() -> bool:
        return bool(api.get(f"/indexes/{name}-b").json()["status"]["ready"])

    wait_until(is_restored, timeout_s=_PATIENCE_S, what="the index is restored")


def _try_credentials(stack: Stack, planted: Planted) -> None:
    """Right ones, and wrong ones: neither may lie anywhere, nor come back in an answer."""
    facts = stack.facts
    planted.known("API key", stack.api_key.split("_")[2])
    planted.known("client secret", facts["service_account"]["client_secret"])
    planted.known("password", facts["owner"]["password"])
    grant = {
        "grant_type": "client_credentials", "audience": "https://api.pinecone.io/",
        **facts["service_account"],
    }  # fmt: skip
    wrong = planted.word("wrong secret")
    with httpx.Client(base_url=stack.api_url, timeout=30) as client:
        token = client.post("/oauth/token", json=grant).json()["access_token"]
        planted.known("access token", token.split("_")[-1])
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/admin/projects", headers=bearer).status_code == 200
        session = f"stonepine_session_{client.base_url.port}"
        refused = [
            client.post("/oauth/token", json=grant | {"client_secret": wrong}),
            client.get("/indexes", headers={"Api-Key": f"pcsk_{planted.word('wrong key')}"}),
            client.get("/admin/projects", headers={"Authorization": f"Bearer {wrong}"}),
            client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {wrong}"}),
            client.get(f"/?next={wrong}", headers={"Cookie": f"{session}={wrong}"}),
            *_sign_in(client, facts["owner"]["email"], planted.word("wrong password")),
        ]
        planted.refusals += [reply.content for reply in refused if reply.request.url.path != "/"]
        _sign_in(client, facts["owner"]["email"], facts["owner"]["password"])


def _sign_in(client: httpx.Client, email: str, password: str) -> list[httpx.Response]:
    page = client.get("/signin")
    (token,) = [v for k, v in client.cookies.items() if "csrf" in k]
    form = {"login": email, "email": email, "password": password, "csrfmiddlewaretoken": token}
    return [page, client.post("/signin", data=form)]


def _keep_credentials(stack: Stack, planted: Planted, name: str) -> None:
    """Secrets that the installation must be able to read again."""
    place = (stack.facts["organization_id"], stack.facts["project_id"])
    given = {
        "access_key_id": planted.word("access key of a bucket"),
        "secret_access_key": planted.word("secret key of a bucket"),
    }
    made = stack.run(
        "integration", "add", *place, name, "--provider", "s3", "--home", str(stack.home),
        given=json.dumps(given),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    hook = stack.run(
        "webhook", "create", place[0], name,
        f"https://hooks.example.com/{planted.word('path of a webhook')}",
        "--event", "index.created", "--home", str(stack.home),
    )  # fmt: skip
    assert hook.returncode == 0, hook.stderr
    assert _text(planted, "path of a webhook") not in hook.stderr
    planted.known("webhook secret", hook.stdout.split()[-1])


def _text(planted: Planted, name: str) -> str:
    mark = planted.marks[name]
    assert isinstance(mark, TextMark)
    return mark.text


def _good(wire: Wire, path: str, body: Any) -> Any:
    reply = wire.post(path, body)
    assert 200 <= reply.status < 300, (path, reply)
    return reply.json()


def _segments(stack: Stack) -> set[Path]:
    objects = stack.home / "objects"
    return {path for path in objects.rglob("segments/*") if path.is_file()}
