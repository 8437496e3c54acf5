"""Digests of secrets under the installation's pepper, and their verification."""

from dataclasses import dataclass
from functools import lru_cache

from access.keys import PlainKey, SecretKind, digest, matches, mint
from keyring.layered import LayeredKeyring
from kit.environment import Environment, environment
from kit.errors import InvalidArgument
from storage.outer_keys import open_keyring


@lru_cache(maxsize=1)
def _opened(here: Environment) -> LayeredKeyring:
    return open_keyring(here)


def installation_keyring() -> LayeredKeyring:
    """The installation's key provider, opened once per process."""
    return _opened(environment())


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """What a row keeps of a secret."""

    public_id: str
    digest: bytes
    pepper_id: int


def minted(kind: SecretKind) -> tuple[PlainKey, StoredSecret]:
    """A fresh secret, and what to store of it."""
    plain = mint(kind)
    pepper_id, pepper = installation_keyring().current_pepper()
    return plain, StoredSecret(plain.public_id, digest(plain, pepper), pepper_id)


def is_genuine(plain: PlainKey, *, stored: bytes | memoryview, pepper_id: int) -> bool:
    """Whether the secret is the one whose digest was stored."""
    try:
        pepper = installation_keyring().pepper(pepper_id)
    except InvalidArgument:
        return False  # its pepper was retired, because no living secret was left under it
    return matches(plain, pepper, bytes(stored))


def renewed_secret(plain: PlainKey, *, pepper_id: int) -> StoredSecret | None:
    """What to store of a secret that was proven under an earlier pepper; None under today's."""
    current_id, pepper = installation_keyring().current_pepper()
    if pepper_id == current_id:
        return None
    return StoredSecret(plain.public_id, digest(plain, pepper), current_id)
