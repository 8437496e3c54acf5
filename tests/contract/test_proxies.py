"""Real proxies on the way: tinyproxy before the official client, nginx before an index."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from pinecone import Pinecone

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.gateway.conftest import free_port, is_listening
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.wire import Wire

TINYPROXY, NGINX = shutil.which("tinyproxy"), shutil.which("nginx")
_NGINX = """
daemon off; pid $folder/pid; error_log $folder/error.log; events {}
http {
  access_log off; client_max_body_size 4m;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
  server {
    listen 127.0.0.1:$rest;
    location / {
      proxy_pass http://$behind; proxy_http_version 1.1;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
  server {
    listen 127.0.0.1:$rpc http2;
    location / {
      grpc_pass grpc://$behind;
      grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
"""
_VECTOR = [1.0] + [0.0] * 7


@contextmanager
def running(*argv: str, ports: list[int]) -> Iterator[None]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: all(map(is_listening, ports)), timeout_s=15, what=f"{argv[0]} listens")
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.mark.stack
@pytest.mark.skipif(TINYPROXY is None, reason="tinyproxy is not installed")
def test_the_python_client_works_through_a_forward_proxy(
    stack: Stack, open_index: Callable[..., Wire], tmp_path: Path, name: str
) -> None:
    open_index()
    port, log = free_port(), tmp_path / "tinyproxy.log"
    settings = tmp_path / "tinyproxy.conf"
    settings.write_text(
        f'Port {port}\nListen 127.0.0.1\nLogFile "{log}"\nLogLevel Connect\nMaxClients 20\n'
        "Allow 127.0.0.1\n"
    )
    assert TINYPROXY is not None
    with running(TINYPROXY, "-d", "-c", str(settings), ports=[port]):
        client = Pinecone(
            api_key=stack.api_key, host=stack.api_url, proxy_url=f"http://127.0.0.1:{port}"
        )
        index = client.Index(host=client.describe_index(name).host)
        index.upsert(vectors=[("a", _VECTOR)])
        found = index.query(vector=_VECTOR, top_k=1)
    assert [match.id for match in found.matches] == ["a"]
    told = log.read_text()
    assert f"/indexes/{name}" in told
    assert "/vectors/upsert" in told
    assert "/query" in told


@pytest.mark.stack
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_an_index_works_behind_a_reverse_proxy_by_rest_and_grpc(
    stack: Stack, open_index: Callable[..., Wire], api: Wire, tmp_path: Path, name: str
) -> None:
    open_index()
    host = api.request("GET", f"/indexes/{name}").json()["host"]
    behind = urlsplit(host).netloc
    rest, rpc = free_port(), free_port()
    settings = tmp_path / "nginx.conf"
    settings.write_text(
        _NGINX.replace("$folder", str(tmp_path))
        .replace("$rest", str(rest))
        .replace("$rpc", str(rpc))
        .replace("$behind", behind)
    )
    assert NGINX is not None
    vector = pb.Vector(id="b", values=_VECTOR)
    metadata = [("api-key", stack.api_key)]
    with running(NGINX, "-c", str(settings), ports=[rest, rpc]):
        body = {"vectors": [{"id": "a", "values": _VECTOR}]}
        headers = {"Api-Key": stack.api_key}
        url = f"http://127.0.0.1:{rest}"
        assert httpx.post(f"{url}/vectors/upsert", json=body, headers=headers).status_code == 200
        with grpc.insecure_channel(f"127.0.0.1:{rpc}") as channel:
            stub = VectorServiceStub(channel)
            stub.Upsert(pb.UpsertRequest(vectors=[vector]), metadata=metadata, timeout=20)
            asked = pb.QueryRequest(vector=_VECTOR, top_k=2)
            found = stub.Query(asked, metadata=metadata, timeout=20)
            with pytest.raises(grpc.RpcError) as refused:
                stub.Query(asked, metadata=[("api-key", "no")], timeout=20)
    assert {match.id for match in found.matches} == {"a", "b"}
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
