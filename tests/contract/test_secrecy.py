"""What customers bring lies nowhere in clear: no store, log, queue or process of a stack holds it.

The stack logs at debug level. That the scanner would find it is shown by tests/secrecy.
"""

from pathlib import Path

import pytest

from tests.secrecy.planting import plant
from tests.secrecy.scanner import Scanner
from tests.secrecy.stores import scan
from tests.support.stack import Stack
from tests.support.wire import Wire

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_nothing_that_was_planted_lies_anywhere(
    stack: Stack, api: Wire, import_folder: Path, temporary_folder: Path, name: str
) -> None:
    planted = plant(stack, api, import_folder, name)
    scanner = Scanner(planted.patterns())

    found = set(scan(stack, scanner, temporary_folder))
    for number, answer in enumerate(planted.refusals):
        found |= set(scanner.scan_bytes(f"answer {number} to wrong credentials", answer))
    found |= set(scanner.scan_bytes("the audit log, exported", exported(stack)))

    assert found == set()
    assert len(planted.marks) > 40
    assert scanner.bytes_seen > 50_000_000, "the stores were looked through"
    for one in ("", "-b", "-c"):
        place = "collections" if one == "-c" else "indexes"
        api.request("DELETE", f"/{place}/{name}{one}")


def exported(stack: Stack) -> bytes:
    organization = str(stack.facts["organization_id"])
    result = stack.run("audit", "export", "--home", str(stack.home), "--org", organization)
    assert result.returncode == 0, result.stderr
    return result.stdout.encode()
