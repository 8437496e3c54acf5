"""Nothing but what the operator allows is opened, however the address is written."""

import os
from pathlib import Path

import pytest

from dataplane.importer.local_source import LocalSource
from dataplane.importer.source import FileRefused, ImportFailed, SourceFile, survey
from kit.environment import Environment
from kit.errors import InvalidArgument
from kit.ids import new_id
from storage.import_uris import Provider, allowed_folder, parse_import_uri
from tests.dataplane.importer.conftest import Yard, table


@pytest.mark.parametrize(
    ("uri", "provider", "bucket", "prefix"),
    [
        ("s3://bucket/a/b", Provider.S3, "bucket", "a/b"),
        ("s3://bucket/", Provider.S3, "bucket", ""),
        ("gs://my_bucket/a", Provider.GCS, "my_bucket", "a"),
        ("https://acct.blob.core.windows.net/box/a", Provider.AZURE, "box", "a"),
        ("file:///srv/imports/a%20b/", Provider.LOCAL, "", "srv/imports/a b"),
    ],
)
def test_an_address_is_taken_apart(uri: str, provider: str, bucket: str, prefix: str) -> None:
    found = parse_import_uri(uri)
    assert (found.provider, found.bucket, found.prefix) == (provider, bucket, prefix)


@pytest.mark.parametrize(
    "uri",
    [
        "", "x", "/etc", "file:relative", "file://host/etc", "file:///a/../b", "file:///a/%2e%2e/b",
        "file:///a//b", "file:///a/./b", "file:///a%00b", "file:///a%0ab", "s3://", "s3:///a",
        "s3://../a", "s3://UPPER/a", "s3://bucket:80/a", "s3://user:pw@bucket/a", "s3://b%2fc/a",
        "s3://bucket/a?x=1", "s3://bucket/a#x", "s3://bucket/a/../b", "s3://169.254.169.254@x/a",
        "gs://[::1]/a", "http://127.0.0.1/a", "https://127.0.0.1/a", "https://x.example/box/a",
        "https://acct.blob.core.windows.net", "https://acct.blob.core.windows.net.evil.example/b/a",
        "https://evil.example/.blob.core.windows.net/b/a", "gopher://127.0.0.1/", "az://box/a",
        "https://acct.blob.core.windows.net:8080/box/a", "s3://bucket/" + "x" * 1500,
    ],
)  # fmt: skip
def test_a_doubtful_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_import_uri(uri)


@pytest.mark.parametrize("uri", ["file:///", "file:///srv", "file:///srv/imports2", "file:///etc"])
def test_only_allowed_folders_are_allowed(uri: str) -> None:
    with pytest.raises(InvalidArgument, match="STONEPINE_IMPORT_FOLDERS"):
        allowed_folder(parse_import_uri(uri), ["/srv/imports"])
    with pytest.raises(InvalidArgument, match="STONEPINE_IMPORT_FOLDERS"):
        allowed_folder(parse_import_uri(uri), [])


def test_each_project_has_its_own_folder() -> None:
    settings = Environment(import_folders="/srv/{organization_id}/{project_id}, /open")
    one, other = new_id(), new_id()
    found = settings.import_folders_of(organization_id=one, project_id=other)
    assert found == [f"/srv/{one}/{other}", "/open"]
    for wrong in ("relative", "/srv/../etc"):
        with pytest.raises(ValueError, match="absolute"):
            Environment(import_folders=wrong)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed folder beside one that is not, and links between them."""
    for folder in ("allowed/export/films", "secret/films"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "secret" / "films" / "s.parquet").write_bytes(b"secret")
    (tmp_path / "allowed" / "export" / "films" / "a.parquet").write_bytes(b"good")
    return tmp_path / "allowed"


def test_links_below_the_folder_are_passed_over(root: Path) -> None:
    export = root / "export"
    (export / "linked").symlink_to(root.parent / "secret" / "films")
    (export / "films" / "linked.parquet").symlink_to(root.parent / "secret/films/s.parquet")
    os.mkfifo(export / "films" / "pipe.parquet")
    (export / "films" / "folder.parquet").mkdir()
    assert [file.path for file in survey(LocalSource(root, ("export",)))] == ["films/a.parquet"]


def test_what_becomes_a_link_after_it_was_listed_is_not_opened(root: Path) -> None:
    source = LocalSource(root, ("export",))
    (file,) = survey(source)
    real = root / "export" / "films" / "a.parquet"
    real.unlink()
    real.symlink_to(root.parent / "secret" / "films" / "s.parquet")
    with pytest.raises(FileRefused):
        source.open(file)
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(FileRefused, match="it is no file"):
        source.open(file)
    (root / "export").rename(root / "moved")
    (root / "export").symlink_to(root.parent / "secret")
    with pytest.raises(ImportFailed):
        source.open(SourceFile("films", "s.parquet"))
    with pytest.raises(ImportFailed):
        survey(source)


def test_the_operators_own_folder_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert survey(LocalSource(tmp_path / "link", ("export",)))


def test_what_is_not_there_and_what_is_no_folder_sound_alike(root: Path) -> None:
    said = set()
    for parts in (("nothing",), ("export", "films", "a.parquet")):
        with pytest.raises(ImportFailed) as failure:
            survey(LocalSource(root, parts))
        said.add(str(failure.value))
    assert said == {"The folder of the import cannot be read."}


def test_names_that_are_no_namespace_fail_the_import(yard: Yard) -> None:
    yard.write("ünïcode/a.parquet", table(["a"]))
    found = yard.import_all()
    assert found["status"] == "Failed"
    assert "is no namespace" in found["error"]
    (yard.folder / "ünïcode").rename(yard.folder / os.fsdecode(b"\xff"))
    assert "a name that is not UTF-8" in yard.import_all()["error"]


def test_one_project_cannot_read_anothers_folder(yard: Yard) -> None:
    stranger = yard.plane.project()
    index_id = yard.plane.index(stranger)
    key = yard.plane.api_key(stranger)
    yard.write("films/a.parquet", table(["a"]))
    with yard.plane.client(index_id, key.value) as client:
        for uri in (yard.uri, f"file://{yard.folder.parent.parent}", "file:///etc"):
            assert client.post("/bulk/imports", json={"uri": uri}).status_code == 400
