"""What `restore-installation` refuses before it does anything, and the way of a database."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cli.dump_file import Header, write_dump
from cli.embedded.copying import copied_out, copy_in
from cli.embedded.postgres import OWNER, EmbeddedPostgres
from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock
from cli.main import app
from cli.migrations import require_known
from cli.preparation import prepare
from cli.receipts import NAME, read_receipt, write_receipt
from cli.visit import visiting
from keyring.local import LocalKeyring
from tests.support.postgres import running_postgres
from tests.support.power import small_disk


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["restore-installation", *arguments])
    assert isinstance(result.exception, SetupError), result
    return f"{result.exception.message} {result.exception.hint}"


@pytest.fixture(autouse=True)
def _own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without settings; what the command changes of its process for good is put back."""
    mask = os.umask(0o077)
    os.umask(mask)
    for name in ("STONEPINE_KEYRING_DIR", "OBJECT_STORE_URL", "STONEPINE_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield
    os.umask(mask)


def test_a_home_that_is_not_empty_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    assert "is not empty" in refusal("--home", str(tmp_path))
    assert [one.name for one in tmp_path.iterdir()] == ["note"]
    assert "is not empty" in refusal("--home", str(tmp_path / "note"))


def test_what_is_missing_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    home, keyring = tmp_path / "home", tmp_path / "keyring"
    LocalKeyring.create(keyring)
    assert "Which keyring?" in refusal("--home", str(home))
    assert "There is no keyring" in refusal("--home", str(home), "--keyring", str(tmp_path / "x"))
    known = ("--home", str(home), "--keyring", str(keyring))
    assert "Which object store?" in refusal(*known)
    assert list(home.iterdir()) == []
    (keyring / "projects" / "link").symlink_to("/etc/passwd")
    assert "neither file nor folder" in refusal(*known)
    assert list(home.iterdir()) == []


def test_a_home_that_a_restore_was_cut_off_in_is_neither_started_nor_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "objects").mkdir(parents=True, mode=0o700)
    (home / "objects" / "half").write_text("of it")
    (home / "restoring").touch()
    for use in (lambda: prepare(Home.at(home), None), lambda: visited(home)):
        with pytest.raises(SetupError, match="is not whole"):
            use()
    assert (home / "objects" / "half").exists()
    lock = InstanceLock.take(Home.at(home))
    assert "already runs" in refusal("--home", str(home))
    lock.release()
    assert (home / "objects" / "half").exists(), "another one is at it"
    assert "Which keyring?" in refusal("--home", str(home))
    assert list(home.iterdir()) == []


def visited(home: Path) -> None:
    Home.at(home).remember(port=1)
    with visiting(home):
        raise AssertionError("it was opened")


def test_on_a_full_disk_nothing_is_left_and_the_reason_is_told(tmp_path: Path) -> None:
    keyring, objects = tmp_path / "keyring", tmp_path / "objects"
    LocalKeyring.create(keyring)
    for number in range(3):
        (objects / "indexes").mkdir(parents=True, exist_ok=True)
        (objects / "indexes" / str(number)).write_bytes(bytes(8 << 20))
    with small_disk(size_mb=16, inodes=2_000) as disk:
        home = disk / "home"
        given = ("--home", str(home), "--keyring", str(keyring), "--objects", str(objects))
        assert "No space left" in refusal(*given)
        assert list(home.iterdir()) == []
        (disk / "ballast").write_bytes(bytes(15 << 20))
        written = (disk / "a.dump", LocalKeyring(keyring), Header("now", []), [bytes(4 << 20)])
        with pytest.raises(SetupError, match="No space left"):
            write_dump(*written, confirm=lambda: None)
        assert list(disk.glob("*.dump*")) == list(disk.glob(".*.dump*")) == []


def test_tables_of_a_newer_version_are_refused() -> None:
    require_known([("indexes", "0001_indexes")])
    with pytest.raises(SetupError, match="newer version"):
        require_known([("indexes", "9999_of_next_year")])


def test_a_receipt_is_believed_with_its_keyring_alone(tmp_path: Path) -> None:
    keyring = LocalKeyring.create(tmp_path / "keyring")
    write_receipt(tmp_path, keyring, made_at="now", indexes=3)
    receipt = tmp_path / NAME
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o600
    assert read_receipt(receipt, keyring) == {"made_at": "now", "indexes": 3}
    with pytest.raises(SetupError, match="not genuine"):
        read_receipt(receipt, LocalKeyring.create(tmp_path / "other"))
    receipt.write_text(receipt.read_text().replace("3", "4", 1))
    with pytest.raises(SetupError, match="not genuine"):
        read_receipt(receipt, keyring)
    receipt.write_text("[]")
    with pytest.raises(SetupError, match="no receipt"):
        read_receipt(receipt, keyring)


@pytest.fixture
def second_server() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as server:
        server.ensure_database()
        yield server


def rows(server: EmbeddedPostgres, table: str) -> int:
    with psycopg.connect(server.url("postgres")) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    assert found is not None
    return int(found[0])


def test_a_database_goes_over_whole_without_its_log_or_not_at_all(
    postgres_server: EmbeddedPostgres, second_server: EmbeddedPostgres
) -> None:
    postgres_server.ensure_database()
    with psycopg.connect(postgres_server.url(OWNER), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 50000) AS number")
        connection.execute("ALTER TABLE kept ENABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE kept FORCE ROW LEVEL SECURITY")
        connection.execute("CREATE TABLE log_batch AS SELECT 1 AS lsn")
    try:
        copy = b"".join(copied_out(postgres_server))
    finally:
        postgres_server.drop_database("stonepine")
    with pytest.raises(SetupError, match="pg_restore failed"):
        copy_in(second_server, [copy[: len(copy) // 2]])
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(second_server, "kept")
    copy_in(second_server, [copy])
    assert (rows(second_server, "kept"), rows(second_server, "log_batch")) == (50_000, 0)
    with psycopg.connect(second_server.url(OWNER)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
