"""An answered query in words: how it was found, how good each match is, how two answers differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.record_table import Row, cells_of
from indexes.models import Metric
from indexes.records import Answer
from protocol.from_reply import Record

_WAYS = {
    "memtable": "recent writes exactly",
    "exact": "by fetching what matches",
    "scan": "by an exact scan",
    "graph": "by graph",
    "fallback": "by graph, then exactly",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One answer as the page shows it."""

    title: str
    namespace: str
    rows: list[Row]
    columns: list[str]
    way: str
    read_units: int
    elapsed_ms: float


def way_in_words(path: str) -> str:
    """`graph=3 memtable=1` as "3 segments by graph, recent writes exactly"."""
    if not path:
        return "nothing to search"
    words = []
    # Engines that answer together tell theirs one after the other.
    for part in path.replace(" + ", " ").split():
        way, _, count = part.partition("=")
        of = "" if way == "memtable" else f"{count} segment{'s' if count != '1' else ''} "
        words.append(of + _WAYS.get(way, way))
    return ", ".join(dict.fromkeys(words))


def shares(matches: Sequence[Record], metric: str) -> list[float]:
    """How much of its bar each score fills: similarity of the best one, or closeness."""
    scores = [one.score or 0.0 for one in matches]
    if metric == Metric.EUCLIDEAN:
        return [100 / (1 + max(score, 0.0)) for score in scores]
    best = max([1.0 if metric == Metric.COSINE else 0.0, *scores])
    return [100 * max(score, 0.0) / best if best else 0.0 for score in scores]


def ranked(answer: Answer, columns: Sequence[str], metric: str, beside: Answer | None) -> list[Row]:
    """The matches in order, each with how it moved against the answer beside."""
    places = {} if beside is None else {one.id: at for at, one in enumerate(beside.matches)}
    filled = shares(answer.matches, metric)
    return [
        Row(
            one,
            cells_of(one, columns),
            place=at + 1,
            share=round(filled[at], 1),
            moved="" if beside is None else _moved(at, places.get(one.id)),
        )
        for at, one in enumerate(answer.matches)
    ]


def _moved(at: int, before: int | None) -> str:
    if before is None:
        return "new"
    if at == before:
        return "="
    return f"+{before - at}" if at < before else f"\N{MINUS SIGN}{at - before}"
