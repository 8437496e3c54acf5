"""What goes wrong on the way to a receiver."""


class DeliveryFailed(Exception):
    """The batch was not taken; it is sent again later. The text is fit for the stream's owner."""
