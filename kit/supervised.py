"""The processes that the supervisor of this machine says it runs, and what each takes."""

import json
import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class SupervisedProcess:
    """`memory_bytes` and `cpu_s`, of its own children too, are None while it does not run."""

    name: str
    state: str
    restarts: int
    since: datetime | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None


def supervised_processes(run_dir: Path) -> list[SupervisedProcess]:
    """None where nobody supervises."""
    sessions = _sessions()
    return [_looked_at(said, sessions) for said in _said(run_dir / "status.json")]


def _looked_at(said: dict[str, Any], sessions: dict[int, list[int]]) -> SupervisedProcess:
    name, state, restarts = str(said["name"]), str(said.get("state", "")), int(said["restarts"])
    since = datetime.fromisoformat(said["since"]) if said.get("since") else None
    memory_bytes, cpu_s = 0, 0.0
    leader = said["pid"]
    for pid in sessions.get(leader, [leader] if leader else []):
        with suppress(psutil.Error):  # it ended since
            running = psutil.Process(pid)
            times, memory = running.cpu_times(), running.memory_info()
            cpu_s += times.user + times.system
            # What children share with it, or with each other, counts once.
            memory_bytes += memory.rss if pid == leader else memory.rss - memory.shared
    if not memory_bytes:
        return SupervisedProcess(name, state, restarts, since)
    return SupervisedProcess(name, state, restarts, since, memory_bytes, cpu_s)


def _sessions() -> dict[int, list[int]]:
    """Who belongs to whom: each supervised process leads a session, and its children are in it."""
    found = defaultdict(list)
    for pid in psutil.pids():
        with suppress(OSError):
            found[os.getsid(pid)].append(pid)
    return found


def _said(status_file: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(status_file.read_bytes())["processes"]
    except (OSError, ValueError, KeyError):
        return []
    return found
