"""What an organization's own state refuses."""

from kit.errors import Forbidden


class OutsideNetworks(Forbidden):
    """The organization lets its people in from its own networks only."""


class OrganizationSuspended(Forbidden):
    """The operator has suspended the organization: nobody but the operator gets in."""
