"""Work done in a forked child, so that what it imports does not stay in a long-lived process."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.errors import SetupError
from cli.private_files import cannot_write
from kit.errors import StonepineError


def run_apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` returned (it must be JSON); a SetupError of the child's is raised here.

    The caller has no threads. The child never returns from here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(writer, work)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _pid, status = os.waitpid(child, 0)
    if not answer:
        code = os.waitstatus_to_exitcode(status)
        raise SetupError(f"The preparation ended unexpectedly (exit code {code}).")
    said = json.loads(answer)
    if "error" in said:
        raise SetupError(said["error"], hint=said["hint"])
    return dict(said["result"])


def _outcome(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"result": work()}
    except SetupError as error:
        return {"error": error.message, "hint": error.hint}
    except StonepineError as error:
        return {"error": error.message, "hint": ""}
    except OSError as error:
        if error.filename is None:
            raise
        refused = cannot_write(Path(error.filename), error)
        return {"error": refused.message, "hint": refused.hint}


def _answer(writer: int, work: Callable[[], dict[str, Any]]) -> None:
    code = 1
    try:
        said = _outcome(work)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(said).encode())
        code = 0
    finally:
        if code:
            import traceback

            traceback.print_exc()
        os._exit(code)
