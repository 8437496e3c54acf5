"""Records, and people who ask for them, by the Vector API of a running stack."""

import random
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

_TOPICS = ("billing", "sign-in", "imports", "filters", "backups", "latency")
_LANGUAGES = ("en", "de", "fr")
_BATCH = 50


@dataclass(frozen=True)
class Client:
    """Calls of one index."""

    address: str
    api_key: str
    dimension: int

    def call(self, act: str, body: dict[str, Any]) -> None:
        answer = httpx.post(
            f"{self.address}/{act}", json=body, headers={"Api-Key": self.api_key}, timeout=30
        )
        answer.raise_for_status()

    def fill(self, count: int, *, namespace: str = "") -> None:
        """Articles of six topics, each topic around a point of its own."""
        draw, numbers = random.Random(7), np.random.default_rng(7)
        centres = numbers.normal(size=(len(_TOPICS), self.dimension))
        records = [self._article(number, draw, numbers, centres) for number in range(count)]
        for start in range(0, count, _BATCH):
            batch = records[start : start + _BATCH]
            self.call("vectors/upsert", {"vectors": batch, "namespace": namespace})

    def ask(self, times: int, *, namespace: str = "") -> None:
        numbers = np.random.default_rng(11)
        for number in range(times):
            vector = numbers.normal(size=self.dimension).round(4).tolist()
            body: dict[str, Any] = {"vector": vector, "topK": 10, "namespace": namespace}
            if number % 3 == 0:
                body["filter"] = {"topic": {"$eq": _TOPICS[number % len(_TOPICS)]}}
            self.call("query", body)

    def _article(
        self, number: int, draw: random.Random, numbers: np.random.Generator, centres: Any
    ) -> dict[str, Any]:
        topic = draw.randrange(len(_TOPICS))
        values = centres[topic] + numbers.normal(scale=0.6, size=self.dimension)
        return {
            "id": f"article-{number:04}",
            "values": values.round(4).tolist(),
            "metadata": {
                "title": f"How {_TOPICS[topic]} works, part {number % 9 + 1}",
                "topic": _TOPICS[topic],
                "language": draw.choice(_LANGUAGES),
                "year": draw.randint(2021, 2026),
                "views": draw.randint(3, 9000),
                "is_public": draw.random() < 0.8,
            },
        }
