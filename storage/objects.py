"""What an object store does, and how one is opened from its URL."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kit.errors import InvalidArgument

_MAX_PATH_LENGTH = 900  # S3 allows 1024 bytes, with a prefix of the operator's own
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.=+-]*"
_PATH = re.compile(rf"{_NAME}(?:/{_NAME})*")
_REMOTE_SCHEMES = {"s3", "gs", "az"}


class ObjectStore(Protocol):
    """Whole objects under paths such as `indexes/<id>/segments/<id>`; all content is sealed.

    Methods raise `NotFound` for a missing object, `StorageFull` where no space is left and
    `Unavailable` where the store cannot be reached.
    """

    def put(self, path: str, chunks: Iterable[bytes], *, is_new: bool = False) -> int:
        """Store the object, whole or not at all, and return its size; durable on return.

        With `is_new` an object that exists already stays, and `AlreadyExists` is raised: of
        several writers exactly one succeeds.
        """

    def get(self, path: str) -> bytes: ...

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        """The bytes of that range; fewer where the object ends before."""

    def size(self, path: str) -> int: ...

    def delete(self, path: str) -> None:
        """Remove the object; one that is missing is no error."""

    def list(self, prefix: str) -> Iterator[str]:
        """The paths that start with `prefix`, sorted. "" is every path."""


def open_object_store(url: str) -> ObjectStore:
    """The store of a URL: `file:///folder`, `s3://bucket/prefix`, `gs://…` or `az://…`.

    Credentials of the remote ones come from their usual environment variables.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        from storage.local_objects import LocalObjectStore

        return LocalObjectStore(Path(unquote(parts.path)))
    if parts.scheme in _REMOTE_SCHEMES and parts.netloc:
        from storage.remote_objects import open_remote

        return open_remote(url)
    raise InvalidArgument(
        f"OBJECT_STORE_URL has the scheme {parts.scheme!r} and cannot be used. Give "
        "file:///absolute/folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix."
    )


def checked_path(path: str) -> str:
    """The path, or `InvalidArgument` where it could leave the store or name a hidden file."""
    if len(path) > _MAX_PATH_LENGTH or not _PATH.fullmatch(path):
        raise InvalidArgument(f"{path[:80]!r} is not a path of an object.")
    return path


def checked_prefix(prefix: str) -> str:
    """The prefix of paths, or `InvalidArgument`; it may be empty or end with a slash."""
    if prefix:
        checked_path(prefix.removesuffix("/"))
    return prefix
