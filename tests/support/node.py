"""An index node that serves the indexes of the tests' control plane, where that looks for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from indexes.deployment.placement import place
from indexes.models import Index, IndexState
from keyring.local import LocalKeyring
from kit.environment import environment
from tests.support.dataplane import DataPlane


@contextmanager
def running_node() -> Iterator[DataPlane]:
    """Engine and front on the sockets that the control plane dials; needs the `database`."""
    here = environment()
    here.run_dir.mkdir(mode=0o700, exist_ok=True)
    plane = DataPlane(
        here.run_dir,
        owner_url="",
        system_url=here.database_system_url.get_secret_value(),
        keyring=LocalKeyring(here.keyring_dir),
        settings={
            "STONEPINE_KEYRING_DIR": str(here.keyring_dir),
            "OBJECT_STORE_URL": here.object_store_url,
            "STONEPINE_USAGE_REPORT_S": "60",
        },
    )
    try:
        plane.start()
        yield plane
    finally:
        plane.close()
        for socket in here.run_dir.glob("*.sock"):
            socket.unlink()


def bring_up(index: Index) -> None:
    """Have the node serve it, as the worker that deploys it would."""
    place(index)
    Index.objects.using("system").filter(pk=index.pk).update(state=IndexState.READY)
