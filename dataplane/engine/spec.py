"""What an index is to the engine: dimension, metric, vector type, and which requests fit them."""

from dataclasses import dataclass
from enum import StrEnum

from dataplane.engine import messages
from kit.errors import InvalidArgument

_FLOAT32_BYTES = 4


class Metric(StrEnum):
    COSINE = "cosine"
    DOTPRODUCT = "dotproduct"
    EUCLIDEAN = "euclidean"


class VectorType(StrEnum):
    DENSE = "dense"
    SPARSE = "sparse"


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """`dimension` is None exactly on sparse indexes, whose metric is dotproduct."""

    dimension: int | None
    metric: Metric
    vector_type: VectorType = VectorType.DENSE

    @property
    def is_sparse(self) -> bool:
        return self.vector_type is VectorType.SPARSE

    @property
    def width(self) -> int:
        """Floats in a row of the vector matrix: 0 on a sparse index."""
        return self.dimension or 0

    def check_upsert(self, request: messages.Upsert) -> None:
        """Raise `InvalidArgument` unless every record has what this kind of index stores."""
        if self.is_sparse:
            self._refuse_dense(len(request.values))
            if len(request.sparse) < len(request.ids) or None in request.sparse:
                raise InvalidArgument(
                    "Every record of a sparse index needs sparse values: send `sparseValues`."
                )
            return
        if not request.values:
            raise InvalidArgument("Every record of a dense index needs `values`.")
        self._check_length(len(request.values), len(request.ids))
        self.check_sparse(is_given=any(row is not None for row in request.sparse))

    def check_update(self, request: messages.Update) -> None:
        """Raise `InvalidArgument` where the replaced values do not fit the index."""
        if request.values:
            if self.is_sparse:
                self._refuse_dense(len(request.values))
            self._check_length(len(request.values), 1)
        self.check_sparse(is_given=request.sparse is not None)

    def check_query(self, request: messages.Query) -> None:
        """Raise `InvalidArgument` where the index cannot compare the query with its records."""
        if request.id is not None:
            return
        if self.is_sparse:
            self._refuse_dense(len(request.vector))
            if request.sparse is None:
                raise InvalidArgument("A query of a sparse index needs `sparseVector` or `id`.")
            return
        if not request.vector:
            raise InvalidArgument("A query of a dense index needs `vector` or `id`.")
        self._check_length(len(request.vector), 1)
        self.check_sparse(is_given=request.sparse is not None)

    def _refuse_dense(self, byte_count: int) -> None:
        if byte_count:
            raise InvalidArgument(
                "A sparse index does not store dense values: send sparse values instead."
            )

    def _check_length(self, byte_count: int, rows: int) -> None:
        found = byte_count // (_FLOAT32_BYTES * max(rows, 1))
        if byte_count != rows * self.width * _FLOAT32_BYTES:
            raise InvalidArgument(
                f"Vector dimension {found} does not match the dimension of the index "
                f"{self.dimension}"
            )

    def check_sparse(self, *, is_given: bool) -> None:
        if is_given and self.metric is not Metric.DOTPRODUCT:
            raise InvalidArgument(
                "Index configuration does not support sparse values - only indexes that are "
                "sparse or using dotproduct are supported"
            )
