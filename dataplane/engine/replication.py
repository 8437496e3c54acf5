"""The writer's side of replicas: who follows an index, and when a write is known to all of them.

A follower may answer reads while it holds a grant of the writer, for a second at most from when
that was sent; grants are renewed four times a second. Rows and grants of an index are carried out
in the order in which they are sent, so whoever holds a grant has applied every row before it. An
acknowledgement waits for each follower that may hold one, until it has applied the row or its
grant has run out. Times are of the machine's monotonic clock, which all its processes share.
"""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import structlog

from dataplane.engine import messages
from dataplane.engine.followers import Follower
from dataplane.engine.open_index import OpenIndex
from dataplane.engine.peers import Peer
from kit import clock
from storage.shared_segments import Location

GRANT_S = 1.0
_RENEW_EVERY_S = 0.25
_AGAIN_AFTER_S = 0.25

_log = structlog.get_logger()


class Replication:
    """A source of the loop, without a socket of its own; `peers` are the other engines' lines."""

    wants_write = False

    def __init__(self, peers: Mapping[int, Peer]) -> None:
        self._peers = peers
        self._indexes: set[OpenIndex] = set()
        self._unconfirmed: set[OpenIndex] = set()
        self._renew_at_s = 0.0
        for engine, peer in peers.items():
            peer.on_lost = partial(self._note_loss, engine)

    def fileno(self) -> int:
        return -1

    def wait_s(self) -> float | None:
        if not self._indexes:
            return None
        now = clock.monotonic_s()
        times = [self._renew_at_s]
        for index in self._unconfirmed:
            times += [one.may_serve_until_s for one in index.followers if one.may_serve(now)]
        return max(0.0, min(times) - now)

    def on_ready(self) -> None:
        now = clock.monotonic_s()
        if now >= self._renew_at_s:
            self._renew_at_s = now + _RENEW_EVERY_S
            for index in list(self._indexes):
                self._seek(index)
            self._renew(now)
        for index in list(self._unconfirmed):
            self._confirm_what_is_known(index)

    def begin(self, index: OpenIndex) -> None:
        """The index was opened for writing: win its followers, and let others let go of it."""
        until_s = clock.monotonic_s() + GRANT_S
        wanted = index.engines[1:]
        for engine in sorted({*wanted, *index.former_engines} & self._peers.keys()):
            is_former = engine in index.former_engines
            follower = Follower(engine, engine in wanted, until_s if is_former else 0.0)
            index.followers.append(follower)
        if index.followers:
            self._indexes.add(index)
            self._seek(index)

    def end(self, index: OpenIndex) -> None:
        """The index was closed: grants are not renewed. Acknowledgements still wait for them."""
        for follower in index.followers:
            follower.is_wanted = False
            if follower.is_following:
                self._ask_to_leave(index, follower)
        if not index.unconfirmed:
            self._indexes.discard(index)

    def publish(self, index: OpenIndex, request: messages.Request) -> None:
        """A change that is durable and applied here, to all that follow."""
        for follower in index.followers:
            if follower.is_following or follower.is_joining:
                self._send(index, follower, request)

    def confirm(self, index: OpenIndex, act: Callable[[], None]) -> None:
        """Do it as soon as everything published is known wherever the index may be read."""
        if not index.followers:
            act()
            return
        marks = tuple((follower, max(follower.sent, 1)) for follower in index.followers)
        index.unconfirmed.append((marks, act))
        self._unconfirmed.add(index)
        self._confirm_what_is_known(index)

    def _confirm_what_is_known(self, index: OpenIndex) -> None:
        now = clock.monotonic_s()
        while index.unconfirmed:
            marks, act = index.unconfirmed[0]
            if any(follower.may_serve(now) and follower.known < mark for follower, mark in marks):
                return
            index.unconfirmed.popleft()
            act()
        self._unconfirmed.discard(index)
        if not index.is_open:
            self._indexes.discard(index)

    def _seek(self, index: OpenIndex) -> None:
        """Ask those that do not follow to do so, and those that are to let go to leave."""
        now = clock.monotonic_s()
        for follower in index.followers:
            is_due = now >= follower.again_at_s and not follower.is_joining
            if not is_due or follower.is_following or not follower.is_sought(now):
                continue
            follower.again_at_s = now + _AGAIN_AFTER_S
            try:
                if not self._peers[follower.engine].connect():
                    follower.may_serve_until_s = 0.0
                    continue
            except BlockingIOError:
                continue
            if follower.is_wanted:
                follower.is_joining = True
                self._send(index, follower, _follow(index))
            else:
                self._ask_to_leave(index, follower)

    def _ask_to_leave(self, index: OpenIndex, follower: Follower) -> None:
        follower.is_following = False
        self._send(index, follower, messages.Leave(index_id=index.index_id, epoch=index.epoch))

    def _send(self, index: OpenIndex, follower: Follower, request: messages.Request) -> None:
        follower.sent += 1
        number = follower.sent

        def then(reply: messages.AnyReply | None) -> None:
            if follower.take(number, request, reply):
                _log.info(
                    "replica.changed",
                    index_id=str(index.index_id),
                    engine=follower.engine,
                    is_following=follower.is_following,
                )
            self._confirm_what_is_known(index)

        self._peers[follower.engine].ask(request, then)

    def _note_loss(self, engine: int) -> None:
        """Whether it still serves is found out by seeking it; until then its grants count."""
        for index in self._indexes:
            for follower in index.followers:
                if follower.engine == engine:
                    follower.is_following = follower.is_joining = False

    def _renew(self, now: float) -> None:
        """Whoever is behind by more than a round gets no grant until it has caught up."""
        until_s = now + GRANT_S
        for index in list(self._indexes):
            # For this index alone: what is for others takes turns with its rows over there.
            renew = messages.Renew(index_id=index.index_id, epoch=index.epoch, until_s=until_s)
            for follower in index.followers:
                if index.is_open and follower.earns_grant():
                    follower.may_serve_until_s = until_s
                    self._peers[follower.engine].ask(renew, lambda _reply: None)


def _follow(index: OpenIndex) -> messages.Follow:
    segments: dict[UUID, Location] = {}
    for space in index.existing():
        segments |= space.memory.shared_segments()
    return messages.Follow(index_id=index.index_id, epoch=index.epoch, segments=segments)
