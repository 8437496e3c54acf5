"""How far an import has come: what a killed importer's successor needs to go on."""

from collections.abc import Sequence

import msgspec

from dataplane.importer.source import SourceFile

_MAX_TOLD = 5
_MAX_REASON = 300


class Cursor(msgspec.Struct):
    """Everything before `row` of the file at `folder` and `name` was imported or refused, all of
    it where `is_done`.

    `has_begun`: its namespaces were found empty, so what they hold now is the import's own.
    """

    has_begun: bool = False
    folder: str = ""
    name: str = ""
    version: str = ""
    row: int = 0
    is_done: bool = False
    imported: int = 0
    refused: int = 0
    refused_files: int = 0
    reasons: list[str] = []

    @classmethod
    def read(cls, raw: bytes | None) -> "Cursor":
        return cls() if raw is None else _decode(raw)

    def to_bytes(self) -> bytes:
        return _encode(self)

    def is_past(self, file: SourceFile) -> bool:
        if file.place == (self.folder, self.name):
            return self.is_done
        return file.place < (self.folder, self.name)

    def enter(self, file: SourceFile) -> int:
        """The row to go on with: where it was left, unless the file has changed since."""
        if (file.folder, file.name, file.version) != (self.folder, self.name, self.version):
            self.folder, self.name, self.version, self.row = *file.place, file.version, 0
            self.is_done = False
        return self.row

    def note(self, reason: str) -> None:
        """Keep the first few reasons for the owner; who goes on after a kill may meet one again."""
        told = reason[:_MAX_REASON]
        if len(self.reasons) < _MAX_TOLD and told not in self.reasons:
            self.reasons.append(told)

    @property
    def summary(self) -> str:
        """What was left out, in a sentence or two; empty for nothing."""
        left_out = [
            f"{count:,} {what}{'' if count == 1 else 's'}"
            for count, what in ((self.refused, "record"), (self.refused_files, "file"))
            if count
        ]
        if not left_out:
            return ""
        return f"Not imported: {' and '.join(left_out)}. The first: {'; '.join(self.reasons)}"


def percent_complete(files: Sequence[SourceFile], cursor: Cursor, row_count: int) -> float:
    """By the bytes of the files; `row_count` is that of the file that is being read."""
    total = sum(file.size for file in files) or 1
    done = 0.0
    for file in files:
        if cursor.is_past(file):
            done += file.size
        elif file.place == (cursor.folder, cursor.name):
            done += file.size * min(1.0, cursor.row / (row_count or 1))
    return 100 * done / total


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Cursor).decode
