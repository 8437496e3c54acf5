"""How far a credential gets within the roles it holds: chosen indexes, chosen namespaces."""

from dataclasses import dataclass
from uuid import UUID

from access.permissions import Permission

DEFAULT_NAMESPACE = "__default__"

# Asked of a whole project, these are answered with what lies within reach: lists.
_NARROWED = frozenset({Permission.INDEX_READ, Permission.PROJECT_READ})
# These touch every namespace of an index.
_WHOLE_INDEX = frozenset(
    {Permission.INDEX_CREATE, Permission.INDEX_DELETE, Permission.INDEX_UPDATE}
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What is empty confines nothing. The default namespace is "" here, whatever its spelling."""

    index_ids: frozenset[UUID] = frozenset()
    namespaces: frozenset[str] = frozenset()

    def has_index(self, index_id: UUID) -> bool:
        return not self.index_ids or index_id in self.index_ids

    def has_namespace(self, name: str) -> bool:
        return not self.namespaces or canonical_namespace(name) in self.namespaces

    def refusal(
        self, permission: Permission, index_id: UUID | None, namespace: str | None
    ) -> str | None:
        """Why the permission lies beyond reach there; None where it does not."""
        if self.index_ids:
            if index_id is None and permission not in _NARROWED:
                return "the credential is confined to chosen indexes"
            if index_id is not None and index_id not in self.index_ids:
                return "the credential is confined to other indexes"
        if self.namespaces:
            if permission in _WHOLE_INDEX:
                return "the credential is confined to chosen namespaces"
            if namespace is not None and not self.has_namespace(namespace):
                return "the credential is confined to other namespaces"
        return None


EVERYWHERE = Reach()


def canonical_namespace(name: str) -> str:
    """ "" for the default namespace, whichever of its two names was used."""
    return "" if name == DEFAULT_NAMESPACE else name
