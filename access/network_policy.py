"""Where a project may be reached from: networks for each plane, and its private endpoint."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from access.networks import Network, is_within, parse_networks

# The gateway says through which endpoint a call came; never a client's to say.
ENDPOINT_HEADER = "x-stonepine-endpoint"
PRIVATE = "private"


class PrivateEndpoint(StrEnum):
    """Whether clients are told of it, and whether it is the only way to the project's indexes."""

    OFF = "off"
    OFFERED = "offered"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the gateway saw somebody, and at which endpoint."""

    address: str | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """No networks: from anywhere. An address that is not known lies in none."""

    data_plane: tuple[Network, ...] = ()
    control_plane: tuple[Network, ...] = ()
    private_endpoint: PrivateEndpoint = PrivateEndpoint.OFF

    @classmethod
    def of(
        cls,
        data_plane: Iterable[str] = (),
        control_plane: Iterable[str] = (),
        private_endpoint: str = PrivateEndpoint.OFF,
    ) -> "NetworkPolicy":
        """As rows have it. Raises `InvalidArgument` for what is no network."""
        return cls(
            parse_networks(data_plane),
            parse_networks(control_plane),
            PrivateEndpoint(private_endpoint),
        )

    def admits_to_data(self, caller: Caller) -> bool:
        if self.private_endpoint is PrivateEndpoint.REQUIRED and not caller.is_private:
            return False
        return admits(self.data_plane, caller.address)

    def admits_to_control(self, address: str | None) -> bool:
        return admits(self.control_plane, address)


def admits(networks: tuple[Network, ...], address: str | None) -> bool:
    return not networks or is_within(address, networks)


ANYWHERE = NetworkPolicy()
