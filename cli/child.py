"""One running child: started so that it dies with us, its output logged, its end noticed."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from cli.process_logs import LineReader, RotatingLog
from cli.processes import ProcessSpec

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class Child:
    """A started process. `exited` is set once it is gone and reaped, `returncode` then says how.

    It leads a session of its own: the terminal's Ctrl-C does not reach it, and what it leaves
    behind can be ended with it.
    """

    def __init__(
        self, spec: ProcessSpec, environment: Mapping[str, str], directory: Path, log: RotatingLog
    ) -> None:
        self.exited = asyncio.Event()
        self.returncode: int | None = None
        self._stop_signal = spec.stop_signal
        self._process = subprocess.Popen(  # noqa: S603 - commands of our own process table
            spec.argv,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=directory, env=dict(environment), start_new_session=True,
            user=spec.uid, group=spec.gid, extra_groups=None if spec.uid is None else [],
            # Safe: the supervisor has no threads, whose locks a fork could copy in a locked state.
            preexec_fn=_die_with(os.getpid(), spec.death_signal),  # noqa: PLW1509
        )  # fmt: skip
        assert self._process.stdout is not None
        self._lines = LineReader(self._process.stdout.fileno(), log)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._process.stdout, self._on_output)
        self._watch = os.pidfd_open(self.pid)
        self._loop.add_reader(self._watch, self._on_exit)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self, after_s: float) -> None:
        """Ask it to end; after that time, make it."""
        self.send(self._stop_signal)
        try:
            await asyncio.wait_for(self.exited.wait(), after_s)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.exited.wait()

    def send(self, number: int) -> None:
        if not self.exited.is_set():
            self._process.send_signal(number)

    def _on_output(self) -> None:
        if not self._lines.drain():
            self._forget_output()

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._watch)
        os.close(self._watch)
        self.returncode = self._process.wait()
        # What it started shares its group and must not outlive it: builders, web workers.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._lines.drain()
            self._forget_output()
        self.exited.set()

    def _forget_output(self) -> None:
        assert self._process.stdout is not None
        self._loop.remove_reader(self._process.stdout)
        self._process.stdout.close()


# A shell starts what runs in its background deaf to two of them, and deafness is inherited.
_ENDING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def _die_with(supervisor: int, number: int) -> Callable[[], None]:
    """Runs in the child before its program does: the kernel tells it of the supervisor's end."""

    def ask_the_kernel() -> None:
        for heard in _ENDING:
            signal.signal(heard, signal.SIG_DFL)
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != supervisor:  # it was gone before we could ask
            os._exit(1)

    return ask_the_kernel
