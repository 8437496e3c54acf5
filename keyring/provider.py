"""What a key provider does: hold one wrapping key per project, outside database and data disk."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID


class KeyProvider(Protocol):
    """Wraps secrets under a project's wrapping key, which never leaves the provider.

    Methods raise `Unavailable` where the provider cannot be asked and `DataLoss` where the
    project's key is gone or what is to be unwrapped does not authenticate.
    """

    def create_key(self, project_id: UUID) -> None:
        """Make the project's wrapping key; one that is there already stays."""

    def has_key(self, project_id: UUID) -> bool: ...

    def wrap(self, project_id: UUID, secret: bytes, *, context: bytes) -> bytes:
        """`secret` under the project's key; only the same `context` unwraps it."""

    def unwrap(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> bytes: ...

    def guard(self, project_id: UUID, wrapped: bytes) -> Callable[[], None] | None:
        """What says, by raising as `unwrap` does, that `wrapped` can be opened no more; None where
        nobody can take it away. `DataKey.derive` calls it."""

    def destroy_key(self, project_id: UUID) -> None:
        """Make everything of the project unreadable for ever. Idempotent."""

    def check(self) -> None:
        """Raise, with what is wrong and what to do, unless the provider can serve."""
