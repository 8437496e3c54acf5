"""Evidence of a running installation, collected and verified by the command line."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def test_a_bundle_is_collected_and_verifies_without_the_installation(
    stack: Stack, tmp_path: Path
) -> None:
    bundle, keys = tmp_path / "evidence.zip", tmp_path / "keys.json"
    here = ("--home", str(stack.home))
    made = stack.run("evidence", *here, "--output", str(bundle))
    assert made.returncode == 0, made.stderr
    keys.write_text(stack.run("audit", "public-keys", *here).stdout)

    elsewhere = ("--home", str(tmp_path / "nothing"), "--public-keys", str(keys))
    verified = stack.run("evidence", "verify", str(bundle), *elsewhere, "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    told = json.loads(verified.stdout)
    assert told["is_sound"]
    assert all(chain["events"] == chain["signed_sequence"] for chain in told["chains"])

    with zipfile.ZipFile(bundle) as archive:
        documents = {name: archive.read(name).decode() for name in archive.namelist()}
    ports = json.loads(documents["tls.json"])
    assert ports[0]["address"] == f"127.0.0.1:{stack.port}"
    assert ports[0]["protocols"] == {
        "TLSv1": "refused", "TLSv1_1": "refused",
        "TLSv1_2": "ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1_3": "TLS_AES_256_GCM_SHA384",
    }  # fmt: skip
    assert {one["name"] for one in json.loads(documents["dependencies.json"])} >= {"Django"}
    secrets = json.loads((stack.home / "secrets.json").read_text())
    for secret in (*secrets.values(), stack.facts["owner"]["password"]):
        assert not secret or secret not in "".join(documents.values())

    bundle.write_bytes(bundle.read_bytes().replace(b"keys.json", b"kays.json"))
    assert stack.run("evidence", "verify", str(bundle), *elsewhere).returncode in {1, 2}
