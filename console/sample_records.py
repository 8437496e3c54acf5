"""Records to try an index with: short articles of a few topics, each topic around its own point."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from indexes.models import Index, VectorType

SAMPLE_NAMESPACE = "sample"
_COUNT, _BATCH = 240, 40
_TOPICS = ("billing", "sign-in", "imports", "filters", "backups", "latency")
_TITLES = ("How {} works", "What to do when {} fails", "A checklist for {}", "Questions on {}")
_LANGUAGES = ("en", "de", "fr")
_SPREAD = 0.6
_SPARSE_TERMS, _VOCABULARY = 12, 600


def sample_records(index: Index) -> Iterator[list[dict[str, Any]]]:
    """In batches, as the Vector API takes them; the same ones whenever they are asked for."""
    draw, numbers = random.Random(20), np.random.default_rng(20)  # noqa: S311 - no secrets
    centres = numbers.normal(size=(len(_TOPICS), index.dimension or 1))
    batch: list[dict[str, Any]] = []
    for number in range(_COUNT):
        topic = draw.randrange(len(_TOPICS))
        batch.append(
            {
                "id": f"article-{number:03}",
                "metadata": _metadata(draw, number, _TOPICS[topic]),
                **_vectors(index, draw, numbers, centre=centres[topic], topic=topic),
            }
        )
        if len(batch) == _BATCH:
            yield batch
            batch = []


def _metadata(draw: random.Random, number: int, topic: str) -> dict[str, Any]:
    title = _TITLES[number % len(_TITLES)].format(topic)
    return {
        "title": f"{title}, part {number // len(_TITLES) + 1}",
        "topic": topic,
        "language": draw.choice(_LANGUAGES),
        "year": draw.randint(2021, 2026),
    }


def _vectors(
    index: Index, draw: random.Random, numbers: np.random.Generator, *, centre: Any, topic: int
) -> dict[str, Any]:
    if index.vector_type == VectorType.SPARSE:
        own = range(topic * 100, topic * 100 + 40)
        terms = {*draw.sample(own, _SPARSE_TERMS), *draw.sample(range(_VOCABULARY), 4)}
        values = [round(draw.uniform(0.2, 2.0), 3) for _ in terms]
        return {"sparseValues": {"indices": sorted(terms), "values": values}}
    values = centre + numbers.normal(scale=_SPREAD, size=len(centre))
    return {"values": values.round(4).tolist()}
