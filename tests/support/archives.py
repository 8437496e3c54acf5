"""Archives whose entries somebody changed."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def rewritten(path: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    """The archive with its entries changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return other
