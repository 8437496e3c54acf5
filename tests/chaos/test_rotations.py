"""Every kind of key is rotated while clients read and write, and whoever does it is killed before
each of its steps: requests go on, everything opens, nothing is left under the key before.

Only in `make nightly`; an interrupted run is gone on with, STONEPINE_SEED repeats its choices.
STONEPINE_ROTATIONS picks kinds by name, with commas.
"""

import json
import os
import random
import shutil
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import psycopg
import pytest

from cli.home import Home
from cli.settings import embedded_postgres
from tests.chaos.rotation_desk import Desk, rotation_desk
from tests.support.campaign import Campaign
from tests.support.certificates import Authority
from tests.support.journal import Counts
from tests.support.key_house import KeyHouse, key_house
from tests.support.load import DIMENSION, Load
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import Broken, NotSent, Wire, control, dense_index, ready_index

MOST_FAILURES = 1e-4
GRACE_S = 65  # `keyring.roots.GRACE_S`, and a little
SETTINGS = {
    "STONEPINE_SEGMENT_THRESHOLD": "60",
    "STONEPINE_SEGMENT_MAX_RECORDS": "120",
    "STONEPINE_MERGE_MAX_RECORDS": "2000",
    "STONEPINE_OUTBOUND_ALLOW": "kms=127.0.0.0/8",
    "STONEPINE_DATA_KEY_CACHE_S": "20",
}
STILL = 400  # records of the index that nobody writes to

pytestmark = [pytest.mark.nightly, pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(7200)]


@dataclass
class Ground:
    """A running installation, its clients, and whoever rotates."""

    stack: Stack
    desk: Desk
    house: KeyHouse
    authority: Authority
    choose: random.Random
    kills: int = 0
    project: tuple[str, str] = ("", "")
    still: dict[str, Any] = field(default_factory=dict)
    still_host: str = ""

    def broken_off(
        self, *command: str, given: str = "", is_done: Callable[[], bool] = lambda: False
    ) -> None:
        """Carry out the act, killed before its every step and taken up again. One that must not be
        repeated once it has had its effect says so by `is_done`."""
        step = 1
        while self.desk.is_killed(*command, step=step, given=given):
            self.kills += 1
            if is_done():
                return
            step += 1
        assert step > 1, "nothing was killed"

    def project_keys(self) -> dict[str, Any]:
        (found,) = self.desk.inventory()["projects"]
        return dict(found)

    def kill_worker_until(self, condition: Callable[[], object], what: str) -> None:
        """The worker dies at random moments until its work is done all the same."""
        deadline = time.monotonic() + 300
        while not condition():
            assert time.monotonic() < deadline, what
            pause(self.choose.uniform(0.5, 8))
            self.stack.kill("worker")
            self.kills += 1
            self.stack.wait_until_ready()
            # Now and then it has the time that a turn takes.
            if self.choose.random() < 0.5:
                with suppress(AssertionError):
                    wait_until(condition, timeout_s=25, every_s=2, what=what)


def pause(seconds: float) -> None:
    """The random moment is the point here: there is nothing to wait for."""
    moment = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= moment, timeout_s=seconds + 1, what="the moment")


def newest(versions: dict[str, Any]) -> int:
    return max(map(int, versions))


def _rotate_provider(ground: Ground) -> None:
    """The customer's key: a new version at its holder, and then a new secret that opens it."""
    house, desk = ground.house, ground.desk
    house.rotate()
    ground.broken_off("keys", "rotate-wrapping-key", *ground.project)
    desk.act("keys", "rotate-wrapping-key", "--retire", *ground.project)
    house.least_version = house.version  # the former version opens nothing from now on
    house.vault_tokens.append(f"hvs.{house.version}")
    secret = json.dumps({"token": house.vault_tokens[-1]})
    ground.broken_off("keys", "customer", "update", *ground.project, given=secret)
    # Whoever asked by the former token a moment ago may be about to ask again.
    pause(2 * float(SETTINGS["STONEPINE_DATA_KEY_CACHE_S"]))
    del house.vault_tokens[:-1]
    desk.act("keys", "customer", "check", *ground.project)


def _rotate_data_key(ground: Ground) -> None:
    before = newest(ground.project_keys()["data_keys"])
    ground.broken_off(
        "keys", "rotate-data-key", *ground.project,
        is_done=lambda: newest(ground.project_keys()["data_keys"]) > before,
    )  # fmt: skip

    def is_resealed() -> bool:
        keys: dict[str, int] = ground.project_keys()["data_keys"]
        return not any(count for version, count in keys.items() if int(version) <= before)

    ground.kill_worker_until(is_resealed, "everything is sealed anew")
    # An earlier version ends after the grace of objects: as if that had gone by.
    server = embedded_postgres(Home(ground.stack.home))
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("UPDATE projects_datakey SET created_at = created_at - interval '2 h'")
    ground.kill_worker_until(
        lambda: list(ground.project_keys()["data_keys"]) == [str(before + 1)],
        "the earlier version is destroyed",
    )


def _rotate_wrapping_key(ground: Ground) -> None:
    before = newest(ground.project_keys()["wrapping_keys"])
    ground.broken_off("keys", "rotate-wrapping-key", *ground.project)
    ground.broken_off("keys", "rotate-wrapping-key", "--retire", *ground.project)
    (only,) = ground.project_keys()["wrapping_keys"]
    assert int(only) > before


def _rotate_root_key(ground: Ground) -> None:
    (before,) = ground.desk.inventory()["root_keys"]
    ground.broken_off("keys", "rotate-root-key")
    assert ground.desk.inventory()["root_keys"][before] == {}
    pause(GRACE_S)
    ground.broken_off("keys", "rotate-root-key", "--retire")
    (after,) = ground.desk.inventory()["root_keys"]
    assert after != before


def _rotate_pepper(ground: Ground) -> None:
    def living() -> dict[str, Any]:
        found: dict[str, Any] = ground.desk.inventory()["peppers"]
        return found

    before = newest(living())
    ground.broken_off("keys", "rotate-pepper", is_done=lambda: newest(living()) > before)
    account = ground.stack.facts["service_account"]
    reply = httpx.post(
        f"{ground.stack.api_url}/oauth/token",
        json={"grant_type": "client_credentials", **account}, timeout=30,
    )  # fmt: skip
    assert reply.status_code == 200, reply.text
    # What nobody uses has to end: the first start's key and link. What is used moves by itself.
    server = embedded_postgres(Home(ground.stack.home))
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute(
            "UPDATE projects_apikey SET revoked_at = now() WHERE public_id <> %s",
            [ground.stack.api_key.split("_")[1]],
        )
        connection.execute("UPDATE orgs_setuplink SET expires_at = now()")
    wait_until(
        lambda: not living()[str(before)], timeout_s=120, every_s=2, what="all that is used moved"
    )
    ground.desk.act("keys", "rotate-pepper", "--retire")
    assert list(living()) == [str(newest(living()))]


def _rotate_secret_key(ground: Ground) -> None:
    ground.broken_off("keys", "rotate-secret-key", is_done=lambda: has_former(ground))
    ground.stack.wait_until_ready()
    ground.broken_off("keys", "rotate-secret-key", "--retire")
    ground.stack.wait_until_ready()
    assert not has_former(ground)


def has_former(ground: Ground) -> bool:
    return bool(ground.desk.inventory()["secret_key"]["former"])


def _rotate_certificate(ground: Ground) -> None:
    for _ in range(5):
        _show_another_certificate(ground)


def _show_another_certificate(ground: Ground) -> None:
    shown = ground.authority.issue(f"gateway-{ground.choose.random()}", "127.0.0.1", "localhost")
    settings = ground.stack.settings
    for file, variable in (
        (shown.key, "STONEPINE_TLS_KEY"), (shown.certificate, "STONEPINE_TLS_CERTIFICATE")
    ):  # fmt: skip
        shutil.copy(file, f"{settings[variable]}.new")
        Path(f"{settings[variable]}.new").rename(settings[variable])
    # The supervisor takes it up besides, and may have done so before any of the kills.
    step = 1
    while ground.desk.is_killed("tls", "reload", step=step):
        ground.kills, step = ground.kills + 1, step + 1
    wanted = ssl.PEM_cert_to_DER_cert(shown.certificate.read_text())
    wait_until(lambda: certificate_shown(ground) == wanted, timeout_s=60, what="it is shown")


def certificate_shown(ground: Ground) -> bytes | None:
    trusting = ssl.create_default_context(cafile=ground.authority.file)
    parts = urlsplit(ground.still_host)
    with (
        socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as plain,
        trusting.wrap_socket(plain, server_hostname=parts.hostname) as secured,
    ):
        return secured.getpeercert(binary_form=True)


def _rotate_pair(ground: Ground) -> None:
    ground.desk.act("connection")
    before = json.loads(ground.desk.act("pairs"))

    def states() -> list[str]:
        return sorted(json.loads(ground.desk.act("pairs")).values())

    ground.broken_off("announce pair", is_done=lambda: states() == ["current", "next"])
    ground.broken_off("use next pair", is_done=lambda: states() == ["current"])
    after = json.loads(ground.desk.act("pairs"))
    assert list(after.values()) == ["current"]
    assert not after.keys() & before.keys()


def _rotate_signing_key(ground: Ground) -> None:
    def keys() -> list[int]:
        found: list[int] = ground.desk.inventory()["signing_keys"]
        return found

    before = keys()
    ground.broken_off("audit", "rotate-key", is_done=lambda: keys() != before)
    assert keys()[:-1] == before
    ground.desk.act("audit", "verify")


KINDS: dict[str, Callable[[Ground], None]] = {
    "customer's key": _rotate_provider,
    "data key": _rotate_data_key,
    "wrapping key": _rotate_wrapping_key,
    "root key": _rotate_root_key,
    "pepper": _rotate_pepper,
    "secret key": _rotate_secret_key,
    "certificate": _rotate_certificate,
    "sign-on pair": _rotate_pair,
    "audit signing key": _rotate_signing_key,
}
CHOSEN = [one for one in os.environ.get("STONEPINE_ROTATIONS", "").split(",") if one] or list(KINDS)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    authority = Authority(tmp_path, "rotations")
    assert authority.certificate is not None
    first = authority.issue("gateway", "127.0.0.1", "localhost")
    certificate, key = str(first.certificate), str(first.key)
    with (
        key_house() as house,
        running_stack(
            STONEPINE_TLS_CERTIFICATE=certificate, STONEPINE_TLS_KEY=key, **SETTINGS
        ) as stack,
        rotation_desk(stack) as desk,
    ):
        made = Ground(stack, desk, house, authority, random.Random())
        (project,) = desk.inventory()["projects"]
        made.project = (project["organization"], project["project"])
        _attach(made)
        yield made


def _attach(ground: Ground) -> None:
    settings = ground.house.settings("vault")
    told = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
    ground.desk.act(
        "keys", "customer", "attach", *ground.project, "--kind", "vault", *told,
        given=json.dumps({"token": ground.house.vault_tokens[-1]}),
    )  # fmt: skip


@dataclass
class Watch:
    """Asks the control plane all the time, to read and to change: by connections that are dialled
    for each request, and by ones that are kept. Nothing is asked twice."""

    stack: Stack
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._run, args=(one,)) for one in (False, True) * 2]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _run(self, is_kept: bool) -> None:
        asked = 0
        with control(self.stack.api_url, self.stack.api_key) as api:
            while not self._stop.is_set():
                if not is_kept:
                    api.close()
                self._ask(api, asked)
                asked += 1
                self._stop.wait(0.05)

    def _ask(self, api: Wire, number: int) -> None:
        try:
            if number % 4:
                reply = api.get("/indexes")
            else:
                reply = api.request("PATCH", "/indexes/still", {"tags": {"asked": str(number)}})
            failure = "" if reply.status == 200 else str(reply)
        except (NotSent, Broken) as error:
            failure = repr(error)
        with self._counting:
            self.answered += not failure
            if failure:
                after_s = time.monotonic() - self._began
                self.failures.append(f"request {number} at {after_s:.1f} s: {failure}")


@dataclass
class Report:
    """What the campaign showed: a line for each kind, kept beside its progress."""

    campaign: Campaign

    def add(self, **facts: Any) -> None:
        with self.campaign.file(".lines").open("a") as file:
            file.write(json.dumps(facts) + "\n")

    def lines(self) -> list[dict[str, Any]]:
        text = self.campaign.file(".lines").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def shares(self) -> dict[str, tuple[int, int]]:
        """How many requests were made of each plane, and how many of them failed."""
        lines = self.lines()
        missed = sum(len(line["control_plane_failures"]) for line in lines)
        return {
            "index nodes": (
                sum(line["asked"] for line in lines), sum(line["failed"] for line in lines)
            ),
            "control plane": (
                sum(line["control_plane_answered"] for line in lines) + missed, missed
            ),
        }  # fmt: skip

    def text(self) -> str:
        lines = self.lines()
        told = [f"{self.campaign}; {sum(line['kills'] for line in lines)} kills"]
        for plane, (asked, failed) in self.shares().items():
            share = 1 - failed / asked
            told.append(f"{plane}: {asked:,} requests, {failed} failed: {share:.4%} succeeded")
        return "\n".join(told + [f"  {line}" for line in lines])


def test_keys_rotate_under_load_whatever_is_killed(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign.resume("rotations", len(CHOSEN))
    report = Report(campaign)
    with control(ground.stack.api_url, ground.stack.api_key) as api:
        host = ready_index(api, dense_index("busy", dimension=DIMENSION))
        _fill_still(ground, api)
        load = Load(
            host, ground.stack.api_key, campaign.seed, senders=2,
            authority=ground.authority.file, dial_after=25,
        )  # fmt: skip
        for number in campaign.rest():
            kind = CHOSEN[number]
            ground.choose = random.Random(f"{campaign.seed} {kind}")
            report.add(**_under_load(ground, load, kind))
    # A connection of its own: that one may have idled for too long.
    with control(ground.stack.api_url, ground.stack.api_key) as api:
        _restore_and_compare(ground, api)
    with capsys.disabled():
        sys.stdout.write(f"\n{report.text()}\n")
    for plane, (asked, failed) in report.shares().items():
        assert failed / asked <= MOST_FAILURES, plane


def _under_load(ground: Ground, load: Load, kind: str) -> dict[str, Any]:
    before, reads, unread = replace(load.journal.counts), load.reads, load.failed_reads
    watch, kills, began = Watch(ground.stack), ground.kills, time.monotonic()
    with load.running():
        wait_until(lambda: load.last_started_s, timeout_s=30, what="the first write")
        with watch.running():
            KINDS[kind](ground)
    assert load.journal.verify(load.stored()) == [], kind
    assert load.stale == [], kind
    assert stored(ground.still_host, ground.stack.api_key) == ground.still, kind
    failed = _failures(load.journal.counts, before) + load.failed_reads - unread
    acknowledged = load.journal.counts.acknowledged - before.acknowledged
    return {
        "kind": kind, "kills": ground.kills - kills, "seconds": round(time.monotonic() - began),
        "asked": acknowledged + load.reads - reads + failed, "failed": failed,
        "control_plane_answered": watch.answered, "control_plane_failures": watch.failures,
    }  # fmt: skip


def _failures(now: Counts, before: Counts) -> int:
    return now.refused - before.refused + now.indeterminate - before.indeterminate


def _fill_still(ground: Ground, api: Wire) -> None:
    """An index with segments and a backup that nobody changes: all of it is compared, each time."""
    ground.still_host = ready_index(api, dense_index("still", dimension=DIMENSION))
    choose = random.Random(1)
    with Wire(ground.still_host, api_key=ground.stack.api_key, timeout_s=60) as wire:
        for start in range(0, STILL, 100):
            vectors = [
                {
                    "id": f"still-{number:04d}", "metadata": {"number": number},
                    "values": [choose.uniform(-1, 1) for _ in range(DIMENSION)],
                }
                for number in range(start, start + 100)
            ]  # fmt: skip
            assert wire.post("/vectors/upsert", {"vectors": vectors}).status == 200
    ground.still = stored(ground.still_host, ground.stack.api_key)
    assert len(ground.still) == STILL
    made = api.post("/indexes/still/backups", {"name": "before"})
    assert made.status == 200, made
    wait_until(
        lambda: api.get(f"/backups/{made.json()['backup_id']}").json()["status"] == "Ready",
        timeout_s=180, every_s=0.5, what="the backup is ready",
    )  # fmt: skip


def _restore_and_compare(ground: Ground, api: Wire) -> None:
    """What was backed up before all rotations comes back, byte for byte."""
    (backup,) = api.get("/indexes/still/backups").json()["data"]
    asked = api.post(f"/backups/{backup['backup_id']}/create-index", {"name": "again"})
    assert asked.status in {200, 202}, asked

    def host() -> str | None:
        found = api.get("/indexes/again").json()
        return str(found["host"]) if found.get("status", {}).get("ready") else None

    restored = str(wait_until(host, timeout_s=180, every_s=0.5, what="the restored index"))
    assert stored(restored, ground.stack.api_key) == ground.still


def stored(host: str, api_key: str) -> dict[str, Any]:
    """Everything in the default namespace, by id."""
    found: dict[str, Any] = {}
    with Wire(host, api_key=api_key, timeout_s=60) as wire:
        token: str | None = ""
        while token is not None:
            asked = {"limit": "100"} | ({"paginationToken": token} if token else {})
            page = wire.get(f"/vectors/list?{urlencode(asked)}").json()
            ids = [("ids", one["id"]) for one in page["vectors"]]
            if ids:
                found |= wire.get(f"/vectors/fetch?{urlencode(ids)}").json()["vectors"]
            token = (page.get("pagination") or {}).get("next")
    return found
