"""An engine that follows an index, as the index's writer sees it."""

from dataclasses import dataclass
from typing import TypeAlias

from dataplane.engine import messages


@dataclass(slots=True, eq=False)
class Follower:
    """Everything sent to it is numbered; `known` is the last that it has carried out.

    It may answer reads until `may_serve_until_s`. One that is not wanted is to let go of the index.
    """

    engine: int
    is_wanted: bool
    may_serve_until_s: float
    is_joining: bool = False
    is_following: bool = False
    sent: int = 0
    known: int = 0
    again_at_s: float = 0.0
    _sent_a_round_ago: int = 0

    def may_serve(self, now_s: float) -> bool:
        return now_s < self.may_serve_until_s

    def is_sought(self, now_s: float) -> bool:
        """Whether something is to be asked of it."""
        return self.is_wanted or self.may_serve(now_s)

    def earns_grant(self) -> bool:
        """Once a round: whether it follows, and knows all that was sent before the last round."""
        is_timely = self.known >= self._sent_a_round_ago
        self._sent_a_round_ago = self.sent
        return self.is_following and is_timely

    def take(self, number: int, request: messages.Request, reply: messages.AnyReply | None) -> bool:
        """The reply to what was sent under that number; whether it changed who follows.

        Where no reply came, nobody knows whether it still serves: until its grant has run out.
        Whoever refuses a request does not serve any more.
        """
        if isinstance(request, messages.Follow):
            self.is_joining = False
        was_following = self.is_following
        if reply is None:
            self.is_following = False
        elif isinstance(reply, messages.Failure):
            self.is_following = False
            self.may_serve_until_s = 0.0
        else:
            self.known = max(self.known, number)
            if isinstance(request, messages.Follow):
                self.is_following = self.is_wanted
            elif isinstance(request, messages.Leave):
                self.may_serve_until_s = 0.0
        return was_following != self.is_following


# Followers, each with the number of what it has to know.
Marks: TypeAlias = tuple[tuple[Follower, int], ...]
