"""Reading the archived log of one namespace: up to which LSN it went at a time, and its batches."""

from collections.abc import Iterator
from dataclasses import dataclass

from keyring.envelope import DataKey
from kit.errors import DataLoss, NotFound
from storage.archive.form import ArchivedBatch, Place, Stretch, read_stretch, stretches
from storage.objects import ObjectStore
from storage.write_log.batches import open_batch
from storage.write_log.operations import Operation

# Stretches are replaced by longer ones now and then, hardly twice while one is looked for.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class ArchivedLog:
    """What lies in the object store of one namespace's log."""

    store: ObjectStore
    key: DataKey
    place: Place

    def lsn_at(self, moment_us: int, *, first_lsn: int, last_lsn: int) -> int:
        """The last LSN that was acknowledged until then, by a log that the archive holds after
        `first_lsn` and up to `last_lsn`.

        Of batches that the sweep took, the last one counts: it was older than any moment that may
        be asked for. Raises `DataLoss` where the next batch, which would tell, is missing.
        """
        found = stretches(self.store, self.place)
        over = [one.last for one in found if one.until_us <= moment_us]
        lsn = max(over, default=found[0].first - 1 if found else first_lsn)
        if not over and lsn > first_lsn:
            raise self._missing(first_lsn + 1)
        lsn = max(lsn, first_lsn)
        for batch in self.batches(lsn):
            if batch.committed_at_us > moment_us:
                return lsn
            lsn = batch.lsn
        if lsn < last_lsn:
            raise self._missing(lsn + 1)
        return lsn

    def operations(self, *, after_lsn: int, up_to_lsn: int) -> Iterator[tuple[int, Operation]]:
        """(LSN, operation) in order, none missing. Raises `DataLoss` for what is not as it was."""
        index_id, namespace_id = self.place
        done = after_lsn
        for batch in self.batches(after_lsn) if done < up_to_lsn else ():
            operation = open_batch(
                self.key, batch.operation, batch.sealed,
                index_id=index_id, namespace_id=namespace_id, lsn=batch.lsn,
            )  # fmt: skip
            yield batch.lsn, operation
            done = batch.lsn
            if done == up_to_lsn:
                return
        if done < up_to_lsn:
            raise self._missing(done + 1)

    def _missing(self, lsn: int) -> DataLoss:
        return DataLoss(f"Batch {lsn} of namespace {self.place[1]} is not in the archive.")

    def batches(self, after_lsn: int) -> Iterator[ArchivedBatch]:
        """From the next one on, without a gap, as far as they go."""
        done = after_lsn
        while found := self._stretch_with(done + 1):
            yield from (batch for batch in found if batch.lsn > done)
            done = found[-1].lsn

    def _stretch_with(self, lsn: int) -> list[ArchivedBatch]:
        """The longest stretch that holds this batch; nothing where none does."""
        for _ in range(_TRIES):
            holding = [one for one in stretches(self.store, self.place) if one.first <= lsn]
            reaching = max(holding, key=lambda one: one.last, default=Stretch(0, 0, 0))
            if reaching.last < lsn:
                return []
            try:
                return read_stretch(self.store, self.key, self.place, reaching)
            except NotFound:
                continue  # a longer one has taken its place
        raise DataLoss(f"An archived log of namespace {self.place[1]} cannot be read.")
