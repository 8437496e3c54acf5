"""Networks that a project is reached from, and that an organization lets its people in from."""

from typing import Any

from django import forms

from access.network_policy import NetworkPolicy, PrivateEndpoint
from console.forms.base import Advised, ConsoleForm
from console.forms.keys import LinesField
from kit.errors import FailedPrecondition, StonepineError

_ENDPOINTS = [
    ("off", Advised("Public only", "Clients are told of the public address.")),
    ("offered", Advised("Both", "Clients are told of the private address as well.")),
    ("required", Advised("Private only", "From anywhere else records cannot be reached: 401.")),
]


class NetworksForm(ConsoleForm):
    """What is empty lets everybody in. `is_forced` is shown once a list shuts its author out."""

    is_shut_out = False

    def refuse(self, error: StonepineError) -> None:
        self.is_shut_out = isinstance(error, FailedPrecondition) and "address" in error.fields
        super().refuse(error)


class OrganizationNetworksForm(NetworksForm):
    people = LinesField(
        label="People: only from these networks",
        help_text="Everything of the organization in the console. One per line.",
    )
    service_accounts = LinesField(
        label="Service accounts: only from these networks",
        help_text="The Admin API. API keys have networks of their own, and their project's.",
    )
    is_forced = forms.BooleanField(label="Save it although it shuts me out", required=False)


class ProjectNetworksForm(NetworksForm):
    data_plane = LinesField(
        label="Data plane: only from these networks",
        help_text="Reading and writing records. One per line, such as 203.0.113.0/24.",
    )
    control_plane = LinesField(
        label="Control plane: only from these networks",
        help_text="Creating, describing and deleting indexes with API keys. One per line.",
    )
    private_endpoint = forms.ChoiceField(
        label="Private endpoint", choices=_ENDPOINTS, widget=forms.RadioSelect
    )
    is_forced = forms.BooleanField(label="Save it although it shuts me out", required=False)

    def __init__(
        self, *args: Any, policy: NetworkPolicy, has_private_endpoint: bool, **kwargs: Any
    ) -> None:
        lists = {plane: getattr(policy, plane) for plane in ("data_plane", "control_plane")}
        initial = {plane: "\n".join(map(str, networks)) for plane, networks in lists.items()}
        endpoint = policy.private_endpoint
        super().__init__(*args, initial={**initial, "private_endpoint": str(endpoint)}, **kwargs)
        if not has_private_endpoint and endpoint is PrivateEndpoint.OFF:
            del self.fields["private_endpoint"]

    @property
    def wish(self) -> dict[str, Any]:
        """As the verb takes it; only of a form without errors."""
        return self.cleaned_data
