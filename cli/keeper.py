"""Keeps one process running: starts it, waits for readiness, starts it again when it dies."""

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cli import leftovers
from cli.child import Child
from cli.notices import NoticeBoard
from cli.process_logs import RotatingLog
from cli.processes import ProcessSpec
from cli.readiness import is_ready
from kit.clock import monotonic_s, now

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_STEADY_AFTER_S = 1.0
_LOOK_EVERY_S = 0.05
_PATIENCE_WITH_LEFTOVERS_S = 5.0
# On a busy machine a start takes long; whoever runs answers meanwhile.
_SUCCESSOR_PATIENCE_S = 300.0
_SUCCESSORS = 3  # tried before it ends without one
# Whoever connected before the face led elsewhere has sent its request by then, and no connection
# idles any more (gateway.bootstrap.WEB_IDLE_S).
_LAST_CONNECTIONS_S = 1.0
_LAST_REQUESTS_S = 30.0
_TOLD_TO_EVERYBODY = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", leftovers.MARK}


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(slots=True)
class Surroundings:
    """What all keepers share. `ready` holds one event for each process, set at its first time."""

    environment: dict[str, str]
    directory: Path
    log_dir: Path
    notices: NoticeBoard
    on_change: Callable[[], None]
    ready: dict[str, asyncio.Event] = field(default_factory=dict)


@dataclass(slots=True)
class Keeper:
    """One process and its history. `failures` counts starts in a row that never became ready."""

    spec: ProcessSpec
    around: Surroundings
    state: State = State.WAITING
    since: datetime = field(default_factory=now)
    restarts: int = 0
    failures: int = 0
    child: Child | None = None
    _successor: Child | None = None
    _starts: int = 0
    _log: RotatingLog = field(init=False)
    _is_stopping: bool = False
    _ready_at_s: float = math.inf

    def __post_init__(self) -> None:
        self._log = RotatingLog(self.around.log_dir, self.spec.name)
        self.around.ready[self.spec.name] = asyncio.Event()

    @property
    def pid(self) -> int | None:
        serving = self._successor or self.child
        return None if serving is None or serving.exited.is_set() else serving.pid

    @property
    def is_ready(self) -> bool:
        return self.state in {State.READY, State.DONE}

    async def run(self) -> None:
        """Until `stop`: keep it running. A one-shot runs until it has succeeded once."""
        for need in self.spec.needs:
            await self.around.ready[need].wait()
        pause_s = 0.0
        while not self._is_stopping:
            self._ready_at_s = math.inf
            await self._live_once()
            if self._is_over():
                return
            if self._successor is not None:
                continue
            pause_s = pause_after(pause_s, served_s=monotonic_s() - self._ready_at_s)
            self._become(State.RESTARTING)
            await asyncio.sleep(pause_s)
            self.restarts += 1

    async def stop(self, after_s: float | None = None) -> None:
        self._is_stopping = True
        living = [
            child for child in (self.child, self._successor) if child and not child.exited.is_set()
        ]
        if living:
            self._become(State.STOPPING)
            patience_s = self.spec.stop_after_s if after_s is None else after_s
            await asyncio.gather(*[child.stop(patience_s) for child in living])
        if self.state is not State.DONE:
            self._become(State.STOPPED)

    async def renew(self) -> None:
        """Start it again with what is told to it by now. Where it has a face, the next one answers
        before it ends."""
        former = self.child
        if former is None or former.exited.is_set():
            return
        if self.spec.face and self.state is State.READY:
            for _ in range(_SUCCESSORS):
                if await self._has_successor(former):
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(former.exited.wait(), _LAST_CONNECTIONS_S)
                    await former.stop(_LAST_REQUESTS_S)
                    return
                if self._is_stopping or former.exited.is_set():
                    return
        await former.stop(self.spec.stop_after_s)

    async def _has_successor(self, former: Child) -> bool:
        """Start another one beside it; True once that is ready and shown."""
        try:
            successor, spec = self._begun()
        except OSError as error:
            self._log.write(f"cannot start beside the one that runs: {error}".encode())
            return False
        deadline = monotonic_s() + _SUCCESSOR_PATIENCE_S
        while True:
            is_there = await is_ready(spec.probe, successor.pid, self.around.notices.ready)
            is_late = monotonic_s() > deadline
            if is_late or self._is_stopping or successor.exited.is_set() or former.exited.is_set():
                await successor.stop(self.spec.stop_after_s)
                return False
            if is_there:
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        _show(self.spec.face, spec.probe.path)
        self._successor = successor
        self.restarts += 1
        self.around.on_change()
        return True

    def close(self) -> None:
        self._log.close()

    async def _live_once(self) -> None:
        if self._successor is not None:
            self.child, self._successor = self._successor, None
            self._ready_at_s = monotonic_s()
            await self.child.exited.wait()
            self._note_end(self.child)
            return
        self._become(State.STARTING)
        if self.spec.folder:
            await self._wait_for_leftovers(Path(self.spec.folder), Path(self.spec.argv[0]))
        if self._is_stopping:
            return
        try:
            self.child, spec = self._begun()
        except OSError as error:  # no memory, no process slots: as good as a start that failed
            self._log.write(f"cannot start: {error}".encode())
            self.failures += 1
            return
        self.around.on_change()
        readiness = asyncio.create_task(self._watch_readiness(self.child, spec))
        end = asyncio.create_task(self.child.exited.wait())
        await asyncio.wait({readiness, end}, return_when=asyncio.FIRST_COMPLETED)
        if readiness.done():
            readiness.result()
        await end
        readiness.cancel()
        self._note_end(self.child)

    def _begun(self) -> tuple[Child, ProcessSpec]:
        """The next start, and what it was started as. What a killed predecessor left at its place
        must not block it."""
        spec = self.spec
        if spec.face:
            self._starts += 1
            spec = spec.facing(f"{spec.face}.{self._starts}")
        for path in spec.stale_files:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - one system call; no worker thread for it
        return Child(spec, self._environment(), self.around.directory, self._log), spec

    def _environment(self) -> dict[str, str]:
        told: Mapping[str, str] = self.around.environment
        if not self.spec.is_ours:
            told = {name: text for name, text in told.items() if name in _TOLD_TO_EVERYBODY}
        return {**told, **self.spec.environment}

    def _is_over(self) -> bool:
        return self._is_stopping or self.state is State.DONE

    def _note_end(self, child: Child) -> None:
        self.around.notices.ready.discard(child.pid)
        if self.spec.is_one_shot and child.returncode == 0:
            self._become(State.DONE)
            self.around.ready[self.spec.name].set()
        elif not self._is_stopping:
            self.failures += self.state is not State.READY
            self._log.write(f"ended with {_ending(child.returncode)}".encode())

    async def _watch_readiness(self, child: Child, spec: ProcessSpec) -> None:
        if self.spec.is_one_shot:
            return
        # Readiness lies in another process, which no event of ours can tell of.
        while True:
            if await is_ready(spec.probe, child.pid, self.around.notices.ready):
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        if spec.face:
            _show(spec.face, spec.probe.path)
        if not self._is_stopping and not child.exited.is_set():
            self.failures = 0
            self._ready_at_s = monotonic_s()
            self._become(State.READY)
            self.around.ready[self.spec.name].set()

    async def _wait_for_leftovers(self, folder: Path, program: Path) -> None:
        """Until nobody of the predecessor works in the folder; at last, end who still does."""
        began = monotonic_s()
        while left := leftovers.in_folder(folder, program):
            waited = monotonic_s() - began
            if waited > _PATIENCE_WITH_LEFTOVERS_S:
                is_last_resort = waited > 2 * _PATIENCE_WITH_LEFTOVERS_S
                leftovers.send(left, signal.SIGKILL if is_last_resort else signal.SIGQUIT)
            await asyncio.sleep(_LOOK_EVERY_S)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state, self.since = state, now()
            self.around.on_change()


def _show(face: str, socket: str) -> None:
    """Whoever connects to the face from now on meets who listens at the socket."""
    beside = f"{face}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)  # noqa: PTH108 - single system calls; no worker thread for them
    os.symlink(Path(socket).name, beside)  # noqa: PTH211 - they lie side by side
    os.replace(beside, face)  # noqa: PTH105


def pause_after(last_pause_s: float, *, served_s: float) -> float:
    """How long to wait before the next start, after a process that was ready for `served_s`.

    Whoever served and was killed is missed: it comes back at once, however often it happens.
    """
    if served_s > _STEADY_AFTER_S or last_pause_s == 0.0:
        return _FIRST_PAUSE_S
    return min(2 * last_pause_s, _LONGEST_PAUSE_S)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit code {returncode}"
