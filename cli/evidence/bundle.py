"""The signed file: an archive of documents, a manifest with the hash of each, and its signature.

manifest.json      form, time, version, and of each other entry its size and SHA-256
manifest.sig       Ed25519 over `stonepine evidence`, a line's end and the manifest's bytes
…                  the documents
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from keyring.signing import SigningKey, is_signed
from kit.errors import InvalidArgument

FORM = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_PURPOSE = b"stonepine evidence\n"
_PIECE_BYTES = 1 << 20
# What is read whole; documents that may be larger are read line by line.
_MAX_WHOLE_BYTES = 64 << 20


class BundleWriter:
    """Writes documents one after the other; `sign` ends it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: dict[str, dict[str, Any]] = {}

    def add(self, name: str, document: Any) -> None:
        """A JSON document, indented for people."""
        self.add_lines(name, [json.dumps(document, indent=1, ensure_ascii=False, default=str)])

    def add_lines(self, name: str, lines: Iterable[str]) -> None:
        """One line after the other, as they come."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w") as entry:
            for line in lines:
                content = line.encode() + b"\n"
                entry.write(content)
                digest.update(content)
                size += len(content)
        self._entries[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def sign(self, key: SigningKey, facts: Mapping[str, Any]) -> str:
        """The manifest's SHA-256. `facts` stand in the manifest."""
        manifest = {"form": FORM, **facts, "key_id": key.id, "documents": self._entries}
        content = json.dumps(manifest, indent=1, ensure_ascii=False, default=str).encode()
        self._archive.writestr(MANIFEST, content)
        self._archive.writestr(SIGNATURE, key.sign(_PURPOSE + content).hex())
        return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class Bundle:
    """An opened file. Nothing that it says is believed before `problems` gave none."""

    archive: zipfile.ZipFile
    manifest: dict[str, Any]
    manifest_bytes: bytes = field(repr=False)

    @property
    def names(self) -> list[str]:
        return sorted(self.manifest["documents"])

    def problems(self, public_keys: Mapping[int, bytes]) -> Iterator[str]:
        """Of the signature, of each document, and of what is there besides."""
        key = public_keys.get(self.manifest["key_id"])
        signature = bytes.fromhex(self._whole(SIGNATURE).decode())
        if key is None:
            yield f"it is signed with key {self.manifest['key_id']}, which is not among those given"
        elif not is_signed(key, _PURPOSE + self.manifest_bytes, signature):
            yield "the signature is not genuine"
        present = self.archive.namelist()
        promised = {*self.manifest["documents"], MANIFEST, SIGNATURE}
        yield from (f"{name} is there twice" for name in promised if present.count(name) > 1)
        yield from (f"{name} was added" for name in sorted(set(present) - promised))
        for name, entry in self.manifest["documents"].items():
            if name not in present:
                yield f"{name} is missing"
            elif self._digest(name) != entry["sha256"]:
                yield f"{name} was changed"

    def lines(self, name: str) -> Iterator[str]:
        with self.archive.open(name) as entry:
            for line in entry:
                yield line.decode()

    def document(self, name: str) -> Any:
        return json.loads(self._whole(name))

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.archive.open(name) as entry:
            while piece := entry.read(_PIECE_BYTES):
                digest.update(piece)
        return digest.hexdigest()

    def _whole(self, name: str) -> bytes:
        with self.archive.open(name) as entry:
            return _read_whole(entry)


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Raises `InvalidArgument` for what is no such file."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST) as entry:
            content = _read_whole(entry)
            manifest = json.loads(content)
            is_known = manifest["form"] == FORM and isinstance(manifest["key_id"], int)
            entries = manifest["documents"].values()
            if not is_known or any("sha256" not in entry for entry in entries):
                raise InvalidArgument(f"{path} has a form that this version does not know.")
            yield Bundle(archive, manifest, content)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidArgument(f"{path} is no evidence bundle, or is damaged.") from error


def _read_whole(entry: IO[bytes]) -> bytes:
    content = entry.read(_MAX_WHOLE_BYTES + 1)
    if len(content) > _MAX_WHOLE_BYTES:
        raise InvalidArgument("A document of the bundle is too large.")
    return content
