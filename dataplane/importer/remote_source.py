"""A bucket of S3, GCS or Azure: listed once, read by ranges, by the account of an integration."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import AzureStore, GCSStore, S3Store

from dataplane.importer.source import FileRefused, ImportFailed, SourceFile
from kit.errors import Unavailable
from storage.import_uris import ImportUri, Provider

_MAX_LISTED = 1_000_000
_DEFAULT_REGION = "us-east-1"
_RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_STATUS = re.compile(r"status code: (\d{3})")
_DENIED = "The bucket may not be read: check the storage integration (integrationId)."
_ELSEWHERE = "The bucket lies in another region: name it in a storage integration (integrationId)."
_FINAL = {
    "301": _ELSEWHERE,
    "307": _ELSEWHERE,
    "400": "The cloud does not understand the request: check the bucket's name and region.",
    "401": _DENIED,
    "403": _DENIED,
    "404": "There is no such bucket.",
}
_Store = S3Store | GCSStore | AzureStore


def open_remote(
    uri: ImportUri, place: dict[str, Any], credentials: dict[str, str]
) -> "RemoteSource":
    """Nothing is contacted yet. Hosts are the clouds' own, or an endpoint that was allowed."""
    try:
        return RemoteSource(_store(uri, place, credentials), uri.prefix)
    except (BaseError, ValueError) as error:
        raise ImportFailed("The credentials of the storage integration cannot be used.") from error


def _store(uri: ImportUri, place: dict[str, Any], credentials: dict[str, str]) -> _Store:
    # Without credentials nothing may be signed: by default the machine's own would be used.
    given: dict[str, Any] = {**credentials} or {"skip_signature": True}
    client: Any = {"timeout": timedelta(seconds=30), "connect_timeout": timedelta(seconds=5)}
    if uri.provider is Provider.GCS:
        return GCSStore(uri.bucket, client_options=client, retry_config=_RETRIES, **given)
    if uri.provider is Provider.AZURE:
        given["account_name"] = uri.account
        if "sas_token" in given:
            given["sas_key"] = given.pop("sas_token").removeprefix("?")
        return AzureStore(uri.bucket, client_options=client, retry_config=_RETRIES, **given)
    if "session_token" in given:
        given["token"] = given.pop("session_token")
    if "endpoint" in place:
        given["endpoint"] = place["endpoint"]
        client["allow_http"] = str(place["endpoint"]).startswith("http://")
    region = place.get("region", _DEFAULT_REGION)
    return S3Store(uri.bucket, region=region, client_options=client, retry_config=_RETRIES, **given)


class RemoteSource:
    def __init__(self, store: _Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def entries(self) -> Iterator[SourceFile]:
        start = len(self._prefix) + 1 if self._prefix else 0
        count = 0
        with _translated("The bucket"):
            for page in obstore.list(self._store, self._prefix or None, chunk_size=1000):
                for entry in page:
                    folder, _, name = entry["path"][start:].partition("/")
                    if name and "/" not in name:
                        version = f"{entry['size']}-{entry['e_tag'] or entry['last_modified']}"
                        yield SourceFile(folder, name, entry["size"], version)
                count += len(page)
                if count > _MAX_LISTED:
                    raise ImportFailed(f"There are more than {_MAX_LISTED:,} objects below uri.")

    def open(self, file: SourceFile) -> BinaryIO:
        path = f"{self._prefix}/{file.path}" if self._prefix else file.path
        return cast("BinaryIO", _RemoteFile(self._store, path, file))


class _RemoteFile(io.RawIOBase):
    """Each read is a request; the Parquet reader asks for a megabyte or more at once."""

    def __init__(self, store: _Store, path: str, file: SourceFile) -> None:
        self._store = store
        self._path = path
        self._size = file.size
        e_tag = file.version.partition("-")[2]
        # Of a bucket without e-tags nobody can tell that an object is still the same.
        self._condition: Any = {"if_match": e_tag} if e_tag.startswith('"') else {}
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._position + size)
        if end <= self._position:
            return b""
        options: Any = {**self._condition, "range": (self._position, end)}
        with _translated("The file"):
            content = bytes(obstore.get(self._store, self._path, options=options).bytes())
        self._position += len(content)
        return content

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """The library's texts name hosts, headers and answers: their kind is enough."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise ImportFailed(_DENIED) from error
    except (NotFoundError, FileNotFoundError) as error:
        raise FileRefused("it is not there any more") from error
    except PreconditionError as error:
        raise FileRefused("it was changed while it was read") from error
    except (BaseError, OSError, ValueError) as error:
        # Lists know no other kind of error; the status stands in the text.
        status = _STATUS.search(str(error))
        if status is not None and status[1] in _FINAL:
            raise ImportFailed(_FINAL[status[1]]) from error
        raise Unavailable(f"{what} could not be read: try again.", retry_after_s=5) from error
