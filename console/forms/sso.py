"""Single sign-on: finding one's identity provider, and the steps of its set-up."""

from console.forms.accounts import _address
from console.forms.base import ConsoleForm


class DiscoveryForm(ConsoleForm):
    """The address whose domain tells where to go."""

    email = _address(autofocus=True)
