"""The command line over a whole running installation."""

import json
import os
import re
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.sockets import documented_sockets, listening
from tests.support.stack import Stack, is_alive, running_stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.stack

PROCESSES = [
    "postgres", "valkey", "gateway", "web", "worker", "scheduler", "node-engine", "node-front",
]  # fmt: skip


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


def supervisor(stack: Stack) -> psutil.Process:
    return psutil.Process(int(json.loads((stack.home / "stonepine.lock").read_text())["pid"]))


def test_status_names_all_processes_and_where_to_go(stack: Stack) -> None:
    said = json.loads(stack.run("status", "--home", str(stack.home), "--json").stdout)
    assert said == stack.status()
    assert [entry["name"] for entry in said["processes"]] == PROCESSES
    assert said["console_url"] == said["api_url"] == f"http://127.0.0.1:{stack.port}"
    assert stack.run("status", "--home", str(stack.home)).returncode == 0


def test_a_fresh_installation_listens_where_the_documentation_says_and_nowhere_else(
    stack: Stack,
) -> None:
    """No index has been made, so there is one port; and one engine."""
    tcp, unix = listening(stack)
    assert tcp == {("127.0.0.1", stack.port)}
    assert unix == documented_sockets() - {"run/engine-1.sock"}


def test_doctor_finds_nothing_wrong(stack: Stack) -> None:
    result = stack.run("doctor", "--home", str(stack.home), "--json")
    findings = json.loads(result.stdout)
    assert [entry for entry in findings if not entry["is_good"]] == []
    assert result.returncode == 0
    looked_at = {entry["check"] for entry in findings}
    assert {"disk", "keyring", "certificate", "durability", "valkey password"} <= looked_at
    assert {f"database as stonepine_{role}" for role in ("owner", "app", "system")} <= looked_at


def test_doctor_finds_an_open_file_and_says_how_to_close_it(stack: Stack) -> None:
    secrets = stack.home / "secrets.json"
    secrets.chmod(0o644)
    try:
        result = stack.run("doctor", "--home", str(stack.home))
    finally:
        secrets.chmod(0o600)
    assert result.returncode == 1
    assert "chmod go-rwx" in " ".join(result.stdout.split())


def test_nothing_listens_but_the_documented_ports(stack: Stack) -> None:
    listening = {
        (entry.laddr.ip, entry.laddr.port)
        for entries in stack.answers(lambda process: process.net_connections("inet"))
        for entry in entries
        if entry.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", stack.port)}


def test_sockets_are_closed_to_others(stack: Stack) -> None:
    sockets = [path for path in stack.home.rglob("*") if path.is_socket()]
    assert len(sockets) >= 6
    for path in sockets:
        mode, folder = (stat.S_IMODE(entry.stat().st_mode) for entry in (path, path.parent))
        assert mode & 0o600 == 0o600, f"{path.name} is closed to its own user: {mode:o}"
        assert not mode & 0o066 or not folder & 0o067, f"{path.name}: {mode:o} in {folder:o}"


def _secrets(stack: Stack) -> list[str]:
    """A former secret key is empty until there has been a rotation."""
    given = json.loads((stack.home / "secrets.json").read_text())
    return [secret for secret in given.values() if secret]


def test_no_secret_stands_on_a_command_line(stack: Stack) -> None:
    secrets = _secrets(stack)
    lines = "\n".join(stack.answers(lambda process: " ".join(process.cmdline())))
    assert "dataplane.engine" in lines
    assert not [secret for secret in secrets if secret in lines]


def test_programs_that_are_not_ours_are_told_no_secret(stack: Stack) -> None:
    secrets = _secrets(stack)
    for name in ("postgres", "valkey", "gateway"):
        told = psutil.Process(stack.pid(name)).environ()
        assert set(told) <= {
            "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "STONEPINE_SUPERVISED",
        }, name  # fmt: skip
        assert not [secret for secret in secrets if secret in "".join(told.values())], name


def test_no_process_leaves_its_memory_in_a_core_file(stack: Stack) -> None:
    for limits in stack.answers(lambda process: Path(f"/proc/{process.pid}/limits").read_text()):
        assert re.search(r"^Max core file size +[01] +[01] ", limits, re.MULTILINE), limits


def test_no_secret_stands_in_a_log(stack: Stack) -> None:
    secrets = [*_secrets(stack), stack.api_key]
    text = "".join(path.read_text() for path in (stack.home / "logs").iterdir())
    assert text
    assert not [secret for secret in secrets if secret in text]


def test_second_start_of_the_home_names_the_first(stack: Stack) -> None:
    result = stack.run("up", "--home", str(stack.home), "--detach")
    assert result.returncode == 2
    assert f"process {supervisor(stack).pid}" in " ".join(result.stderr.split())
    assert stack.status()["ready"]


def test_taken_port_is_named(stack: Stack, tmp_path: Path) -> None:
    result = stack.run("up", "--home", str(tmp_path / "h"), "--port", str(stack.port), "--detach")
    assert result.returncode == 2
    complaint = " ".join(result.stderr.split())
    assert f"Port {stack.port}" in complaint
    assert "envoy" in complaint


def test_bootstrap_of_a_home_that_does_not_run_says_how_to_start_it(
    stack: Stack, tmp_path: Path
) -> None:
    result = stack.run("bootstrap", "--home", str(tmp_path / "h"), "--json")
    assert result.returncode == 2
    assert "stonepine up --home" in " ".join(result.stderr.split())


def test_bootstrap_shows_secrets_once_unless_they_are_rotated(stack: Stack) -> None:
    again = json.loads(stack.run("bootstrap", "--home", str(stack.home), "--json").stdout)
    assert again["api_key"] is None
    assert again["organization_id"] == stack.facts["organization_id"]
    rotated = stack.run("bootstrap", "--home", str(stack.home), "--json", "--rotate")
    fresh = json.loads(rotated.stdout)
    assert fresh["api_key"] not in {None, stack.api_key}
    stack.facts |= fresh


def test_postgres_comes_back_after_a_kill_and_nobody_else_restarts(stack: Stack) -> None:
    before = {entry["name"]: entry["pid"] for entry in stack.status()["processes"]}
    stack.kill("postgres")
    wait_until(
        lambda: stack.pid("postgres") not in {None, before["postgres"]},
        timeout_s=20, what="another PostgreSQL runs",
    )  # fmt: skip
    stack.wait_until_ready()
    after = {entry["name"]: entry["pid"] for entry in stack.status()["processes"]}
    assert {name for name in after if after[name] != before[name]} == {"postgres"}


def test_web_comes_back_after_a_kill_and_leaves_no_orphan(stack: Stack) -> None:
    leader = psutil.Process(stack.kill("web", signal.SIGSTOP))
    family = leader.children(recursive=True)
    assert family
    leader.kill()
    wait_until(
        lambda: not [member for member in family if member.is_running()],
        timeout_s=10, what="the web's workers are gone",
    )  # fmt: skip
    stack.wait_until_ready()
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10):
        pass


def test_kill_of_the_supervisor_leaves_nothing_and_the_next_start_works(stack: Stack) -> None:
    family = stack.processes()
    assert len(family) > len(PROCESSES)
    os.kill(supervisor(stack).pid, signal.SIGKILL)
    wait_until(
        lambda: not any(map(is_alive, family)),
        timeout_s=10, what="every process of the home is gone",
    )  # fmt: skip
    assert stack.status()["ready"] is False
    stack.start()
    stack.bootstrap()


def test_down_is_orderly_and_leaves_no_process(stack: Stack) -> None:
    family = stack.processes()
    result = stack.run("down", "--home", str(stack.home), timeout_s=60)
    assert (result.returncode, result.stdout.strip()) == (0, "Stopped.")
    assert not any(map(is_alive, family))
    last = (stack.home / "logs" / "postgres.log").read_text().splitlines()[-20:]
    assert any("database system is shut down" in line for line in last)
    assert stack.run("down", "--home", str(stack.home)).stdout.strip() == "Nothing runs."
    stack.start()
