"""One record on its way from the log into a segment."""

from dataclasses import dataclass

from storage.write_log.operations import Float32, SparseVector


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record: `values` has as many elements as the index has dimensions."""

    values: Float32
    sparse: SparseVector | None
    metadata: bytes | None
