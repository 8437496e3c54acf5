"""The processes that the supervisor of this machine says it runs, and what each takes."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class SupervisedProcess:
    """`memory_bytes` and `cpu_s` are None while it does not run."""

    name: str
    state: str
    restarts: int
    since: datetime | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None


def supervised_processes(run_dir: Path) -> list[SupervisedProcess]:
    """None where nobody supervises."""
    return [_looked_at(said) for said in _said(run_dir / "status.json")]


def _looked_at(said: dict[str, Any]) -> SupervisedProcess:
    name, state, restarts = str(said["name"]), str(said.get("state", "")), int(said["restarts"])
    since = datetime.fromisoformat(said["since"]) if said.get("since") else None
    if said["pid"] is None:
        return SupervisedProcess(name, state, restarts, since)
    try:
        running = psutil.Process(said["pid"])
        times, resident = running.cpu_times(), running.memory_info().rss
    except psutil.Error:  # it ended since
        return SupervisedProcess(name, state, restarts, since)
    return SupervisedProcess(name, state, restarts, since, resident, times.user + times.system)


def _said(status_file: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(status_file.read_bytes())["processes"]
    except (OSError, ValueError, KeyError):
        return []
    return found
