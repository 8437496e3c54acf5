"""What an organization's own state refuses."""

from kit.errors import Forbidden


class OrganizationSuspended(Forbidden):
    """The operator has suspended the organization: nobody but the operator gets in."""
