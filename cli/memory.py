"""`stonepine memory`: what each index takes in the memory of each engine that serves it."""

import json
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, enter

_NO_INDEX = UUID(int=0)
_MIB = 1024 * 1024


class Held(NamedTuple):
    """`engine` is called as its process is."""

    engine: str
    index_id: UUID
    memory_bytes: int


def memory(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Print what open indexes take in memory, the largest first.

    Estimates; segments that engines share are counted where they were decrypted.
    """
    enter(home)
    from kit.environment import environment

    found = held_memory(environment().run_dir)
    if as_json:
        rows = [{**one._asdict(), "index_id": str(one.index_id)} for one in found]
        typer.echo(json.dumps(rows, indent=1))
        return
    for one in found:
        typer.echo(f"{one.memory_bytes / _MIB:9.1f} MiB  {one.index_id}  {one.engine}")


def held_memory(run_dir: Path) -> list[Held]:
    """Of every engine that answers, the largest first."""
    from dataplane.engine import messages
    from dataplane.front.thread_link import ThreadLink
    from kit.errors import StonepineError

    found = []
    for path in run_dir.glob("engine*.sock"):
        with closing(ThreadLink(path)) as link:
            try:
                reply = link.try_once(messages.Measure(index_id=_NO_INDEX))
            except StonepineError:
                continue
        if isinstance(reply, messages.Sizes):
            name = f"node-{path.stem}"
            found += [Held(name, *one) for one in reply.memory_by_index.items()]
    return sorted(found, key=lambda one: (-one.memory_bytes, one.engine, one.index_id))
