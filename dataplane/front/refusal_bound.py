"""How many refused acts of one key or person are kept: the log is for good, so nobody fills it."""

import threading
from typing import NamedTuple

from kit import clock
from kit.errors import ResourceExhausted

# As on the control plane (`orgs.refusals`): one a second, with room for a row of them.
MOST_REFUSALS = 300
WINDOW_S = 300
_MOST_KEYS = 10_000


class TooManyRefusals(ResourceExhausted):
    """`is_first`: one of a window is worth an event, thousands are not."""

    def __init__(self, *, retry_after_s: int, is_first: bool) -> None:
        super().__init__(
            "Too many attempts: wait 5 minutes, then try again.", retry_after_s=retry_after_s
        )
        self.is_first = is_first


class _Window(NamedTuple):
    until_s: float
    refused: int


class RefusalBound:
    """In memory of one front, from any thread."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def require_room(self, principal: str) -> None:
        """Count one refusal; raise `TooManyRefusals` past the bound."""
        now_s = clock.monotonic_s()
        with self._lock:
            window = self._windows.get(principal)
            if window is None or window.until_s <= now_s:
                self._forget_ended(now_s)
                window = _Window(now_s + WINDOW_S, 0)
            window = self._windows[principal] = window._replace(refused=window.refused + 1)
        if window.refused > MOST_REFUSALS:
            raise TooManyRefusals(
                retry_after_s=max(1, round(window.until_s - now_s)),
                is_first=window.refused == MOST_REFUSALS + 1,
            )

    def _forget_ended(self, now_s: float) -> None:
        if len(self._windows) >= _MOST_KEYS:
            living = self._windows.items()
            self._windows = {key: one for key, one in living if one.until_s > now_s}
