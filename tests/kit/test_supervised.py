"""What the supervised processes of a machine take, with their children."""

import json
import subprocess
import sys
from pathlib import Path

from kit.clock import now
from kit.supervised import supervised_processes

_MIB = 1024 * 1024
# The child takes the memory and says so; its parent waits for it.
PARENT = f"""
import subprocess, sys
child = "held = bytearray({64 * _MIB}); print(len(held), flush=True); input()"
subprocess.run([sys.executable, "-c", child])
"""


def test_children_count_and_whoever_ended_takes_nothing(tmp_path: Path) -> None:
    def said(name: str, pid: int | None) -> dict[str, object]:
        since = now().isoformat()
        return {"name": name, "pid": pid, "state": "ready", "restarts": 2, "since": since}

    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) == 64 * _MIB
        entries = [said("web", parent.pid), said("worker", None)]
        (tmp_path / "status.json").write_text(json.dumps({"processes": entries}))
        web, worker = supervised_processes(tmp_path)
        parent.communicate(b"\n")
        (ended, _) = supervised_processes(tmp_path)
    assert web.memory_bytes is not None
    assert 64 * _MIB < web.memory_bytes < 160 * _MIB
    assert web.cpu_s
    assert (web.name, web.state, web.restarts) == ("web", "ready", 2)
    assert worker.memory_bytes is worker.cpu_s is None
    assert ended.memory_bytes is ended.cpu_s is None
    assert supervised_processes(tmp_path / "elsewhere") == []
