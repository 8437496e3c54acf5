"""The embedded Valkey: no port, a password that no command line shows, what was said is kept."""

import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.embedded.valkey import EmbeddedValkey
from tests.support.waiting import wait_until

PASSWORD = "long-enough_and-odd?"
AT_ONCE = Retry(NoBackoff(), 0)  # the usual one sleeps for seconds over what is refused


@pytest.fixture
def server() -> Iterator[EmbeddedValkey]:
    with tempfile.TemporaryDirectory(prefix="sp-vk-") as folder:
        yield EmbeddedValkey(Path(folder) / "data", Path(folder) / "valkey.sock", PASSWORD)


def client(server: EmbeddedValkey, **changes: object) -> redis.Redis:
    return redis.Redis.from_url(server.url(), retry=AT_ONCE, **changes)


def answers(server: EmbeddedValkey) -> bool:
    try:
        with client(server) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


@contextmanager
def started(server: EmbeddedValkey) -> Iterator[subprocess.Popen[bytes]]:
    server.prepare()
    process = subprocess.Popen(server.argv(), stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(server), timeout_s=10, what="Valkey answers")
        yield process
    finally:
        process.kill()
        process.wait()


def test_url_signs_in_and_nothing_else_does(server: EmbeddedValkey) -> None:
    with started(server):
        with client(server) as signed_in:
            signed_in.set("a", 1)
            assert signed_in.get("a") == b"1"
        for wrong in ({}, {"password": "wrong"}):
            with (
                redis.Redis(
                    unix_socket_path=str(server.socket), retry=AT_ONCE, **wrong
                ) as stranger,
                pytest.raises(redis.AuthenticationError),
            ):
                stranger.get("a")


def test_no_port_is_opened_and_the_socket_is_ours(server: EmbeddedValkey) -> None:
    with started(server) as process:
        connections = psutil.Process(process.pid).net_connections("inet")
        assert [entry for entry in connections if entry.status == psutil.CONN_LISTEN] == []
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600


def test_password_stands_on_no_command_line(server: EmbeddedValkey) -> None:
    with started(server) as process:
        assert PASSWORD not in " ".join(psutil.Process(process.pid).cmdline())
    configuration = server.folder / "valkey.conf"
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600


def test_messages_survive_a_kill(server: EmbeddedValkey) -> None:
    with started(server) as process:
        with client(server) as writer:
            writer.lpush("queue", "message")
            writer.config_set("appendfsync", "always")
            writer.lpush("queue", "second")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with started(server), client(server) as reader:
        assert reader.lrange("queue", 0, -1) == [b"second", b"message"]


def test_nothing_is_evicted_behind_celerys_back(server: EmbeddedValkey) -> None:
    with started(server), client(server) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_torn_end_is_cut_off_and_what_was_before_it_stays(server: EmbeddedValkey) -> None:
    """A power cut leaves zeros where the last second's bytes should be."""
    with started(server), client(server) as connection:
        connection.set("kept", "yes")
        (growing,) = server.folder.glob("appendonlydir/*.incr.aof")
        wait_until(lambda: b"kept" in growing.read_bytes(), timeout_s=5, what="it is written")
    with growing.open("ab") as file:
        file.write(bytes(5_000))
    with started(server), client(server) as connection:
        assert connection.get("kept") == b"yes"


def test_what_cannot_be_mended_is_set_aside(server: EmbeddedValkey) -> None:
    with started(server):
        pass
    (manifest,) = server.folder.glob("appendonlydir/*.manifest")
    manifest.write_bytes(b"\0" * 80)
    with started(server), client(server) as connection:
        assert connection.dbsize() == 0
