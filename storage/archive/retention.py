"""How far back the archive of a namespace has to reach: a pure choice by LSNs and times."""

from collections.abc import Collection, Iterable

from storage.archive.form import Stretch
from storage.archive.rows import Base


def first_base(bases: Iterable[Base], found: Collection[Stretch], start_us: int) -> Base | None:
    """The newest base for a restore to the start of the window; None where that has to begin with
    the first batch. Every later moment is reached from it, or from one after it."""
    if not found:
        return None
    first = min(one.first for one in found)
    reached = max((one.last for one in found if one.until_us <= start_us), default=first - 1)
    return max((base for base in bases if base.manifest_lsn <= reached), default=None)


def unneeded(found: Collection[Stretch], base: Base | None) -> list[Stretch]:
    """Stretches that no restore reads any more. The newest stays: it tells how far the log went."""
    if base is None:
        return []
    newest = max(found, key=lambda one: one.last)
    return [one for one in found if one.last <= base.manifest_lsn and one != newest]
