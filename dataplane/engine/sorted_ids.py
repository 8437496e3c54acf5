"""The ids of a namespace in C collation, kept sorted from the first listing on."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable


class SortedIds:
    """Sorts when a listing needs it, and then only merges what came since.

    Ids that are gone stay in the list until they are many, and are skipped.
    """

    def __init__(self) -> None:
        self._ids: list[str] | None = None
        self._added: list[str] = []
        self._gone: set[str] = set()

    def add(self, ids: Iterable[str]) -> None:
        """Ids that the namespace did not hold."""
        if self._ids is None:
            return
        for new in ids:
            if new in self._gone:
                self._gone.remove(new)
            else:
                self._added.append(new)

    def remove(self, ids: Iterable[str]) -> None:
        """Ids that the namespace held."""
        if self._ids is not None:
            self._gone.update(ids)

    def clear(self) -> None:
        self._ids, self._added, self._gone = None, [], set()

    def page(
        self, present: Iterable[str], *, prefix: str, after: str | None, limit: int
    ) -> list[str]:
        """The first `limit` of the ids `present`, in order, with the prefix and past `after`."""
        ids = self._merged(present)
        position = bisect_left(ids, prefix)
        if after is not None:
            position = max(position, bisect_right(ids, after))
        found: list[str] = []
        while position < len(ids) and len(found) < limit:
            candidate = ids[position]
            if not candidate.startswith(prefix):
                break
            if candidate not in self._gone:
                found.append(candidate)
            position += 1
        return found

    def _merged(self, present: Iterable[str]) -> list[str]:
        if self._ids is None or 2 * len(self._gone) > len(self._ids):
            self.clear()
            self._ids = sorted(present)
        elif self._added:
            # Two sorted runs: a merge.
            self._ids += sorted(self._added)
            self._ids.sort()
            self._added = []
        return self._ids
