"""A decrypted segment in a sealed memory file: one copy for all engines of the machine.

Sections are laid out anew, each on a boundary of 64 bytes, behind a directory. Whoever made the
file holds it open; others of the same user open it through /proc, and see by its name and its seals
that it is what they look for and will never change.
"""

import fcntl
import mmap
import os
import struct
import weakref
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import numpy as np

from kit.errors import DataLoss
from storage.segments import Column, SegmentName, SegmentReader

_LENGTH = struct.Struct("<I")
_FIRST_SECTION = 8192
_BOUNDARY = 64
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class Location(NamedTuple):
    """The process that holds the memory file, and its descriptor there."""

    process: int
    descriptor: int


class _Directory(msgspec.Struct, frozen=True, array_like=True):
    record_count: int
    dimension: int
    size_bytes: int
    sections: dict[str, tuple[int, int]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Directory).decode


class SharedSegment(SegmentReader):
    """Columns are views of the mapping, read-only, and keep it alive. One that `is_borrowed` was
    decrypted by another engine."""

    def __init__(self, name: SegmentName, descriptor: int) -> None:
        """Takes over the descriptor, which is open for as long as this object lives."""
        weakref.finalize(self, os.close, descriptor)
        self._name = name
        self._memory = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
        (length,) = _LENGTH.unpack_from(self._memory)
        directory = _decode(self._memory[_LENGTH.size : _LENGTH.size + length])
        self.record_count, self.dimension = directory.record_count, directory.dimension
        self._size_bytes, self._sections = directory.size_bytes, directory.sections
        self._descriptor = descriptor
        self.is_borrowed = False

    @classmethod
    def load(cls, reader: SegmentReader, name: SegmentName) -> Self:
        """Decrypt a stored segment into memory of its own."""
        places, size = _laid_out(reader)
        directory = _encode(
            _Directory(reader.record_count, reader.dimension, reader.size_bytes, places)
        )
        if _LENGTH.size + len(directory) > _FIRST_SECTION:
            raise DataLoss(f"The segment {name.segment_id} has too many sections.")
        descriptor = os.memfd_create(_title(name), os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            with mmap.mmap(descriptor, size) as memory, memoryview(memory) as view:
                view[: _LENGTH.size] = _LENGTH.pack(len(directory))
                view[_LENGTH.size : _LENGTH.size + len(directory)] = directory
                for section, (start, length) in places.items():
                    with view[start : start + length] as target:
                        reader.read_into(section, target)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(name, descriptor)

    @classmethod
    def attach(cls, name: SegmentName, location: Location) -> Self | None:
        """The segment as another engine has decrypted it; None where it is not there (any more)."""
        path = f"/proc/{location.process}/fd/{location.descriptor}"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if not _is_sealed(descriptor, name):
            os.close(descriptor)
            return None
        found = cls(name, descriptor)
        found.is_borrowed = True
        return found

    @property
    def location(self) -> Location:
        return Location(os.getpid(), self._descriptor)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def _read(self, section: str) -> bytes:
        return bytes(self._view(section))

    def _view(self, section: str) -> memoryview:
        start, length = self._place(section)
        return self._memory[start : start + length]

    def _read_column(self, section: str, form: str, count: int) -> Column:
        column: Column = np.frombuffer(self._view(section), form)
        if len(column) != count:
            raise self._malformed(f"the section {section} has a wrong length")
        return column


def _laid_out(reader: SegmentReader) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each section goes, and how large the file is."""
    places = {}
    start = _FIRST_SECTION
    for section, length in reader.section_lengths.items():
        places[section] = (start, length)
        start += -(-length // _BOUNDARY) * _BOUNDARY
    return places, start


def _is_sealed(descriptor: int, name: SegmentName) -> bool:
    """Whether it is the memory file of that segment, whose bytes never change any more."""
    try:
        title = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        return False
    return title.startswith(f"/memfd:{_title(name)} ") and seals & _SEALS == _SEALS


def _title(name: SegmentName) -> str:
    return f"stonepine-segment-{name.segment_id}"
