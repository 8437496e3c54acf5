"""What the supervised processes take, for the operator; nothing where nobody supervises."""

import json
from pathlib import Path
from typing import Any

import psutil

from kit.exposition import Family


def process_families(status_file: Path) -> list[Family]:
    """Of each process that the supervisor of this machine says it runs."""
    memory = Family(
        "stonepine_process_resident_memory_bytes", "gauge", "Memory of a process on this machine."
    )
    cpu = Family("stonepine_process_cpu_seconds_total", "counter", "CPU time of a process.")
    restarts = Family(
        "stonepine_process_restarts_total",
        "counter",
        "Starts after the first one.",
    )
    for process in _processes(status_file):
        labels = {"process": str(process["name"])}
        restarts.add(int(process["restarts"]), labels)
        if process["pid"] is None:
            continue
        try:
            running = psutil.Process(process["pid"])
            times, resident = running.cpu_times(), running.memory_info().rss
        except psutil.Error:
            continue  # it ended since
        memory.add(resident, labels)
        cpu.add(times.user + times.system, labels)
    return [memory, cpu, restarts]


def _processes(status_file: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(status_file.read_bytes())["processes"]
    except (OSError, ValueError, KeyError):
        return []
    return found
