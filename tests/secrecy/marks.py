"""What is planted to be looked for, and all the ways in which its bytes could lie somewhere."""

import base64
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

Floats: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float32]]"

_TEXT_LENGTH = 18
_DIMENSION = 32
# How many values stand in a pattern: enough bytes that no chance gives them.
_F16, _F32, _F64, _BF16, _I8 = 6, 3, 2, 6, 10


def _word() -> str:
    letters = random.choices(string.ascii_lowercase + string.digits, k=_TEXT_LENGTH)
    return "cn" + "".join(letters)


def direction(dimension: int = _DIMENSION, *, chance: np.random.Generator | None = None) -> Floats:
    made = (chance or np.random.default_rng()).normal(size=dimension)
    return (made / np.linalg.norm(made)).astype(np.float32)


def _indices() -> list[int]:
    return sorted(random.sample(range(1 << 24, 1 << 31), 12))


@dataclass(frozen=True)
class Pattern:
    """Bytes to look for: `mark` written in `encoding`."""

    mark: str
    encoding: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class TextMark:
    """A word that stands nowhere else."""

    name: str
    text: str = field(default_factory=_word, repr=False)

    def patterns(self) -> Iterator[Pattern]:
        forms = {
            "utf-8": self.text.encode(),
            "utf-16-le": self.text.encode("utf-16-le"),
            "utf-16-be": self.text.encode("utf-16-be"),
            "utf-32-le": self.text.encode("utf-32-le"),
            **in_letters(self.text.encode()),
        }
        return (Pattern(self.name, encoding, content) for encoding, content in forms.items())


@dataclass(frozen=True)
class VectorMark:
    """A vector of length 1, so that normalizing changes nothing of it."""

    name: str
    values: Floats = field(default_factory=direction, repr=False)

    def patterns(self) -> Iterator[Pattern]:
        for encoding, content in vector_forms(self.values).items():
            yield Pattern(self.name, encoding, content)


@dataclass(frozen=True)
class SparseMark:
    """A sparse vector: its indices are looked for as integers, its values as floats."""

    name: str
    indices: list[int] = field(default_factory=_indices, repr=False)
    values: Floats = field(default_factory=lambda: direction(12), repr=False)

    def patterns(self) -> Iterator[Pattern]:
        for encoding, content in vector_forms(self.values).items():
            yield Pattern(f"{self.name} values", encoding, content)
        for code in ("<u4", ">u4", "<u8", ">u8"):
            content = np.array(self.indices[1:4], code).tobytes()
            yield Pattern(f"{self.name} indices", code, content)


def vector_forms(values: Floats) -> dict[str, bytes]:
    """Its values from the second on, in every form that floats are kept in."""
    rest = values[1:]
    upper_halves = (rest[:_BF16].view(np.uint32) + np.uint32(0x8000)) >> 16
    cut_halves = rest[:_BF16].view(np.uint32) >> 16
    forms: dict[str, bytes] = {}
    for order, sign in (("le", "<"), ("be", ">")):
        forms |= {
            f"float16-{order}": rest[:_F16].astype(f"{sign}f2").tobytes(),
            f"float32-{order}": rest[:_F32].astype(f"{sign}f4").tobytes(),
            f"float64-{order}": rest[:_F64].astype(f"{sign}f8").tobytes(),
            f"bfloat16-{order}": upper_halves.astype(f"{sign}u2").tobytes(),
            f"bfloat16-cut-{order}": cut_halves.astype(f"{sign}u2").tobytes(),
        }
    if len(rest) >= _I8:
        forms["int8"] = np.round(rest[:_I8] * 127).astype(np.int8).tobytes()
        top = np.abs(values).max()
        forms["int8-scaled"] = np.round(rest[:_I8] * (127 / top)).astype(np.int8).tobytes()
    for joint in (",", ", "):
        forms[f"json {joint!r}"] = joint.join(repr(float(one)) for one in rest[:2]).encode()
        forms[f"short json {joint!r}"] = joint.join(str(one) for one in rest[:2]).encode()
    whole = rest[: _F32 + 1].astype("<f4").tobytes()
    return forms | {f"float32 {name}": content for name, content in in_letters(whole).items()}


def in_letters(content: bytes) -> dict[str, bytes]:
    """In hexadecimal, and in base64 wherever it may stand in what was encoded."""
    forms = {"hex": content.hex().encode(), "HEX": content.hex().upper().encode()}
    for offset in range(3):
        # The letters that depend on what stands before and behind are left out.
        padded = bytes(offset) + content
        letters = base64.b64encode(padded[: len(padded) // 3 * 3])[4 * (offset > 0) :]
        forms[f"base64+{offset}"] = letters
        in_urls = letters.translate(bytes.maketrans(b"+/", b"-_"))
        if in_urls != letters:
            forms[f"base64url+{offset}"] = in_urls
    return forms
