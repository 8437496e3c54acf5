"""Where files come from: what an import sees of a folder or bucket, and how much it takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

MAX_FILES = 100_000
MAX_NAMESPACES = 10_000
MAX_FILE_BYTES = 10 * 1024**3
MAX_TOTAL_BYTES = 1024**4
_SUFFIX = ".parquet"


class ImportFailed(Exception):
    """The import as a whole cannot go on; the message is for its owner."""


class FileRefused(Exception):
    """One file cannot be read; the message is for the import's owner and does not name it."""


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """In the order in which files are imported. `version` changes when the content does."""

    folder: str
    name: str
    size: int = 0
    version: str = ""

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"

    @property
    def place(self) -> tuple[str, str]:
        return self.folder, self.name


class Source(Protocol):
    """Raises `ImportFailed` where nothing can be read, `FileRefused` where one file cannot, and
    `Unavailable` where trying again may help."""

    def entries(self) -> Iterator[SourceFile]:
        """Files one folder below the import's, of whatever name."""

    def open(self, file: SourceFile) -> BinaryIO: ...


def survey(source: Source) -> list[SourceFile]:
    """The Parquet files in order. Raises `ImportFailed` for none, and for too much."""
    found = sorted(_within_limits(source.entries()))
    if not found:
        raise ImportFailed(
            "There is no Parquet file to import. Files are expected at "
            "<uri>/<namespace>/<name>.parquet."
        )
    return found


def _within_limits(entries: Iterable[SourceFile]) -> Iterator[SourceFile]:
    count, total, folders = 0, 0, set()
    for file in entries:
        if not file.name.endswith(_SUFFIX) or file.name.startswith("."):
            continue
        count += 1
        total += file.size
        folders.add(file.folder)
        if file.size > MAX_FILE_BYTES:
            raise ImportFailed(f"{file.path} is larger than {MAX_FILE_BYTES // 1024**3} GB.")
        _require(count, MAX_FILES, "files")
        _require(total, MAX_TOTAL_BYTES, "bytes")
        _require(len(folders), MAX_NAMESPACES, "namespaces")
        yield file


def _require(found: int, limit: int, what: str) -> None:
    if found > limit:
        raise ImportFailed(f"There is too much for one import: more than {limit:,} {what}.")
