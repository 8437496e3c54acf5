"""What an outer key does, and how its holder says no."""

from typing import Any, Protocol
from uuid import UUID

from kit.errors import FailedPrecondition

DISABLED = "It is disabled in Stonepine."


class KeyRefused(FailedPrecondition):
    """The key's holder does not let us use it: disabled, deleted, or not ours (any more).

    `why` is for those who manage the key: the provider's own code, never its text.
    """

    def __init__(self, why: str, **fields: Any) -> None:
        super().__init__(
            f"The encryption key of this project cannot be used: {why} What it protects cannot "
            "be read until the key can be used again.",
            **fields,
        )
        self.why = why


class OuterKey(Protocol):
    """A key at Vault, AWS or Google. What it is given to wrap is sealed by the keyring already, so
    its holder never sees a data key.

    Both methods ask over the network, for a few seconds at most. They raise `Unavailable` where
    the provider cannot be asked, `KeyRefused` where it refuses, and `DataLoss` where what is to be
    unwrapped does not authenticate.
    """

    def wrap(self, project_id: UUID, inner: bytes) -> bytes:
        """`inner` under the key; only the same `project_id` unwraps it."""

    def unwrap(self, project_id: UUID, wrapped: bytes) -> bytes: ...
