"""Where an import comes from: its URI, taken apart and checked before anybody opens anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kit.errors import InvalidArgument

MAX_URI_LENGTH = 1500
_AZURE_HOST = re.compile(r"([a-z0-9]{3,24})\.blob\.core\.windows\.net")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_CONTAINER = re.compile(r"[a-z0-9$][a-z0-9-]{1,62}")
_FORMS = (
    "s3://bucket/folder, gs://bucket/folder, "
    "https://account.blob.core.windows.net/container/folder or file:///folder"
)


class Provider(StrEnum):
    LOCAL = "local"
    S3 = "s3"
    GCS = "gcs"
    AZURE = "azure"


@dataclass(frozen=True, slots=True)
class ImportUri:
    """`bucket` is S3's or GCS's bucket or Azure's container, `account` only Azure's.

    `parts` are the names of the folders below it (below "/" for a local one), none of which is
    empty or leads upwards.
    """

    provider: Provider
    bucket: str
    parts: tuple[str, ...]
    account: str = ""

    @property
    def prefix(self) -> str:
        return "/".join(self.parts)


def parse_import_uri(uri: str) -> ImportUri:
    """Raises `InvalidArgument` for anything but a plain address of a folder."""
    if not 1 <= len(uri) <= MAX_URI_LENGTH:
        raise InvalidArgument(f"uri must have 1 to {MAX_URI_LENGTH} characters.")
    try:
        split = urlsplit(uri)
        port = split.port
    except ValueError:
        raise InvalidArgument(f"uri cannot be read. Give {_FORMS}.") from None
    if split.query or split.fragment or "@" in split.netloc or port is not None or "?" in uri:
        raise InvalidArgument(
            "uri must name a folder only, without user, password, port, query or fragment: "
            "credentials belong into a storage integration."
        )
    match split.scheme:
        case "s3" | "gs":
            provider = Provider.S3 if split.scheme == "s3" else Provider.GCS
            return ImportUri(provider, _checked(_BUCKET, split.netloc), _parts(split.path))
        case "https":
            return _azure(split.netloc, _parts(split.path))
        case "file" if not split.netloc and split.path.startswith("/"):
            return ImportUri(Provider.LOCAL, "", _parts(unquote(split.path)))
    raise InvalidArgument(f"uri has an unknown form. Give {_FORMS}.")


def allowed_folder(uri: ImportUri, folders: Sequence[str]) -> tuple[Path, tuple[str, ...]]:
    """The folder of the operator's that a local URI lies in, and the way from there.

    Says the same of a folder that is not allowed and of one that is not there.
    """
    path = Path("/", *uri.parts)
    for folder in map(Path, folders):
        if path.is_relative_to(folder):
            return folder, path.relative_to(folder).parts
    raise InvalidArgument(
        "uri does not lie in a local folder from which this installation allows imports "
        "(STONEPINE_IMPORT_FOLDERS)."
    )


def _azure(host: str, parts: tuple[str, ...]) -> ImportUri:
    found = _AZURE_HOST.fullmatch(host)
    if found is None or not parts:
        raise InvalidArgument(f"uri has an unknown form. Give {_FORMS}.")
    container, *folders = parts
    return ImportUri(Provider.AZURE, _checked(_CONTAINER, container), tuple(folders), found[1])


def _checked(form: re.Pattern[str], name: str) -> str:
    if not form.fullmatch(name) or ".." in name:
        raise InvalidArgument(f"uri: {name[:80]!r} is not the name of a bucket.")
    return name


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.strip("/").split("/")) if path.strip("/") else ()
    for part in parts:
        if part in ("", ".", "..") or not part.isprintable() or "\\" in part:
            raise InvalidArgument("uri: the folders' names must not be empty or lead upwards.")
    return parts
