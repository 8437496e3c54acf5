"""What only the write log refuses."""

from kit.errors import Unavailable


class Fenced(Unavailable):
    """Another engine holds the index's lease now: nothing of this writer is kept any more."""

    def __init__(self) -> None:
        super().__init__("The index is served elsewhere now: try again.", retry_after_s=1)
