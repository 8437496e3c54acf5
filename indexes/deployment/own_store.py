"""The object store for who writes to it: only as long as it is this installation's."""

from kit.environment import environment
from storage.database import connect
from storage.objects import ObjectStore, open_object_store
from storage.ownership import identity, open_own_store, take_over


def own_store() -> ObjectStore:
    """Raises `StoreOfAnother` once another installation took it over."""
    here = environment()
    return open_own_store(here.object_store_url, here.database_system_url.get_secret_value())


def take_over_store() -> bool:
    """Make it this installation's; False where it was already."""
    here = environment()
    with connect(here.database_system_url.get_secret_value(), name="owner") as connection:
        return take_over(open_object_store(here.object_store_url), identity(connection))
