"""Before the worker says that all is ready, the gateway listens for the indexes there are."""

import socket
import threading

from indexes.deployment.listeners import is_published, wait_until_listening
from indexes.models import Index
from tests.support.world import World


def door(index: Index) -> tuple[str, int]:
    assert index.port is not None
    return "127.0.0.1", index.port


def test_listeners_are_published_and_waited_for_one_and_all(world: World) -> None:
    first, second = world.index("first"), world.index("second")
    assert not is_published(first.pk)
    with socket.create_server(door(first)):
        assert not wait_until_listening(0.1), "the second is missing"
        assert is_published(first.pk)
        assert is_published(second.pk)
        opened: list[socket.socket] = []
        gateway = threading.Timer(0.2, lambda: opened.append(socket.create_server(door(second))))
        gateway.start()
        assert wait_until_listening(10)
        gateway.join()
        assert opened, "nobody waited"
        opened[0].close()


def test_an_installation_without_indexes_has_nothing_to_wait_for(world: World) -> None:
    assert wait_until_listening(0)
