"""Creating and deleting namespaces: seldom, blocking, and only while nothing is pending."""

from dataplane.engine import messages
from dataplane.engine.audited import event_of
from dataplane.engine.namespace import Namespace
from dataplane.engine.open_index import OpenIndex, OpenNamespace
from dataplane.engine.opening import Storage
from dataplane.engine.replication import Replication
from kit.errors import AlreadyExists, NotFound
from kit.ids import new_id
from storage import events
from storage.write_log import log
from storage.write_log.names import new_namespace


def create_namespace(
    storage: Storage,
    replication: Replication,
    index: OpenIndex,
    request: messages.CreateNamespace,
) -> messages.Namespaces:
    """Raises `AlreadyExists` (the default namespace always exists) and `QuotaExceeded`.

    `Aborted` tells that the log knows the namespace and memory does not.
    """
    name = request.namespace
    if name == "" or index.namespace(name) is not None:
        raise AlreadyExists("A namespace of this name already exists.")
    index.require_room_for(name)
    namespace_id = new_id()
    row = new_namespace(index.key, index.index_id, namespace_id, name, schema=request.schema)
    event = event_of(request, events.NAMESPACE_CREATED, namespace_id=namespace_id)
    storage.database.run(
        lambda connection: log.create_namespace(
            connection, index.index_id, row, epoch=index.epoch, event=event
        )
    )
    space = OpenNamespace(name, namespace_id, Namespace(index.spec), schema=request.schema)
    index.add(space)
    replication.publish(
        index,
        messages.NamespaceAdded(
            index_id=index.index_id,
            namespace=name,
            epoch=index.epoch,
            namespace_id=namespace_id,
            schema=request.schema,
        ),
    )
    return messages.Namespaces(namespaces=[space.info()], total_count=1)


def delete_namespace(
    storage: Storage,
    replication: Replication,
    index: OpenIndex,
    request: messages.DeleteNamespace,
) -> messages.Written:
    """Raises `NotFound`; deleting the default namespace empties it, if there is anything."""
    space = index.namespace(request.namespace)
    if space is None:
        if request.namespace:
            raise NotFound("Namespace not found")
        nothing = event_of(request, events.NAMESPACE_DELETED, namespace_id=None, records=0)
        storage.database.run(lambda connection: events.record_alone(connection, nothing))
        return messages.Written(lsn=None)
    count, place = space.memory.record_count, space.namespace_id
    event = event_of(request, events.NAMESPACE_DELETED, namespace_id=place, records=count)
    storage.database.run(
        lambda connection: log.drop_namespace(
            connection, index.index_id, place, epoch=index.epoch, event=event
        )
    )
    index.remove(space)
    dropped = messages.NamespaceDropped(
        index_id=index.index_id, epoch=index.epoch, namespace_id=space.namespace_id
    )
    replication.publish(index, dropped)
    return messages.Written(lsn=None, count=count)
