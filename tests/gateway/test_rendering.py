"""The same values give the same bytes, and files appear whole."""

import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from gateway.bootstrap import render_bootstrap
from gateway.listeners import (
    GatewaySettings,
    IndexListener,
    publish,
    read_listeners,
    render_listeners,
)
from kit.environment import Environment


@pytest.fixture
def settings() -> Iterator[GatewaySettings]:
    with tempfile.TemporaryDirectory() as folder:
        yield GatewaySettings.of(Environment(home=Path(folder), run_dir=Path(folder) / "run"))


def test_order_of_listeners_does_not_change_the_file(settings: GatewaySettings) -> None:
    entries = [IndexListener(UUID(int=number), 9080 + number) for number in range(20)]
    assert render_listeners(entries, settings) == render_listeners(entries[::-1], settings)


def test_version_follows_the_content(settings: GatewaySettings) -> None:
    def version(port: int) -> str:
        rendered = render_listeners([IndexListener(UUID(int=1), port)], settings)
        return str(json.loads(rendered)["version_info"])

    assert version(9080) == version(9080)
    assert version(9080) != version(9081)


def test_paths_are_absolute_however_the_home_was_named() -> None:
    settings = GatewaySettings.of(Environment(home=Path("here"), run_dir=Path("here/run")))
    assert settings.web_socket.is_absolute()
    assert settings.listeners_file.is_absolute()


def test_publish_tells_whether_anything_changed(tmp_path: Path) -> None:
    path = tmp_path / "listeners.json"
    assert publish(path, b"one")
    assert not publish(path, b"one")
    assert publish(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["listeners.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "listeners.json"
    contents = {bytes([letter]) * 500_000 for letter in b"ab"}
    publish(path, b"a" * 500_000)
    seen: set[bytes] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(40):
        publish(path, (b"b" if turn % 2 else b"a") * 500_000)
    is_over.set()
    reader.join()
    assert seen <= contents


def test_listed_listeners_are_read_back_from_the_file(settings: GatewaySettings) -> None:
    entries = [IndexListener(UUID(int=number), 9080 + number) for number in range(3)]
    assert read_listeners(render_listeners(entries, settings)) == entries


def test_plaintext_is_not_spoken_where_https_is_advertised(tmp_path: Path) -> None:
    settings = GatewaySettings.of(Environment(home=tmp_path, advertised_scheme="https"))
    listeners = json.loads(render_listeners([IndexListener(UUID(int=1), 9081)], settings))
    (listener,) = listeners["resources"]
    assert [chain["name"] for chain in listener["filter_chains"]] == ["tls"]


def test_slow_senders_are_cut_off_before_everybody_is_refused(settings: GatewaySettings) -> None:
    overload = json.loads(render_bootstrap(settings))["overload_manager"]
    triggers = {
        action["name"].split(".")[-1]: action["triggers"][0] for action in overload["actions"]
    }
    refused = triggers["stop_accepting_requests"]["threshold"]["value"]
    for name in ("reduce_timeouts", "reset_high_memory_stream"):
        assert triggers[name]["scaled"]["saturation_threshold"] < refused
    assert overload["buffer_factory_config"]["minimum_account_to_track_power_of_two"] == 20
