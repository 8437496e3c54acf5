"""Trying an index through its public door: a write that is rolled back, and a read."""

import http.client
import ssl
import threading

from access import probes
from gateway.settings import GatewaySettings
from gateway.tls import read_chain
from indexes.addresses import host_of, local_door
from indexes.models import Index
from kit import clock
from kit.environment import environment
from orgs.secrets import installation_keyring

_PATH = "/.stonepine/probe"
_EVERY_S = 0.03
_CALL_TIMEOUT_S = 3.0
_HTTP_OK = 200
_END = "-----END CERTIFICATE-----"


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
    authority = host_of(index).rpartition("://")[2].split("/", 1)[0]
    try:
        connection = _connection(host, port)
    except (OSError, ssl.SSLError):  # no certificate, or one that is just being replaced
        return False
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


def _connection(host: str, port: int) -> http.client.HTTPConnection:
    """TLS where clients are told to use it; trusted is the certificate that the gateway shows.

    Its names are not compared: they are those that clients dial, and we come by the loopback.
    """
    here = environment()
    if here.advertised_scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=_CALL_TIMEOUT_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    shown = read_chain(GatewaySettings.of(here).certificate_file.read_bytes())
    context.load_verify_locations(cadata=shown.partition(_END)[0] + _END)
    return http.client.HTTPSConnection(host, port, timeout=_CALL_TIMEOUT_S, context=context)
