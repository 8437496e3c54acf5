"""Runs a plan: processes in order of their needs, and down again in order when asked to."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import leftovers
from cli.errors import SetupError
from cli.home import SECRET_KEY, Home, secret_keys
from cli.instance import InstanceLock
from cli.keeper import Keeper, Surroundings
from cli.notices import NoticeBoard
from cli.process_logs import tail
from cli.processes import Plan
from cli.short_commands import CommandFailed, run_short
from kit.clock import monotonic_s
from kit.environment import MADE_HERE

_START_PATIENCE = 5  # starts in a row that fail before the first readiness
_HURRY_S = 1.0
_DAY_S = 86_400.0
_LOOK_S = 2.0
_TAIL_LINES = 12


@dataclass(slots=True)
class Supervisor:
    """`on_change` sees every change of the status, `on_ready` the first readiness of all."""

    plan: Plan
    lock: InstanceLock
    status_file: Path
    on_change: Callable[[dict[str, Any]], None] = lambda _status: None
    on_ready: Callable[[dict[str, Any]], None] = lambda _welcome: None
    keepers: list[Keeper] = field(default_factory=list)
    _failure: BaseException | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until SIGINT or SIGTERM. Raises SetupError where the first start fails for good."""
        self._listen_to_signals()
        self._end_leftovers()
        self.lock.say(pid=os.getpid(), url=self.plan.base_url)
        around = self._surroundings()
        self.keepers = [Keeper(spec, around) for spec in self.plan.processes]
        running = [asyncio.create_task(keeper.run()) for keeper in self.keepers]
        running.append(asyncio.create_task(self._upkeep(around)))
        running.append(asyncio.create_task(self._follow_secret_key(around)))
        for task in running:
            task.add_done_callback(self._on_task_end)
        try:
            await self._watch(around)
        finally:
            await self._stop_all()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            around.notices.close()
            for keeper in self.keepers:
                keeper.close()
            self.status_file.unlink(missing_ok=True)

    def status(self) -> dict[str, Any]:
        """What `stonepine status --json` prints."""
        plan = self.plan
        return {
            "ready": all(keeper.is_ready for keeper in self.keepers),
            "home": plan.home,
            "port": plan.port,
            "console_url": plan.base_url,
            "api_url": plan.base_url,
            "processes": [
                {
                    "name": keeper.spec.name,
                    "pid": keeper.pid,
                    "state": str(keeper.state),
                    "restarts": keeper.restarts,
                    "since": keeper.since.isoformat(),
                }
                for keeper in self.keepers
                if not keeper.spec.is_one_shot
            ],
        }

    def _surroundings(self) -> Surroundings:
        notices = NoticeBoard(self.status_file.with_name("notify.sock"), self._changed.set)
        return Surroundings(
            environment={
                **self.plan.environment,
                leftovers.MARK: self.plan.home,
                "NOTIFY_SOCKET": str(self.status_file.with_name("notify.sock")),
            },
            directory=Path(__file__).resolve().parent.parent,
            log_dir=self.plan.log_dir,
            notices=notices,
            on_change=self._changed.set,
        )

    async def _watch(self, around: Surroundings) -> None:
        """Publish each change; tell of the first readiness; give up on a hopeless first start."""
        welcome = asyncio.create_task(self._welcome(around))
        welcome.add_done_callback(lambda _task: self._changed.set())
        is_announced = False
        while not self._stop_asked.is_set():
            self._changed.clear()
            if self._failure is not None:
                raise self._failure
            is_ready = self._publish()
            if not is_announced:
                self._refuse_hopeless()
                if is_ready and welcome.done():
                    self.on_ready(welcome.result())
                    is_announced = True
            await self._changed.wait()
        welcome.cancel()

    async def _welcome(self, around: Surroundings) -> dict[str, Any]:
        """What the first-start command prints: the one-time link and the first key, if any."""
        if not self.plan.first_start:
            return {}
        for name in ("database", "postgres"):
            if name in around.ready:
                await around.ready[name].wait()
                break
        try:
            said = await run_short(self.plan.first_start, around.environment, around.directory)
        except CommandFailed as failure:
            raise SetupError(
                "The first organization could not be made.", hint=str(failure)
            ) from None
        return dict(json.loads(said))

    async def _upkeep(self, around: Surroundings) -> None:
        """Once a day, and soon after a watched file has changed."""
        seen, due = self._stamps(), monotonic_s() + _DAY_S
        while self.plan.daily:
            await asyncio.sleep(_LOOK_S if self.plan.watched else _DAY_S)
            found = self._stamps()
            if found == seen and monotonic_s() < due:
                continue
            seen, due = found, monotonic_s() + _DAY_S
            # Tried again tomorrow, or after the next change; `stonepine doctor` tells what is
            # wrong.
            with contextlib.suppress(CommandFailed, OSError):
                await run_short(self.plan.daily, around.environment, around.directory)

    async def _follow_secret_key(self, around: Surroundings) -> None:
        """Whoever signs with the home's secret key is started again when that has changed."""
        home, told = Home(Path(self.plan.home)), around.environment
        while SECRET_KEY in told.get(MADE_HERE, "").split(","):
            await asyncio.sleep(_LOOK_S)
            try:
                now = secret_keys(home)
            except SetupError:
                continue  # damaged: whoever starts next is told so; what runs goes on
            if any(told.get(name) != key for name, key in now.items()):
                told.update(now)
                signing = [keeper for keeper in self.keepers if keeper.spec.signs]
                await asyncio.gather(*[keeper.renew() for keeper in signing])

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        """What changes with each watched file. Links are followed: volumes move those."""
        return [_stamp(Path(name)) for name in self.plan.watched]

    def _refuse_hopeless(self) -> None:
        for keeper in self.keepers:
            if keeper.failures >= _START_PATIENCE:
                log = self.plan.log_dir / f"{keeper.spec.name}.log"
                lines = "\n".join(tail(log, _TAIL_LINES))
                raise SetupError(
                    f"{keeper.spec.name} does not start. The end of {log}:\n{lines}",
                    hint="`stonepine doctor` checks what it needs.",
                )

    def _write_status(self, status: dict[str, Any]) -> None:
        temporary = self.status_file.with_suffix(".new")
        try:
            temporary.write_text(json.dumps(status))
            temporary.replace(self.status_file)
        except OSError:
            return  # a full disk: the processes matter more than the account of them

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_stop_signal)

    def _on_task_end(self, task: asyncio.Task[None]) -> None:
        """They never fail; if one does, it is our mistake, and hiding it would help nobody."""
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
            self._changed.set()

    def _on_stop_signal(self) -> None:
        if self._stop_asked.is_set():
            self._hurry_asked.set()
        self._stop_asked.set()
        self._changed.set()

    def _end_leftovers(self) -> None:
        """Whoever a killed supervisor of this home left running (its signal did not reach them)."""
        deadline = monotonic_s() + 2
        while left := leftovers.marked(self.plan.home):
            is_late = monotonic_s() > deadline
            leftovers.send(left, signal.SIGKILL if is_late else signal.SIGTERM)
            signal.sigtimedwait([], 0.05)

    async def _stop_all(self) -> None:
        for stage in sorted({keeper.spec.stop_stage for keeper in self.keepers}):
            stopping = [k.stop() for k in self.keepers if k.spec.stop_stage == stage]
            stopped: asyncio.Future[Any] = asyncio.gather(*stopping)
            hurry: asyncio.Future[Any] = asyncio.create_task(self._hurry_asked.wait())
            await self._publish_until(stopped, hurry)
            if not stopped.done():
                await asyncio.gather(*[k.stop(_HURRY_S) for k in self.keepers])
                await stopped
            hurry.cancel()
            self._publish()

    async def _publish_until(self, *ends: asyncio.Future[Any]) -> None:
        """Publish each change until one of these is done."""
        while not any(end.done() for end in ends):
            self._changed.clear()
            self._publish()
            change: asyncio.Future[Any] = asyncio.create_task(self._changed.wait())
            await asyncio.wait({change, *ends}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()

    def _publish(self) -> bool:
        """Show and write the status; tells whether all are ready."""
        status = self.status()
        self._write_status(status)
        self.on_change(status)
        return bool(status["ready"])


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
