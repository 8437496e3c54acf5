"""The supervisor over small stand-in processes: order, restarts, ends."""

import contextlib
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from cli.home import Home, secret_keys
from cli.instance import pids, running, status, wait_until_renewed
from cli.keeper import pause_after
from cli.processes import SOCKET, Plan, Probe, ProbeKind, ProcessSpec
from kit.environment import MADE_HERE
from tests.support.waiting import wait_until

FOREVER = "import signal, time\nwhile True: time.sleep(60)"
WITH_CHILD = f"""
import subprocess, sys
subprocess.Popen([sys.executable, '-c', {FOREVER!r}])
{FOREVER}
"""
STUBBORN = (
    "import signal, time\n"
    "from cli.notices import say_ready\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n"
    "say_ready()\n"
    "while True: time.sleep(60)"
)
READY_LATER = (
    "import sys, threading\n"
    "from cli.notices import say_ready\n"
    "threading.Event().wait(float(sys.argv[1]))\n"
    "say_ready()\n" + FOREVER
)


def spec(name: str, program: str = FOREVER, *arguments: str, **changes: Any) -> ProcessSpec:
    made = ProcessSpec(
        name=name,
        argv=[sys.executable, "-c", program, *arguments],
        probe=Probe(ProbeKind.ALIVE),
        stop_after_s=1,
    )
    return replace(made, **changes)


class Supervised:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.seen: set[int] = set()

    def start(
        self,
        *processes: ProcessSpec,
        first_start: list[str] | None = None,
        daily: list[str] | None = None,
        watched: list[str] | None = None,
        environment: dict[str, str] | None = None,
        shell: tuple[str, ...] = (),
    ) -> None:
        plan = Plan(
            home=str(self.home.path),
            port=1,
            base_url="http://127.0.0.1:1",
            certificate_authority="",
            processes=list(processes),
            environment=os.environ | (environment or {}),
            first_start=first_start or [],
            daily=daily or [],
            watched=watched or [],
        )
        path = self.folder / "plan.json"
        path.write_text(json.dumps(plan.to_json()))
        self.process = subprocess.Popen(
            [*shell, sys.executable, "-m", "tests.cli.standin", str(path)],
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        said = status(self.home)
        self.seen.update(entry["pid"] for entry in said["processes"] if entry["pid"])
        return said

    def entry(self, name: str) -> dict[str, Any]:
        found = [entry for entry in self.status()["processes"] if entry["name"] == name]
        return found[0] if found else {"pid": None, "state": "", "restarts": 0}

    def wait_ready(self) -> None:
        wait_until(lambda: self.status()["ready"], timeout_s=15, what="all is ready")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait_end(self, timeout_s: float = 15) -> tuple[int, str]:
        assert self.process is not None
        output, _ = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, output

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            family = psutil.Process(self.process.pid).children(recursive=True)
            for member in [*family, psutil.Process(self.process.pid)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            self.process.communicate()


@pytest.fixture
def supervised() -> Iterator[Supervised]:
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        made = Supervised(Path(folder))
        yield made
        made.end()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_status_tells_every_process(supervised: Supervised) -> None:
    supervised.start(spec("one"), spec("two"))
    supervised.wait_ready()
    said = supervised.status()
    assert [entry["name"] for entry in said["processes"]] == ["one", "two"]
    assert {entry["state"] for entry in said["processes"]} == {"ready"}
    assert said["home"] == str(supervised.home.path)
    assert set(said) == {"ready", "home", "port", "console_url", "api_url", "processes"}
    assert set(said["processes"][0]) == {"name", "pid", "state", "restarts", "since"}


def test_what_is_needed_is_ready_before_a_process_starts(supervised: Supervised) -> None:
    first = spec("first", READY_LATER, "1.0", probe=Probe(ProbeKind.NOTIFY))
    supervised.start(first, spec("second", needs=["first"]))
    wait_until(lambda: supervised.entry("first")["pid"], timeout_s=10, what="the first starts")
    assert supervised.entry("second")["state"] == "waiting"
    supervised.wait_ready()
    began = [entry["since"] for entry in supervised.status()["processes"]]
    assert began == sorted(began)


def test_one_shot_runs_once_and_is_not_shown(supervised: Supervised) -> None:
    marker = supervised.folder / "ran"
    program = f"open({str(marker)!r}, 'a').write('x')"
    supervised.start(spec("database", program, is_one_shot=True), spec("after", needs=["database"]))
    supervised.wait_ready()
    assert marker.read_text() == "x"
    assert [entry["name"] for entry in supervised.status()["processes"]] == ["after"]


def test_killed_child_comes_back_under_another_pid(supervised: Supervised) -> None:
    supervised.start(spec("one"), spec("two"))
    supervised.wait_ready()
    killed, neighbour = supervised.entry("one")["pid"], supervised.entry("two")["pid"]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: supervised.entry("one")["restarts"] == 1, timeout_s=10, what="a restart")
    supervised.wait_ready()
    assert supervised.entry("one")["pid"] not in {killed, None}
    assert supervised.entry("two")["pid"] == neighbour
    assert "SIGKILL" in (supervised.home.log_dir / "one.log").read_text()


def test_what_a_killed_child_had_started_goes_with_it(supervised: Supervised) -> None:
    supervised.start(spec("web", WITH_CHILD))
    supervised.wait_ready()
    leader = psutil.Process(supervised.entry("web")["pid"])
    wait_until(leader.children, timeout_s=10, what="it starts its own child")
    (grandchild,) = leader.children()
    leader.kill()
    wait_until(lambda: is_gone(grandchild.pid), timeout_s=10, what="the grandchild is gone")


# What runs in a script's background ignores these two from the start.
BACKGROUND = ("sh", "-c", "trap '' INT QUIT; exec \"$@\"", "sh")


@pytest.mark.parametrize("shell", [(), BACKGROUND], ids=["in front", "in the background"])
def test_kill_of_the_supervisor_takes_all_children_along(
    supervised: Supervised, shell: tuple[str, ...]
) -> None:
    supervised.start(
        spec("one"),
        spec("asked", death_signal=signal.SIGTERM),
        spec("quits", death_signal=signal.SIGQUIT),
        shell=shell,
    )
    supervised.wait_ready()
    pids = {entry["pid"] for entry in supervised.status()["processes"]}
    supervised.send(signal.SIGKILL)
    supervised.wait_end()
    wait_until(lambda: all(map(is_gone, pids)), timeout_s=10, what="no child is left")
    assert status(supervised.home)["ready"] is False


def test_next_supervisor_ends_what_a_killed_one_left(supervised: Supervised) -> None:
    notify = Probe(ProbeKind.NOTIFY)
    supervised.start(spec("deaf", STUBBORN, death_signal=signal.SIGUSR1, probe=notify))
    supervised.wait_ready()
    left = supervised.entry("deaf")["pid"]
    supervised.send(signal.SIGKILL)
    supervised.wait_end()
    assert not is_gone(left)
    supervised.start(spec("deaf"))
    supervised.wait_ready()
    assert is_gone(left)
    assert supervised.entry("deaf")["pid"] != left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_is_orderly_and_leaves_nothing(supervised: Supervised, number: signal.Signals) -> None:
    supervised.start(spec("face", stop_stage=0), spec("store", stop_stage=3))
    supervised.wait_ready()
    pids = {entry["pid"] for entry in supervised.status()["processes"]}
    supervised.send(number)
    code, _ = supervised.wait_end()
    assert code == 0
    assert all(map(is_gone, pids))
    assert running(supervised.home) is None
    assert not supervised.home.status_file.exists()


def test_later_stages_outlive_earlier_ones(supervised: Supervised) -> None:
    order = supervised.folder / "order"
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1] + '\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "from cli.notices import say_ready\n"
        "say_ready()\n"
        "while True: time.sleep(60)"
    )
    notify = {"probe": Probe(ProbeKind.NOTIFY)}
    supervised.start(
        spec("store", program, "store", stop_stage=3, **notify),
        spec("face", program, "face", stop_stage=0, **notify),
    )
    supervised.wait_ready()
    supervised.send(signal.SIGTERM)
    supervised.wait_end()
    assert order.read_text().split() == ["face", "store"]


def test_second_ctrl_c_is_faster(supervised: Supervised) -> None:
    slow = {"probe": Probe(ProbeKind.NOTIFY), "stop_after_s": 60}
    supervised.start(spec("slow", STUBBORN, **slow))
    supervised.wait_ready()
    supervised.send(signal.SIGINT)
    wait_until(
        lambda: supervised.entry("slow")["state"] == "stopping", timeout_s=5, what="it stops"
    )
    supervised.send(signal.SIGINT)
    code, _ = supervised.wait_end(timeout_s=10)
    assert code == 0


def test_process_that_never_starts_ends_the_first_start_with_its_last_words(
    supervised: Supervised,
) -> None:
    broken = "import sys; sys.exit('the reason stands here')"
    supervised.start(spec("fine"), spec("broken", broken, probe=Probe(ProbeKind.NOTIFY)))
    code, output = supervised.wait_end(timeout_s=30)
    assert code == 2
    assert "broken does not start" in output
    assert "the reason stands here" in output


def test_first_start_command_is_heard_once_all_is_ready(supervised: Supervised) -> None:
    program = 'print(\'{"setup_link": "http://x/setup"}\')'
    supervised.start(spec("one"), first_start=[sys.executable, "-c", program])
    supervised.wait_ready()
    assert supervised.process is not None
    assert supervised.process.stdout is not None
    assert supervised.process.stdout.readline() == ('welcome {"setup_link": "http://x/setup"}\n')


def test_change_of_a_watched_file_runs_what_is_else_run_once_a_day(
    supervised: Supervised, tmp_path: Path
) -> None:
    """The file is replaced, and then a link before it is moved, as volumes of secrets do."""
    first, second, link = (tmp_path / name for name in ("first.pem", "second.pem", "chain.pem"))
    for number, path in enumerate((first, second)):
        path.write_text("x" * number)
    link.symlink_to(first)
    seen = tmp_path / "seen"
    copy = f"import pathlib; pathlib.Path({str(seen)!r}).write_text(open({str(link)!r}).read())"
    supervised.start(spec("a"), daily=[sys.executable, "-c", copy], watched=[str(link)])
    supervised.wait_ready()
    assert not seen.exists()
    for change in (lambda: first.write_text("renewed"), lambda: _move(link, second)):
        change()
        wait_until(
            lambda: seen.exists() and seen.read_text() == link.read_text(),
            timeout_s=20, what="the change is taken up",
        )  # fmt: skip


def _move(link: Path, target: Path) -> None:
    beside = link.with_name("new")
    beside.symlink_to(target)
    beside.replace(link)


def test_second_supervisor_of_a_home_names_the_first(supervised: Supervised) -> None:
    supervised.start(spec("one"))
    supervised.wait_ready()
    first = supervised.process
    assert first is not None
    supervised.start(spec("one"))
    code, output = supervised.wait_end()
    supervised.process = first
    assert code == 2
    assert f"process {first.pid}, http://127.0.0.1:1" in output
    assert supervised.status()["ready"]


def test_output_becomes_json_lines(supervised: Supervised) -> None:
    program = (
        "import sys\n"
        'print("a plain line")\nprint(\'{"event": "its own JSON"}\')\n'
        "sys.stdout.flush()\n" + FOREVER
    )
    supervised.start(spec("talker", program))
    path = supervised.home.log_dir / "talker.log"
    wait_until(
        lambda: path.exists() and path.read_text().count("\n") == 2, timeout_s=10, what="two lines"
    )
    plain, own = map(json.loads, path.read_text().splitlines())
    assert (plain["process"], plain["message"]) == ("talker", "a plain line")
    assert own == {"event": "its own JSON"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_ours_is_told_no_settings(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    supervised.start(spec("ours"), spec("foreign", is_ours=False))
    supervised.wait_ready()
    ours, foreign = (
        psutil.Process(supervised.entry(name)["pid"]).environ() for name in ("ours", "foreign")
    )
    assert ours["DATABASE_URL"] == "secret"
    assert {"PATH", "STONEPINE_SUPERVISED"} <= set(foreign)
    assert not {"DATABASE_URL", "NOTIFY_SOCKET", "HOME"} & set(foreign)


def test_whoever_served_comes_back_at_once_and_whoever_does_not_start_ever_later() -> None:
    never_ready = -math.inf
    pauses = [0.0]
    for _ in range(8):
        pauses.append(pause_after(pauses[-1], served_s=never_ready))
    assert pauses[1:] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert pause_after(pauses[-1], served_s=0.2) == 5.0
    assert pause_after(pauses[-1], served_s=2.0) == 0.1


def test_who_signs_is_started_again_when_the_secret_key_changes(supervised: Supervised) -> None:
    home = supervised.home
    home.path.mkdir()
    told = {**secret_keys(home), MADE_HERE: "DATABASE_URL,STONEPINE_SECRET_KEY"}
    supervised.start(spec("web", signs=True), spec("node"), environment=told)
    supervised.wait_ready()
    web, node = (supervised.entry(name)["pid"] for name in ("web", "node"))
    home.rotate_secret_key()
    before = {"web": web}
    wait_until_renewed(home, ["web"], before)
    (now,) = pids(home, ["web"]).values()
    environment = psutil.Process(now).environ()
    assert {name: environment[name] for name in secret_keys(home)} == secret_keys(home)
    assert environment["STONEPINE_FORMER_SECRET_KEY"] == told["STONEPINE_SECRET_KEY"]
    assert supervised.entry("node")["pid"] == node


def facing(face: Path) -> ProcessSpec:
    command = [sys.executable, "-m", "granian", "tests.cli.secret_teller:application"]
    return ProcessSpec(
        name="web",
        argv=[*command, "--interface", "wsgi", "--uds", SOCKET, "--log-level", "warning"],
        probe=Probe(ProbeKind.HTTP),
        death_signal=signal.SIGTERM,
        signs=True,
        face=str(face),
    )


def test_who_has_a_face_is_started_again_without_a_refusal(supervised: Supervised) -> None:
    home, face = supervised.home, supervised.folder / "web.sock"
    home.path.mkdir()
    told = {**secret_keys(home), MADE_HERE: "STONEPINE_SECRET_KEY"}
    supervised.start(facing(face), environment=told)
    supervised.wait_ready()
    is_over = threading.Event()

    def asked() -> list[str]:
        """What each answer told, over a connection of its own and over one that stays."""
        heard = []
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(face), retries=2)) as kept:
            while not is_over.is_set():
                heard.append(kept.get("http://web/").text)
                with httpx.Client(transport=httpx.HTTPTransport(uds=str(face))) as fresh:
                    heard.append(fresh.get("http://web/").text)
        return heard

    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(asked)
        for change in (home.rotate_secret_key, home.retire_secret_key):
            before = pids(home, ["web"])
            change()
            wait_until_renewed(home, ["web"], before)
        is_over.set()
    changes = [key for key, _ in itertools.groupby(heard.result())]
    assert changes[0] == told["STONEPINE_SECRET_KEY"]
    assert changes[-1] == secret_keys(home)["STONEPINE_SECRET_KEY"]
    assert supervised.entry("web")["restarts"] == 2
    _kill_the_next(supervised, f"{face}.4")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(face))) as client:
        assert client.get("http://web/").is_success
    supervised.send(signal.SIGKILL)
    supervised.wait_end()
    supervised.start(facing(face), environment=told)
    supervised.wait_ready()


def _kill_the_next(supervised: Supervised, socket: str) -> None:
    """One that dies before it is ready is tried again: the one that serves does not end for it."""
    assert supervised.process is not None
    before = pids(supervised.home, ["web"])
    supervised.home.rotate_secret_key()
    father = psutil.Process(supervised.process.pid)

    def is_killed() -> bool:
        for one in father.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if socket in one.cmdline():
                    one.kill()
                    return True
        return False

    wait_until(is_killed, timeout_s=20, every_s=0.01, what="the next one is there")
    assert pids(supervised.home, ["web"]) == before
    wait_until_renewed(supervised.home, ["web"], before)
    (former,) = before.values()
    assert supervised.entry("web")["pid"] != former
    assert supervised.entry("web")["restarts"] == 3


def test_a_secret_key_of_the_operators_is_theirs_to_tell(supervised: Supervised) -> None:
    home = supervised.home
    home.path.mkdir()
    told = {**secret_keys(home), MADE_HERE: "DATABASE_URL"}
    daily = [sys.executable, "-c", "from pathlib import Path; Path('{}').touch()".format(
        noticed := supervised.folder / "noticed"
    )]  # fmt: skip
    watched = [str(home.path / "secrets.json")]
    supervised.start(spec("web", signs=True), environment=told, daily=daily, watched=watched)
    supervised.wait_ready()
    web = supervised.entry("web")["pid"]
    home.rotate_secret_key()
    # By then the supervisor has looked at the file as often as it would have to.
    wait_until(noticed.exists, timeout_s=15, what="the supervisor saw the file change")
    assert supervised.entry("web")["pid"] == web
