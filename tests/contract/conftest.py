"""One running stack for all contract tests of a test process."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.stack import Stack, running_stack
from tests.support.wire import Wire, control, dense_index, ready_index

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def import_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder from which the stack may import."""
    return tmp_path_factory.mktemp("imports").resolve()


@pytest.fixture(scope="session")
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stack's processes put what they call temporary."""
    return tmp_path_factory.mktemp("tmp").resolve()


@pytest.fixture(scope="package")
def stack(import_folder: Path, temporary_folder: Path) -> Iterator[Stack]:
    settings = {
        "STONEPINE_IMPORT_FOLDERS": str(import_folder),
        # Whatever is logged at any level is written, and looked through by test_secrecy.
        "STONEPINE_LOG_LEVEL": "debug",
        # Key services of customers, as the tests play them.
        "STONEPINE_OUTBOUND_ALLOW": "kms=127.0.0.0/8",
        "TMPDIR": str(temporary_folder),
    }
    with running_stack(**settings) as started:
        yield started


@pytest.fixture
def name() -> str:
    """An index name that no other test uses."""
    return f"t{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def api(stack: Stack) -> Iterator[Wire]:
    """The control plane with the project's first key."""
    with control(stack.api_url, stack.api_key) as wire:
        yield wire


@pytest.fixture
def open_index(stack: Stack, api: Wire, name: str) -> Iterator[Callable[..., Wire]]:
    """Makes this test's index and connects to it; the index goes with the test."""
    opened: list[Wire] = []

    def make(*, dimension: int = 8, metric: str = "cosine") -> Wire:
        host = ready_index(api, dense_index(name, dimension=dimension, metric=metric))
        opened.append(Wire(host, api_key=stack.api_key))
        return opened[-1]

    yield make
    for wire in opened:
        wire.close()
    api.request("DELETE", f"/indexes/{name}")
