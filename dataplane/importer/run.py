"""One turn of an import: from where it was left, until it is done or others wait for theirs."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from dataplane.front import checks
from dataplane.importer.cursor import Cursor, percent_complete
from dataplane.importer.parquet_file import Batch, ParquetReader
from dataplane.importer.records import Examined, examine
from dataplane.importer.site import Postponed, Site
from dataplane.importer.source import FileRefused, ImportFailed, Source, SourceFile, survey
from kit import clock
from kit.errors import InvalidArgument, Unavailable
from storage.imports import ImportRow, ImportStatus, OnError

_MAX_FAILURES = 40


class Turn(StrEnum):
    """How a turn ended. `BUSY`: another process works on it; `GONE`: cancelled, finished or deleted
    by somebody else."""

    BUSY = "busy"
    FINISHED = "finished"
    MORE = "more"
    POSTPONED = "postponed"
    GONE = "gone"


class _Stopped(Exception):
    """The turn ends here; the reason is the argument."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A batch on its way; `end` is the row after it."""

    end: int
    examined: Examined
    write: "Future[None] | None"


@dataclass(slots=True)
class Import:
    """An import that this process alone works on."""

    site: Site
    row: ImportRow
    source: Source
    cursor: Cursor
    turn_s: float
    files: list[SourceFile] = field(default_factory=list)
    row_count: int = 0
    _sender: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _sent: "_Sent | None" = None
    _saved_at: float = 0.0
    _ends_at: float | None = None

    def run(self) -> Turn:
        """Whatever happens, the row tells it."""
        try:
            with self._sender:
                self._import_all()
        except _Stopped as stop:
            return Turn(stop.args[0])
        except Postponed as delay:
            return self._postpone(str(delay))
        except Unavailable as error:
            return self._postpone(error.message)
        except (ImportFailed, InvalidArgument) as error:
            return self._finish(ImportStatus.FAILED, str(error))
        nothing_came = self.cursor.summary and not self.cursor.imported
        status = ImportStatus.FAILED if nothing_came else ImportStatus.COMPLETED
        return self._finish(status, self.cursor.summary)

    def _import_all(self) -> None:
        self.site.require_allowed(self.row)
        self.files = survey(self.source)
        if not self.cursor.has_begun:
            self._require_empty()
            self.cursor.has_begun = True
            self._save()
        for file in self.files:
            if not self.cursor.is_past(file):
                self._import_file(file)
        self._save()

    def _require_empty(self) -> None:
        """Checked once, before the first record: afterwards they hold this import's own."""
        held = self.site.record_counts()
        for folder in sorted({file.folder for file in self.files}):
            if held.get(_namespace(folder)):
                raise ImportFailed(
                    f"The namespace {folder!r} holds records already: an import needs one that "
                    "is empty or does not exist."
                )

    def _import_file(self, file: SourceFile) -> None:
        start = self.cursor.enter(file)
        try:
            with self.source.open(file) as opened:
                for batch in self._batches(ParquetReader(opened, self.site.spec.dimension), start):
                    self._import_batch(file, batch)
            self._settle()
        except FileRefused as refusal:
            self._settle()
            self._refuse(f"{file.path}: {refusal}.")
            self.cursor.refused_files += 1
        except ImportFailed:
            self._settle()
            raise
        self.cursor.is_done = True
        self._save_now_and_then()

    def _batches(self, reader: ParquetReader, start: int) -> Iterator[Batch]:
        self.row_count = reader.row_count
        return reader.batches(start)

    def _import_batch(self, file: SourceFile, batch: Batch) -> None:
        """While this one is read and examined, the one before is under way to the engine."""
        examined = self._examined(file, batch)
        self._settle()
        for fault in examined.faults:
            self._refuse(f"{file.path}, row {fault.row}: {fault.reason}")
        sent = None
        if examined.request is not None:
            sent = self._sender.submit(self.site.write, examined.request)
        self._sent = _Sent(batch.start + batch.rows.num_rows, examined, sent)

    def _settle(self) -> None:
        """Wait until what was sent is durable; only then it counts."""
        sent, self._sent = self._sent, None
        if sent is None:
            return
        if sent.write is not None:
            sent.write.result()
        self.cursor.imported += sent.examined.good
        self.cursor.refused += len(sent.examined.faults)
        self.cursor.row = sent.end
        self._save_now_and_then()

    def _examined(self, file: SourceFile, batch: Batch) -> Examined:
        namespace = _namespace(file.folder)
        try:
            return examine(batch, self.row.index_id, namespace, self.site.spec)
        except MemoryError:
            raise FileRefused("its rows take more memory than an import may use") from None

    def _refuse(self, reason: str) -> None:
        """Something is left out, or with `abort` the end."""
        if self.row.on_error == OnError.ABORT:
            raise ImportFailed(reason)
        self.cursor.note(reason)

    def _save(self) -> None:
        self.site.require_allowed(self.row)
        if not self._advance():
            raise _Stopped(Turn.GONE)
        self._saved_at = clock.monotonic_s()

    def _advance(self) -> bool:
        percent = percent_complete(self.files, self.cursor, self.row_count)
        return self.site.advance(self.row, self.cursor, percent)

    def _finish(self, status: ImportStatus, error: str) -> Turn:
        """What came before the end counts, whatever the end is."""
        self._advance()
        self.site.finish(self.row.id, status, error)
        return Turn.FINISHED

    def _save_now_and_then(self) -> None:
        """And let others have their turn, but never without having come further."""
        if clock.monotonic_s() - self._saved_at < self.site.settings.import_save_s:
            return
        self._save()
        if self._ends_at is None:
            self._ends_at = clock.monotonic_s() + self.turn_s
        elif clock.monotonic_s() >= self._ends_at and self.site.has_others_waiting(self.row.id):
            raise _Stopped(Turn.MORE)

    def _postpone(self, reason: str) -> Turn:
        if self.site.postpone(self.row.id) >= _MAX_FAILURES:
            return self._finish(ImportStatus.FAILED, reason)
        return Turn.POSTPONED


def _namespace(folder: str) -> str:
    try:
        return checks.namespace(folder)
    except InvalidArgument as error:
        raise ImportFailed(f"The folder {folder[:80]!r} is no namespace. {error.message}") from None


def run_turn(site: Site, import_id: UUID, *, turn_s: float) -> Turn:
    """Work on the import, unless another process does."""
    row = site.begin(import_id)
    if row is None:
        return Turn.GONE
    cursor = Cursor.read(row.cursor(site.key))
    try:
        source = site.open_source(row)
    except (ImportFailed, InvalidArgument) as error:
        site.finish(row.id, ImportStatus.FAILED, str(error))
        return Turn.FINISHED
    return Import(site, row, source, cursor, turn_s).run()
