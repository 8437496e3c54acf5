"""What the supervised processes take, for the operator; nothing where nobody supervises."""

from pathlib import Path

from kit.exposition import Family
from kit.supervised import supervised_processes


def process_families(run_dir: Path) -> list[Family]:
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
    for process in supervised_processes(run_dir):
        labels = {"process": process.name}
        restarts.add(process.restarts, labels)
        if process.memory_bytes is not None and process.cpu_s is not None:
            memory.add(process.memory_bytes, labels)
            cpu.add(process.cpu_s, labels)
    return [memory, cpu, restarts]
