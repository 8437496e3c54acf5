"""Records in the one form in which model and subjects compare them."""

from typing import Any

import numpy as np

from tests.property.steps import Item


def normal(item: Item) -> Item:
    """As it is stored: float32 values, float64 numbers."""
    values = tuple(np.float32(item.values).tolist())
    return Item(item.id, values, item.sparse or None, plain(item.metadata))


def plain(metadata: dict[str, Any]) -> dict[str, Any]:
    """Numbers are float64 on every wire."""
    return {
        name: float(value) if isinstance(value, (int, float)) and type(value) is not bool else value
        for name, value in metadata.items()
    }
