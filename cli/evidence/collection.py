"""Making a bundle of all documents, and judging one."""

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from cli.evidence.audit_proof import verify_proof, write_proof
from cli.evidence.bundle import BundleWriter, opened
from kit import clock
from kit.errors import AlreadyExists, InvalidArgument

if TYPE_CHECKING:
    from access.actor import Actor
    from audit.verification import Report
    from cli.home import Home


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    documents: int
    key_id: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a bundle; `facts` are those of its manifest."""

    facts: dict[str, Any]
    problems: list[str]
    chains: "list[Report]"

    @property
    def is_sound(self) -> bool:
        return not self.problems and not any(chain.problem for chain in self.chains)

    def to_json(self) -> dict[str, Any]:
        return {
            **self.facts,
            "is_sound": self.is_sound,
            "problems": self.problems,
            "chains": [chain.to_json() for chain in self.chains],
        }

    def in_words(self) -> Iterator[str]:
        yield f"Collected {self.facts['collected_at']} by Stonepine {self.facts['version']}."
        yield from (f"NOT SOUND: {problem}" for problem in self.problems)
        for chain in self.chains:
            yield f"audit chain {chain.organization_id}: {chain.in_words()}"
        yield "Sound: signed, whole and unchanged." if self.is_sound else "Do not rely on it."


def collect_evidence(
    actor: "Actor", home: "Home", output: Path, *, configuration: dict[str, Any]
) -> Made:
    """Django is set up, and the actor acts from the command line."""

    def documents() -> Iterator[tuple[str, Any]]:
        yield "configuration.json", configuration
        yield from _documents(home)

    return _collected(actor, output, documents)


def collect_receipt(actor: "Actor", reference: UUID, output: Path) -> Made:
    """A deletion's, with the chain of its organization. Raises as `deletion_receipt`."""
    from cli.evidence.deletion import deletion_receipt

    receipt = deletion_receipt(reference)
    return _collected(
        actor, output, lambda: iter([("deletion.json", receipt)]),
        only=UUID(receipt["organization_id"]),
    )  # fmt: skip


def _collected(
    actor: "Actor",
    output: Path,
    documents: Callable[[], Iterator[tuple[str, Any]]],
    *,
    only: UUID | None = None,
) -> Made:
    from audit.evidence import begin_collection
    from audit.heads import installation_signing_keys
    from audit.signing import sign_changed_heads
    from kit.environment import environment

    here, key = environment(), installation_signing_keys().newest()
    with _new_file(output) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        facts = {
            "collection_id": begin_collection(actor),
            "collected_at": clock.now(),
            "version": version("stonepine"),
            "base_url": here.base_url,
        }
        sign_changed_heads()
        bundle = BundleWriter(archive)
        for name, document in documents():
            bundle.add(name, document)
        write_proof(bundle, here, only=only)
        sha256 = bundle.sign(key, facts)
        return Made(len(archive.namelist()) - 2, key.id, sha256)


def verify_evidence(path: Path, public_keys: Mapping[int, bytes]) -> Verdict:
    """Raises `InvalidArgument` for what is no bundle at all."""
    with opened(path) as bundle:
        problems = list(bundle.problems(public_keys))
        # What is not as it was signed is not looked into any further.
        chains = [] if problems else verify_proof(bundle, public_keys)
        names = ("collection_id", "collected_at", "version", "base_url", "key_id")
        return Verdict({name: bundle.manifest.get(name) for name in names}, problems, chains)


def _documents(home: "Home") -> Iterator[tuple[str, Any]]:
    from cli.evidence import facts
    from cli.evidence.transport import transport_report
    from gateway.listeners import read_listeners
    from gateway.settings import LISTENERS_FILE, GatewaySettings
    from kit.environment import environment

    here = environment()
    listeners = GatewaySettings.of(here).gateway_dir / LISTENERS_FILE
    ports = [one.port for one in read_listeners(listeners.read_bytes())]
    yield "access-review.json", facts.access_reviews()
    yield "keys.json", facts.keys(home, here)
    yield "tls.json", transport_report(here, ports)
    yield "deletions.json", facts.deletions()
    yield "restore-drills.json", facts.restore_drills()
    yield "dependencies.json", facts.dependencies()


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """For us alone, and gone where it does not come to its end."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise AlreadyExists(f"{path} is there already: choose another --output.") from None
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be made: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
