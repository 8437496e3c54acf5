"""What an index is called on the wire, and where the installation itself finds it."""

from access.network_policy import PrivateEndpoint
from indexes.models import Index
from kit.environment import Addressing, environment


def host_of(index: Index) -> str:
    """The `host` that clients are told. With a scheme where it is not TLS, as clients expect."""
    here = environment()
    match here.addressing:
        case Addressing.PATH:
            return f"{here.base_url}/i/{index.pk}"
        case Addressing.SUBDOMAIN:
            authority = f"{index.name}-{index.host_suffix}.svc.{here.index_domain}"
            return authority if here.advertised_scheme == "https" else f"http://{authority}"
        case Addressing.PORT:
            authority = f"{here.advertised_host}:{index.port}"
            return authority if here.advertised_scheme == "https" else f"http://{authority}"


def private_host_of(index: Index) -> str | None:
    """The same at the private endpoint; None where the installation or the project has none."""
    here = environment()
    if index.project.private_endpoint == PrivateEndpoint.OFF or not here.private_bind_host:
        return None
    port = here.port if index.port is None else index.port
    authority = f"{here.private_host}:{port + here.private_port_offset}"
    path = f"/i/{index.pk}" if index.port is None else ""
    is_bare = here.advertised_scheme == "https" and not path
    return authority if is_bare else f"{here.advertised_scheme}://{authority}{path}"


def local_door(index: Index) -> tuple[str, int, str]:
    """(host, port, path prefix) of the gateway as this machine reaches it: never remapped."""
    here = environment()
    host = "127.0.0.1" if here.bind_host in {"0.0.0.0", ""} else here.bind_host  # noqa: S104 - compared
    if index.port is not None:
        return host, index.port, ""
    return host, here.port, f"/i/{index.pk}"
