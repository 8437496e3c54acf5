"""Signed heads: what a chain was at a moment, kept where the database's owner cannot change it."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from audit.canonical import canonical
from keyring.local import LocalKeyring
from keyring.signing import SigningKey, SigningKeys, is_signed
from kit import clock
from kit.environment import environment
from kit.errors import InvalidArgument
from storage.objects import ObjectStore, open_object_store

_log = structlog.get_logger(__name__)

_FORM, _FORM_OF_EPOCHS = 1, 2
PREFIX = "audit/heads/"
_PURPOSE = b"stonepine audit head\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """Says that a chain goes on from a copy: what was signed after it, up to `lost_sequence`, is
    lost. `copied_at` is the moment of the copy as its dump tells it."""

    lost_sequence: int
    copied_at: str


@dataclass(frozen=True, slots=True)
class Head:
    """A chain's sequence and hash, signed. It commits to every event up to there.

    `epoch` counts how often the chain went on from a copy of the database. The first head of such
    an epoch is its opening: what the chain was in the copy.
    """

    organization_id: UUID
    sequence: int
    hash: bytes
    signed_at: str
    key_id: int = 0
    signature: bytes = b""
    epoch: int = 0
    opening: Opening | None = None

    @property
    def path(self) -> str:
        """Where the head lies in the object store. Epochs count the same sequences anew."""
        epoch = f"epoch-{self.epoch:06d}/" if self.epoch else ""
        return f"{PREFIX}{self.organization_id}/{epoch}{self.sequence:020d}.json"

    @property
    def first_lost(self) -> int:
        """Of an opening: the first sequence that was given a second time."""
        return self.sequence + 1

    def to_json(self) -> bytes:
        return canonical({**self._signed_part(), "signature": self.signature.hex()}).encode()

    def signed_bytes(self) -> bytes:
        """What the signature is made over."""
        return _PURPOSE + canonical(self._signed_part()).encode()

    def is_genuine(self, public_keys: Mapping[int, bytes]) -> bool:
        public_key = public_keys.get(self.key_id)
        return public_key is not None and is_signed(public_key, self.signed_bytes(), self.signature)

    def _signed_part(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "form": _FORM_OF_EPOCHS if self.epoch else _FORM,
            "organization_id": str(self.organization_id),
            "sequence": self.sequence,
            "hash": self.hash.hex(),
            "signed_at": self.signed_at,
            "key_id": self.key_id,
        }
        if self.epoch:
            told["epoch"] = self.epoch
            told["opening"] = None if self.opening is None else asdict(self.opening)
        return told


def sign_head(key: SigningKey, head: Head) -> Head:
    """The same, signed now."""
    signed_at = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    head = replace(head, signed_at=signed_at, key_id=key.id)
    return replace(head, signature=key.sign(head.signed_bytes()))


def parse_head(document: bytes) -> Head:
    """Raises `InvalidArgument` for what is none."""
    try:
        found = json.loads(document)
        return Head(
            organization_id=UUID(found["organization_id"]),
            sequence=int(found["sequence"]),
            hash=bytes.fromhex(found["hash"]),
            signed_at=str(found["signed_at"]),
            key_id=int(found["key_id"]),
            signature=bytes.fromhex(found["signature"]),
            epoch=int(found.get("epoch", 0)),
            opening=_opening(found.get("opening")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidArgument("A signed head cannot be read: it is damaged.") from error


def _opening(found: dict[str, Any] | None) -> Opening | None:
    return None if found is None else Opening(int(found["lost_sequence"]), str(found["copied_at"]))


def stored_heads(store: ObjectStore, only: UUID | None = None) -> Iterator[Head]:
    """All heads in an object store, or those of one chain."""
    prefix = PREFIX if only is None else f"{PREFIX}{only}/"
    return (parse_head(store.get(path)) for path in store.list(prefix))


def filed_heads(file: Path) -> Iterator[Head]:
    """All heads in a file with one on each line; none where there is no file.

    A line that the loss of power cut off is passed over: the object store has that head, too.
    """
    if not file.exists():
        return
    with file.open("rb") as lines:
        for line in filter(bytes.strip, lines):
            try:
                yield parse_head(line)
            except InvalidArgument:
                _log.warning("head_not_readable", file=str(file))


def append_head(file: Path, head: Head) -> None:
    """One line, durably. It begins with a line's end, in case the line before was cut off."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b"\n" + head.to_json())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def heads_at(place: str) -> Iterator[Head]:
    """Heads that were copied elsewhere: a folder or file of them, or the URL of a store."""
    if "://" in place:
        return stored_heads(open_object_store(place))
    path = Path(place)
    if path.is_dir():
        files = sorted(found for found in path.rglob("*.json*") if found.is_file())
        return chain.from_iterable(map(filed_heads, files))
    if not path.exists():
        raise InvalidArgument(f"There is nothing at {place}.")
    return filed_heads(path)


def heads_file() -> Path:
    """Where this installation appends its heads, besides the object store."""
    return environment().home / "audit" / "heads.jsonl"


def installation_signing_keys() -> SigningKeys:
    folder = environment().keyring_dir
    return SigningKeys(folder, LocalKeyring(folder).root_seal("signing keys"))
