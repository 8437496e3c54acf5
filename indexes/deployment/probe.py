"""Trying an index through its public door: a write that is rolled back, and a read."""

import http.client
import threading

from access import probes
from indexes.addresses import host_of, local_door
from indexes.models import Index
from kit import clock
from orgs.secrets import installation_keyring

_PATH = "/.stonepine/probe"
_EVERY_S = 0.03
_CALL_TIMEOUT_S = 3.0
_HTTP_OK = 200


def serves_within(index: Index, timeout_s: float) -> bool:
    """Whether the index answers a probe before the time is over."""
    deadline = clock.monotonic_s() + timeout_s
    pause = threading.Event()
    while not _answers(index):
        if clock.monotonic_s() > deadline:
            return False
        pause.wait(_EVERY_S)
    return True


def _answers(index: Index) -> bool:
    host, port, prefix = local_door(index)
    token = probes.mint(installation_keyring().derive("probe"), index.pk)
    authority = host_of(index).removeprefix("http://").split("/", 1)[0]
    connection = http.client.HTTPConnection(host, port, timeout=_CALL_TIMEOUT_S)
    try:
        connection.request(
            "POST",
            prefix + _PATH,
            headers={"Authorization": f"{probes.SCHEME} {token}", "Host": authority},
        )
        return connection.getresponse().status == _HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
