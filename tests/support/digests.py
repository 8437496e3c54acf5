"""Digests of indexes in the suite's own installation."""

from dataplane.builder.digest import DigestSite, NamespaceDigest, digest_of
from dataplane.builder.older import OlderSegments
from indexes.models import Index
from kit.environment import environment
from projects.keys import newest_data_key
from storage.database import connect
from storage.objects import open_object_store
from storage.write_log.log import namespaces, read_batches


def namespaces_of(index: Index) -> dict[str, NamespaceDigest]:
    here = environment()
    with connect(here.database_system_url.get_secret_value(), name="test") as connection:
        key = newest_data_key(index.project_id, using="system")
        store = open_object_store(here.object_store_url)
        return DigestSite(connection, store, key, index.pk).namespaces()


def replayed(index: Index, name: str, *, up_to_lsn: int) -> NamespaceDigest:
    """The namespace as the log alone, from its first batch on, says that it was."""
    key = newest_data_key(index.project_id, using="system")
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection:
        (row,) = (one for one in namespaces(connection, index.pk) if one.name(key) == name)
        batches = read_batches(
            connection, key, index.pk, row.namespace_id, after_lsn=0, up_to_lsn=up_to_lsn
        )
        nothing = OlderSegments((), lambda _one: None)
        return digest_of(nothing, ((lsn, one) for lsn, one, _ in batches))
