"""What goes wrong on the way out; the texts are fit for whoever named the place."""

from kit.errors import Unavailable


class ExchangeFailed(Unavailable):
    """Nothing came of it: no answer, or none in time. The text quotes no answer."""


class AddressRefused(ExchangeFailed):
    """The name leads to an address that may not be reached."""
