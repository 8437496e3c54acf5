"""Queries that arrived together: rows that all of them scan are read from memory once."""

from collections.abc import Sequence

import numpy as np

from dataplane.engine.part import Part
from dataplane.engine.scoring import Keys, Target, finished_keys, norms_for


class Together:
    """The targets of several queries of one namespace, for as long as no part changes.

    One product with a matrix of queries costs a fraction of as many products with vectors: these
    wait for the memory. Keys differ in the order of their sums only, which `error_bound` covers.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self._places = {id(target): place for place, target in enumerate(targets)}
        self._targets = targets
        self._products: dict[int, Keys] = {}

    def scanned_keys(self, part: Part, target: Target) -> Keys | None:
        """Keys of all rows of the part; None for a target that is not among them."""
        place = self._places.get(id(target))
        if place is None or len(self._targets) == 1:
            return None
        products = self._products.get(id(part))
        if products is None:
            wanted = [other.factor for other in self._targets]
            products = self._products[id(part)] = np.stack(wanted) @ part.vectors.T
        # A copy: finishing changes it in place.
        return finished_keys(products[place].copy(), norms_for(part, target.metric), target)
