"""Objects in S3, Google Cloud Storage or Azure Blob Storage, through one library."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from kit.errors import AlreadyExists, InvalidArgument, NotFound, Unavailable
from storage.objects import checked_path, checked_prefix


def open_remote(url: str) -> "RemoteObjectStore":
    """The store of an s3://, gs:// or az:// URL; nothing is contacted yet."""
    try:
        return RemoteObjectStore(from_url(url))
    except (BaseError, ValueError) as error:
        raise InvalidArgument(
            "OBJECT_STORE_URL cannot be used. Check the URL, and that the account and its "
            "credentials are in the environment (AWS_…, GOOGLE_… or AZURE_…)."
        ) from error


class RemoteObjectStore:
    """An `ObjectStore` over one of obstore's stores, whose puts are durable when answered."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def put(self, path: str, chunks: Iterable[bytes], *, is_new: bool = False) -> int:
        checked_path(path)
        content = b"".join(chunks)
        mode: Literal["create", "overwrite"] = "create" if is_new else "overwrite"
        with _translated(path):
            # One request: a multipart upload cannot be conditional.
            obstore.put(self._store, path, content, mode=mode, use_multipart=False)
        return len(content)

    def get(self, path: str) -> bytes:
        with _translated(path):
            return bytes(obstore.get(self._store, checked_path(path)).bytes())

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        checked_path(path)
        if length == 0:
            return b""
        with _translated(path):
            return bytes(obstore.get_range(self._store, path, start=offset, length=length))

    def size(self, path: str) -> int:
        with _translated(path):
            return int(obstore.head(self._store, checked_path(path))["size"])

    def delete(self, path: str) -> None:
        with _translated(path):
            try:
                obstore.delete(self._store, checked_path(path))
            except FileNotFoundError:
                return

    def list(self, prefix: str) -> Iterator[str]:
        folder = checked_prefix(prefix).rpartition("/")[0]
        with _translated():
            found = obstore.list(self._store, folder or None).collect()
        yield from sorted(entry["path"] for entry in found if entry["path"].startswith(prefix))


@contextmanager
def _translated(path: str = "") -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no object {path}.") from error
    except AlreadyExistsError as error:
        raise AlreadyExists(f"The object {path} exists already.") from error
    except (BaseError, OSError, ValueError) as error:
        # The library's text may name hosts and headers: its kind is enough for the caller.
        raise Unavailable(f"The object store failed: {type(error).__name__}.") from error
