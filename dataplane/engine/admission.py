"""Limits that a write is held to before it is logged, because they need the namespace's state."""

from collections.abc import Iterable, Iterator

import orjson

from dataplane.engine import messages
from dataplane.engine.metadata import MAX_METADATA_BYTES, merge_metadata
from dataplane.engine.open_index import OpenNamespace
from kit.errors import InvalidArgument
from storage.write_log.operations import Operation, UpdateOperation, UpsertOperation

MAX_FIELDS = 5_000
# An update by filter is applied in pieces of so many bytes of records, and at most so many ids.
_PIECE_BYTES = 8 * 1024 * 1024
_IDS_A_PIECE = 10_000


def admitted_fields(space: OpenNamespace | None, metadata: Iterable[bytes | None]) -> set[str]:
    """All metadata fields of the namespace once the write is applied.

    Raises `InvalidArgument` where they are too many: each costs memory of its own.
    """
    names = {name for raw in metadata if raw for name in orjson.loads(raw)}
    known = _known_fields(space)
    if names <= known:
        return known
    if len(known | names) > MAX_FIELDS and space is not None and not space.pending:
        known = set(space.memory.indexed_fields())
    if len(known | names) > MAX_FIELDS:
        raise InvalidArgument(
            f"A namespace has at most {MAX_FIELDS} distinct metadata fields, and the write would "
            "add more: use values instead of field names to tell records apart."
        )
    return known | names


def needs_quiet(space: OpenNamespace, request: messages.Update) -> bool:
    """Whether writes under way may decide if the record's metadata become too large."""
    if request.id is None or not request.set_metadata or not space.pending:
        return False
    return _most_bytes(space, request.id, request.set_metadata) > MAX_METADATA_BYTES


def metadata_growth(operation: Operation) -> int:
    """By how much any record's metadata may grow."""
    match operation:
        case UpsertOperation(metadata=rows):
            return max((len(row) for row in rows if row), default=0)
        case UpdateOperation(set_metadata=patch):
            return len(patch or b"")
        case _:
            return 0


def update_pieces(space: OpenNamespace, ids: list[str], patch: bytes | None) -> Iterator[list[str]]:
    """The ids in pieces that are small enough to be applied at once.

    Raises `InvalidArgument` for a record whose metadata would become too large: run it to the end
    before anything is logged.
    """
    piece: list[str] = []
    size = 0
    for id_ in ids:
        _check_merged(space, id_, patch)
        record_bytes = space.memory.record_bytes(id_) + len(patch or b"")
        if piece and (size + record_bytes > _PIECE_BYTES or len(piece) == _IDS_A_PIECE):
            yield piece
            piece, size = [], 0
        piece.append(id_)
        size += record_bytes
    if piece:
        yield piece


def _known_fields(space: OpenNamespace | None) -> set[str]:
    if space is None:
        return set()
    if space.fields is None:
        space.fields = set(space.memory.indexed_fields())
    return space.fields


def _most_bytes(space: OpenNamespace, id_: str, patch: bytes) -> int:
    held = space.memory.metadata(id_) or b""
    return len(held) + space.pending_metadata_bytes + len(patch)


def _check_merged(space: OpenNamespace, id_: str, patch: bytes | None) -> None:
    if not patch or _most_bytes(space, id_, patch) <= MAX_METADATA_BYTES:
        return
    size = len(merge_metadata(space.memory.metadata(id_), patch) or b"")
    if size > MAX_METADATA_BYTES:
        raise InvalidArgument(
            f'The metadata of the record "{id_}" would be {size} bytes; the limit is '
            f"{MAX_METADATA_BYTES} bytes per record."
        )
