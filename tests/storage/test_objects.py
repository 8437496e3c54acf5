"""Which URL opens which store, and the remote kind over a store in memory."""

from pathlib import Path

import pytest
from obstore.store import GCSStore, MemoryStore, S3Store

from kit.errors import AlreadyExists, InvalidArgument, NotFound
from storage.local_objects import LocalObjectStore
from storage.objects import open_object_store
from storage.remote_objects import RemoteObjectStore


def test_a_file_url_opens_a_folder(tmp_path: Path) -> None:
    store = open_object_store(f"file://{tmp_path}/with%20space")
    assert isinstance(store, LocalObjectStore)
    store.put("x", [b"1"])
    assert (tmp_path / "with space" / "x").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("url", "kind"), [("s3://bucket/prefix", S3Store), ("gs://bucket/prefix", GCSStore)]
)
def test_a_bucket_url_opens_a_remote_store(
    url: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    store = open_object_store(url)
    assert isinstance(store, RemoteObjectStore)
    assert isinstance(store._store, kind)
    assert store._store.prefix == "prefix"


def test_azure_without_an_account_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(InvalidArgument, match="AZURE_"):
        open_object_store("az://container/prefix")


@pytest.mark.parametrize(
    "url", ["", "/folder", "file://relative", "file:relative", "http://host/x", "s3:///x"]
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="OBJECT_STORE_URL"):
        open_object_store(url)


def test_a_remote_store_behaves_as_a_store() -> None:
    store = RemoteObjectStore(MemoryStore())
    assert store.put("i/1/a", [b"hel", b"lo"]) == 5
    with pytest.raises(AlreadyExists):
        store.put("i/1/a", [b"other"], is_new=True)
    store.put("i/10/a", [b""], is_new=True)
    assert store.get("i/1/a") == b"hello"
    assert store.read_at("i/1/a", 1, 3) == b"ell"
    assert store.read_at("i/1/a", 1, 0) == b""
    assert store.size("i/1/a") == 5
    assert list(store.list("i/1/")) == ["i/1/a"]
    assert list(store.list("i/1")) == ["i/1/a", "i/10/a"]
    store.delete("i/1/a")
    store.delete("i/1/a")
    with pytest.raises(NotFound):
        store.get("i/1/a")
    with pytest.raises(NotFound):
        store.size("i/1/a")
    with pytest.raises(InvalidArgument):
        store.put("../x", [b""])
