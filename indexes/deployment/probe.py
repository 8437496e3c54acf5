"""Trying an index through its public door: a write that is rolled back, and a read.

Where gateways are on other machines, the node is tried, and the gateways have said that they lead
to it.
"""

import http.client
import ssl
import threading
from contextlib import closing

from django.db import connections
from django.db.models.functions import Now

from access import probes
from gateway.routes import INDEX_HEADER
from gateway.settings import GatewaySettings
from gateway.tls import read_chain
from indexes.addresses import host_of, local_door
from indexes.models import Index
from indexes.part_models import Part
from indexes.reaching import connection_to
from kit import clock
from kit.environment import environment
from kit.parts import PartKind
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
    version = _version() if environment().has_parts else None
    while not (_is_led_to(version) and _answers(index)):
        if clock.monotonic_s() > deadline:
            return False
        pause.wait(_EVERY_S)
    return True


def _version() -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT version FROM dataplane_version")
        return int(cursor.fetchone()[0])


def _is_led_to(version: int | None) -> bool:
    """Whether every gateway that lives has heard of that version; the only machine's is asked."""
    if version is None:
        return True
    gateways = Part.objects.using("system").filter(kind=PartKind.GATEWAY)
    behind = gateways.filter(lease_ends_at__gte=Now(), heard_version__lt=version)
    return not behind.exists()


def _answers(index: Index) -> bool:
    token = probes.mint(installation_keyring().derive("probe"), index.pk)
    headers = {"Authorization": f"{probes.SCHEME} {token}"}
    try:
        # No certificate, or one that is just being replaced, is an OSError, too.
        with closing(_connection_to(index)) as connection:
            if environment().has_parts:
                connection.request("POST", _PATH, headers=headers | {INDEX_HEADER: str(index.pk)})
            else:
                authority = host_of(index).rpartition("://")[2].split("/", 1)[0]
                path = local_door(index)[2] + _PATH
                connection.request("POST", path, headers=headers | {"Host": authority})
            return connection.getresponse().status == _HTTP_OK
    except (OSError, http.client.HTTPException):
        return False


def _connection_to(index: Index) -> http.client.HTTPConnection:
    if environment().has_parts:
        return connection_to(index, timeout_s=_CALL_TIMEOUT_S)
    host, port, _ = local_door(index)
    return _gateway(host, port)


def _gateway(host: str, port: int) -> http.client.HTTPConnection:
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
