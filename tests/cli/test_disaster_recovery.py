"""The whole drill: a machine is lost, and a second home comes out of dump, keyring and objects."""

import json
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import Stack, reserved_port, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.timeout(900)]

SMALL_SEGMENTS = {"STONEPINE_SEGMENT_THRESHOLD": "40", "STONEPINE_SEGMENT_MAX_RECORDS": "100"}


def upsert(index: Wire, first: int, count: int, namespace: str = "films") -> None:
    vectors = [
        {"id": f"r{number}", "values": [number, 1, -1], "metadata": {"number": number}}
        for number in range(first, first + count)
    ]
    reply = index.post("/vectors/upsert", {"vectors": vectors, "namespace": namespace})
    assert reply.status == 200, reply


def run(stack: Stack, *arguments: str) -> str:
    result = stack.run(*arguments, "--home", str(stack.home))
    assert result.returncode == 0, result
    return result.stdout


def digest(stack: Stack, index_id: str) -> dict[str, Any]:
    return dict(json.loads(run(stack, "digest", index_id, "--json")))


def archived_lsns(objects: Path, index_id: str) -> list[int]:
    """How far each living namespace's archived log goes."""
    folders = [one for one in (objects / "indexes" / index_id).iterdir()
               if not (one / "life" / "dropped").exists()]  # fmt: skip
    return sorted(
        max((int(path.name.split("-")[1]) for path in (one / "log").glob("*")), default=0)
        for one in folders
    )


def wait_until_archived(stack: Stack, index_id: str) -> dict[str, Any]:
    """What the index holds, once all of it is in the object store."""
    held = digest(stack, index_id)
    lsns = sorted(one["lsn"] for one in held["namespaces"].values())
    wait_until(
        lambda: archived_lsns(stack.home / "objects", index_id) == lsns,
        timeout_s=60, what="the archive has everything",
    )  # fmt: skip
    return held


def only_index(stack: Stack) -> tuple[str, str]:
    """(id, host)"""
    with control(stack.api_url, stack.api_key) as api:
        (found,) = api.get("/indexes").json()["indexes"]
    (folder,) = (stack.home / "objects" / "indexes").iterdir()
    return folder.name, str(found["host"])


def loaded(stack: Stack) -> tuple[str, Wire]:
    """An index with a segment and a log."""
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index("movies", dimension=3))
    index = Wire(host, api_key=stack.api_key)
    upsert(index, 0, 60)
    upsert(index, 0, 5, "doomed")
    wait_until(
        lambda: list((stack.home / "objects").glob("indexes/*/*/segments/*")),
        timeout_s=60, what="a segment",
    )  # fmt: skip
    return only_index(stack)[0], index


def after_the_dump(index: Wire) -> None:
    """A namespace more, one less, changes and deletions: only the object store has these."""
    upsert(index, 50, 30)
    upsert(index, 0, 7, "late")
    assert index.post("/vectors/delete", {"ids": ["r3", "r4"], "namespace": "films"}).status == 200
    assert index.request("DELETE", "/namespaces/doomed").status == 200


def test_a_second_home_comes_out_of_dump_keyring_and_objects(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with running_stack(**SMALL_SEGMENTS) as first:
        index_id, index = loaded(first)
        dump = Path(run(first, "dump", str(kept)).strip())
        assert stat.S_IMODE(dump.stat().st_mode) == 0o600
        assert b"movies" not in dump.read_bytes()
        with index:
            after_the_dump(index)
        held = wait_until_archived(first, index_id)
        assert set(held["namespaces"]) == {"films", "late"}
        run(first, "audit", "sign-heads")
        first.kill_everything()
        shutil.copytree(first.home / "keyring", kept / "keyring")
        shutil.copytree(first.home / "objects", kept / "objects")
        shutil.rmtree(first.home)
    with reserved_port() as port:
        second = Stack(tmp_path / "second", port, SMALL_SEGMENTS, first.facts)
        try:
            _restore_and_look(second, kept, dump, index_id, held)
        finally:
            second.down()
            second.kill_everything()


def _cut_off(second: Stack, kept: Path, dump: Path) -> None:
    """Kill the command once it has a database: what is there is not taken for whole."""
    command = subprocess.Popen(
        [*second.command, "restore-installation", "--home", str(second.home), "--dump", str(dump),
         "--keyring", str(kept / "keyring"), "--objects", str(kept / "objects")],
        env=second.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(
        lambda: list(second.home.glob("postgres/**/postmaster.pid")),
        timeout_s=120, what="the database is started",
    )  # fmt: skip
    assert command.poll() is None
    command.kill()
    command.wait()
    refused = second.run("up", "--home", str(second.home), "--port", str(second.port), "--detach")
    assert refused.returncode == 2
    assert "is not whole" in refused.stderr


def _restore_and_look(
    second: Stack, kept: Path, dump: Path, index_id: str, held: dict[str, Any]
) -> None:
    _cut_off(second, kept, dump)
    told = json.loads(
        run(
            second, "restore-installation", "--dump", str(dump), "--keyring", str(kept / "keyring"),
            "--objects", str(kept / "objects"), "--port", str(second.port), "--json",
        )
    )  # fmt: skip
    assert (told["indexes"], told["namespaces"], told["damages"]) == (1, 2, []), told
    second.start()
    _, host = only_index(second)
    with Wire(host, api_key=second.api_key) as index:
        wait_until(lambda: index.get("/vectors/fetch?ids=r1").status == 200,
                   timeout_s=30, what="the index answers")  # fmt: skip
        found = index.get("/vectors/fetch?ids=r79&ids=r3&namespace=films").json()["vectors"]
        assert set(found) == {"r79"}
        assert digest(second, index_id) == held
        upsert(index, 100, 1)
    run(second, "fsck")
    verified = second.run("audit", "verify", "--home", str(second.home))
    assert verified.returncode == 0, verified.stdout
    assert "or further, are lost" in verified.stdout, "what came after the dump is missed"
    refused = second.run("restore-installation", "--home", str(second.home), "--dump", str(dump))
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    assert "restored at" in run(second, "drill", str(second.home / "restored.json"))
