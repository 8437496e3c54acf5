"""Evidence bundles: what was signed verifies anywhere, and whatever was changed since does not."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.evidence.bundle import MANIFEST, SIGNATURE, BundleWriter, opened
from keyring.local import LocalKeyring
from keyring.signing import SigningKeys
from kit.errors import InvalidArgument
from tests.support.archives import rewritten


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    folder = tmp_path / "keyring"
    return SigningKeys(folder, LocalKeyring.create(folder).root_seal("signing keys"))


@pytest.fixture
def bundle(tmp_path: Path, keys: SigningKeys) -> Path:
    """Of two documents, signed with the first key."""
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        writer = BundleWriter(archive)
        writer.add("keys.json", {"a": 1})
        writer.add_lines("lines.jsonl", (str(number) for number in range(1000)))
        writer.sign(keys.newest(), {"version": "1"})
    return path


def problems(path: Path, keys: SigningKeys) -> list[str]:
    with opened(path) as found:
        return list(found.problems(keys.public_keys()))


def test_what_was_signed_is_sound_also_after_later_rotations(
    bundle: Path, keys: SigningKeys
) -> None:
    assert problems(bundle, keys) == []
    keys.rotate()
    assert problems(bundle, keys) == []
    with opened(bundle) as found:
        assert found.document("keys.json") == {"a": 1}
        assert found.names == ["keys.json", "lines.jsonl"]


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "a document": (lambda e: e.update({"keys.json": b'{"a": 2}\n'}), "keys.json was changed"),
    "one fewer": (lambda e: e.pop("keys.json"), "keys.json is missing"),
    "one more": (lambda e: e.update({"more.json": b"{}"}), "more.json was added"),
    "the manifest": (
        lambda e: e.update({MANIFEST: e[MANIFEST].replace(b'"version": "1"', b'"version": "2"')}),
        "the signature is not genuine",
    ),
    "the signature": (lambda e: e.update({SIGNATURE: b"00" * 64}), "the signature is not genuine"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_was_changed_is_told(bundle: Path, keys: SigningKeys, what: str) -> None:
    change, told = CHANGES[what]
    assert problems(rewritten(bundle, change), keys) == [told]


def test_a_second_entry_of_the_same_name_is_told(bundle: Path, keys: SigningKeys) -> None:
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("keys.json", b'{"a": 2}\n')
    assert "keys.json is there twice" in problems(bundle, keys)


def test_a_bundle_signed_with_another_installations_key_is_told(
    bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    others = SigningKeys(folder, LocalKeyring.create(folder).root_seal("signing keys"))
    others.newest()
    assert problems(bundle, others) == ["the signature is not genuine"]
    with opened(bundle) as found:
        (told,) = found.problems({})
    assert "which is not among those given" in told


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04cut off"])
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidArgument), opened(path):
        pass
    with pytest.raises(InvalidArgument), opened(tmp_path / "absent"):
        pass
