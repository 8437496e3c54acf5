"""Which rows of an index satisfy an expression, and how much work a filter may cause."""

from pyroaring import BitMap

from dataplane.engine.filters import AllHold, AnyHolds, AnyOf, Exists, Expression, Not, Range
from dataplane.engine.metadata_index import MetadataIndex
from kit.errors import InvalidArgument

# In rows met, at up to 25 ns each: half a second for any filter, more on large namespaces.
_LEAST_BUDGET = 20_000_000
_BUDGET_PER_ROW = 10
_CONDITION_COST = 100
_VALUE_COST = 4


class Budget:
    """What one filter may cost over all parts of a namespace."""

    def __init__(self, row_count: int) -> None:
        self._rest = max(_LEAST_BUDGET, _BUDGET_PER_ROW * row_count)

    def spend(self, cost: int) -> None:
        """Raises `InvalidArgument` when nothing is left."""
        self._rest -= cost
        if self._rest < 0:
            raise InvalidArgument(
                "The filter is too expensive: use fewer conditions, or conditions that fewer "
                "records satisfy."
            )


def matching_rows(
    expression: Expression, index: MetadataIndex, budget: Budget | None = None
) -> BitMap:
    """The rows whose metadata satisfy the expression, deleted ones included. Do not change it:
    it may be a bitmap of the index itself."""
    return _Evaluation(index, budget or Budget(index.row_count)).rows(expression)


class _Evaluation:
    """Of one index. Whatever the parser made one object is evaluated once."""

    def __init__(self, index: MetadataIndex, budget: Budget) -> None:
        self._index = index
        self._budget = budget
        self._found: dict[int, BitMap] = {}

    def rows(self, expression: Expression) -> BitMap:
        found = self._found.get(id(expression))
        if found is None:
            self._budget.spend(_CONDITION_COST)
            found = self._found[id(expression)] = self._evaluate(expression)
        return found

    def _evaluate(self, expression: Expression) -> BitMap:
        match expression:
            case AnyOf() | Range() | Exists():
                return self._leaf(expression)
            case Not(inner):
                return self._all_rows() - self.rows(inner)
            case AllHold(parts):
                return self._all_hold(parts)
            case AnyHolds(parts):
                return self._any_holds(parts)

    def _leaf(self, leaf: AnyOf | Range | Exists) -> BitMap:
        index = self._index
        match leaf:
            case AnyOf(field, values):
                is_scan = any(type(value) is float for value in values)
                scanned = index.scanned_rows(field) if is_scan else 0
                self._budget.spend(scanned + _VALUE_COST * len(values))
                found = index.rows_with_any_of(field, values)
            case Range(field):
                self._budget.spend(index.scanned_rows(field))
                found = index.rows_in_range(leaf)
            case Exists(field):
                found = index.rows_with_field(field)
        self._budget.spend(len(found))
        return found

    def _all_hold(self, parts: tuple[Expression, ...]) -> BitMap:
        if not parts:
            return self._all_rows()
        found = self.rows(parts[0])
        for part in parts[1:]:
            if not found:
                break
            found = found & self.rows(part)
        return found

    def _any_holds(self, parts: tuple[Expression, ...]) -> BitMap:
        found: list[BitMap] = []
        for part in parts:
            rows = self.rows(part)
            if len(rows) == self._index.row_count:
                return rows
            found.append(rows)
        return BitMap.union(*found)

    def _all_rows(self) -> BitMap:
        return BitMap(range(self._index.row_count))
