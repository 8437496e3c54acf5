"""What a program does to an index, in the words of the API, whoever carries it out."""

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")

Sparse: TypeAlias = dict[int, float]
Metadata: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Item:
    id: str
    values: tuple[float, ...] = ()
    sparse: Sparse | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    namespace: str

    @property
    def act(self) -> str:
        """How whoever carries it out calls it: `UpdateWhere` is `update_where`."""
        return _WORD.sub("_", type(self).__name__).lower()


@dataclass(frozen=True)
class Upsert(Step):
    items: list[Item]


@dataclass(frozen=True)
class Update(Step):
    """Of the record `item.id`; what the item lacks stays."""

    item: Item


@dataclass(frozen=True)
class UpdateWhere(Step):
    filter: Metadata
    metadata: Metadata
    is_dry_run: bool


@dataclass(frozen=True)
class Delete(Step):
    ids: list[str]


@dataclass(frozen=True)
class DeleteWhere(Step):
    filter: Metadata


@dataclass(frozen=True)
class DeleteAll(Step):
    pass


@dataclass(frozen=True)
class Query(Step):
    """By the values of `item`, or by its id where `is_by_id`."""

    item: Item
    is_by_id: bool
    top_k: int
    filter: Metadata | None


@dataclass(frozen=True)
class Fetch(Step):
    ids: list[str]


@dataclass(frozen=True)
class FetchWhere(Step):
    """All pages."""

    filter: Metadata
    limit: int


@dataclass(frozen=True)
class ListIds(Step):
    """All pages."""

    prefix: str
    limit: int


@dataclass(frozen=True)
class CreateNamespace(Step):
    pass


@dataclass(frozen=True)
class DescribeNamespace(Step):
    pass


@dataclass(frozen=True)
class DeleteNamespace(Step):
    pass


@dataclass(frozen=True)
class ListNamespaces(Step):
    """All pages of those whose listed name begins with `namespace`."""

    limit: int


@dataclass(frozen=True)
class Stats(Step):
    pass
