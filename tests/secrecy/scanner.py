"""Looks for patterns in files, at every offset, and in whatever compressed streams lie in them."""

import mmap
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from tests.secrecy.marks import Pattern

Bytes: TypeAlias = "bytes | memoryview | mmap.mmap"

_BLOCK_BYTES = 8 << 20
_MAX_PLAIN_BYTES = 64 << 20
_PIECE_BYTES = 64 << 10
_LEAST_BYTES = 8  # a shorter stream holds no pattern
_DEPTH = 2
_STREAMS = {
    b"\x1f\x8b\x08": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x78\x01": "zlib", b"\x78\x5e": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib",
}  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """A pattern that was found: where, and through which compressions."""

    place: str
    mark: str
    encoding: str
    through: tuple[str, ...] = ()


class Finder:
    """Where any of many byte strings begins: by a table of two bytes, then four, then the rest."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        self.longest = 1
        self._at: dict[int, list[tuple[int, bytes]]] = {}
        for pattern in set(patterns):
            anchor = max(range(len(pattern) - 3), key=lambda at: _variety(pattern[at : at + 4]))
            head = int.from_bytes(pattern[anchor : anchor + 4], "little")
            self._at.setdefault(head, []).append((anchor, pattern))
            self.longest = max(self.longest, len(pattern))
        self._heads = np.array(sorted(self._at), np.uint32)
        self._table = np.zeros(1 << 16, bool)
        self._table[self._heads & 0xFFFF] = True

    def find(self, content: Bytes) -> Iterator[tuple[int, bytes]]:
        """Offset and pattern, in no order."""
        view = np.frombuffer(content, np.uint8)
        for at in self._candidates(view):
            head = int.from_bytes(view[at : at + 4].tobytes(), "little")
            for anchor, pattern in self._at[head]:
                start = at - anchor
                if start >= 0 and view[start : start + len(pattern)].tobytes() == pattern:
                    yield start, pattern

    def _candidates(self, view: "np.ndarray[tuple[int], np.dtype[np.uint8]]") -> list[int]:
        found: list[int] = []
        for shift in range(2):
            pairs = view[shift : shift + (len(view) - shift) // 2 * 2].view("<u2")
            first = np.flatnonzero(self._table[pairs])
            first = first[first + 1 < len(pairs)]
            heads = pairs[first].astype(np.uint32) | (pairs[first + 1].astype(np.uint32) << 16)
            found += (first[np.isin(heads, self._heads)] * 2 + shift).tolist()
        return found


class Scanner:
    """Knows what to look for, and counts the bytes that it has looked at."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._meaning: dict[bytes, Pattern] = {one.content: one for one in patterns}
        self._finder = Finder(self._meaning)
        self._magic = np.zeros(1 << 16, bool)
        for head in _STREAMS:
            self._magic[int.from_bytes(head[:2], "little")] = True
        self.bytes_seen = 0

    def scan_tree(self, folder: Path) -> Iterator[Hit]:
        """Every regular file below; those that vanish meanwhile are passed over."""
        for path in sorted(folder.rglob("*")):
            yield from self.scan_name(path)
            yield from self.scan_file(path)

    def scan_name(self, path: Path) -> Iterator[Hit]:
        """What a file is called lies on the disk, too."""
        yield from self.scan_bytes(f"{path} (its name)", path.name.encode() + b"    ")

    def scan_file(self, path: Path) -> Iterator[Hit]:
        try:
            if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size == 0:
                return
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as held:
                content = bytes(held)
        except FileNotFoundError:
            return
        yield from self.scan_bytes(str(path), content)

    def scan_bytes(
        self, place: str, content: bytes, through: tuple[str, ...] = ()
    ) -> Iterator[Hit]:
        self.bytes_seen += len(content)
        view = memoryview(content)
        for start in range(0, len(view), _BLOCK_BYTES):
            block = view[start : start + _BLOCK_BYTES + self._finder.longest]
            for _, found in self._finder.find(block):
                one = self._meaning[found]
                yield Hit(place, one.mark, one.encoding, through)
        if len(through) < _DEPTH:
            for kind, plain in self._streams(view):
                yield from self.scan_bytes(place, plain, (*through, kind))

    def _streams(self, view: memoryview) -> Iterator[tuple[str, bytes]]:
        for at in self._magic_offsets(view):
            head = bytes(view[at : at + 4])
            for magic, kind in _STREAMS.items():
                if head.startswith(magic):
                    plain = decompressed(kind, view[at:])
                    if len(plain) >= _LEAST_BYTES:
                        yield kind, plain

    def _magic_offsets(self, view: memoryview) -> Iterator[int]:
        whole = np.frombuffer(view, np.uint8)
        for shift in range(2):
            pairs = whole[shift : shift + (len(whole) - shift) // 2 * 2].view("<u2")
            yield from (np.flatnonzero(self._magic[pairs]) * 2 + shift).tolist()


def decompressed(kind: str, content: memoryview) -> bytes:
    """As much as comes out of a stream of that kind, whose end may be missing or another's."""
    return _inflated(content) if kind in {"gzip", "zlib"} else _unpacked(kind, content)


def _inflated(content: memoryview) -> bytes:
    inflater, plain = zlib.decompressobj(wbits=47), bytearray()
    for start in range(0, len(content), _PIECE_BYTES):
        try:
            plain += inflater.decompress(content[start : start + _PIECE_BYTES])
        except zlib.error:
            break
        if inflater.eof or len(plain) > _MAX_PLAIN_BYTES:
            break
    return bytes(plain)


def _unpacked(kind: str, content: memoryview) -> bytes:
    """By pieces, and from where that fails byte by byte: another's bytes may follow the end."""
    plain = bytearray()
    for size in (_PIECE_BYTES, 1):
        with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(content)), kind) as stream:
            try:
                stream.read(len(plain))
                while len(plain) < _MAX_PLAIN_BYTES and (piece := stream.read(size)):
                    plain += piece
            except (OSError, pa.ArrowException):
                continue
        break
    return bytes(plain)


def _variety(window: bytes) -> int:
    """Zeros are frequent, so an anchor had better be something else."""
    return len(set(window) - {0})
