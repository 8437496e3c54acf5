"""What confines a key beyond its roles: chosen indexes, chosen namespaces, allowed networks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from access.networks import parse_networks
from access.reach import Reach, canonical_namespace
from kit.errors import InvalidArgument
from projects.keys import newest_data_key
from projects.models import ApiKey
from storage.key_namespaces import seal_namespaces, unseal_namespaces

T = TypeVar("T", UUID, str)
COLUMNS = ("index_ids", "sealed_namespaces", "networks")
_MOST = 100
_is_namespace = re.compile(r"[\x20-\x7e]{0,512}").fullmatch


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is empty bounds nothing. Both spellings of the default namespace are the same one."""

    index_ids: tuple[UUID, ...] = ()
    namespaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    def checked(self) -> "Bounds":
        """In canonical form, sorted, each once. Raises `InvalidArgument`."""
        for name in ("index_ids", "namespaces", "networks"):
            if len(getattr(self, name)) > _MOST:
                raise InvalidArgument(
                    f"A key is confined to at most {_MOST} {name.replace('_', ' ')}.", field=name
                )
        if not all(map(_is_namespace, self.namespaces)):
            raise InvalidArgument(
                "A namespace has up to 512 printable ASCII characters.", field="namespaces"
            )
        return Bounds(
            _once(self.index_ids),
            _once(canonical_namespace(name) for name in self.namespaces),
            tuple(str(network) for network in parse_networks(self.networks)),
        )

    def put_on(self, key: ApiKey) -> None:
        """Set the columns of a key that has its id and project; needs an open tenant."""
        key.index_ids, key.networks = list(self.index_ids), list(self.networks)
        key.sealed_namespaces = None
        if self.namespaces:
            opened = newest_data_key(key.project_id, using="default")
            key.sealed_namespaces = seal_namespaces(opened, key.pk, self.namespaces)

    def for_audit(self) -> dict[str, Any]:
        """Namespaces are customers' words and stay out of the log, but for their number."""
        shown = {
            "index_ids": [str(index_id) for index_id in self.index_ids],
            "networks": list(self.networks),
            "namespaces": len(self.namespaces),
        }
        return {name: value for name, value in shown.items() if value}


UNBOUND = Bounds()


def bounds_of(key: ApiKey, *, using: str = "default") -> Bounds:
    """Those of a stored key; needs an open tenant, or `using="system"`."""
    return Bounds(tuple(key.index_ids), _namespaces(key, using), tuple(key.networks))


def reach_of(key: ApiKey, *, using: str) -> Reach:
    return Reach(frozenset(key.index_ids), frozenset(_namespaces(key, using)))


def _namespaces(key: ApiKey, using: str) -> tuple[str, ...]:
    if key.sealed_namespaces is None:
        return ()
    opened = newest_data_key(key.project_id, using=using)
    return tuple(unseal_namespaces(opened, key.pk, key.sealed_namespaces))


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(set(values)))
