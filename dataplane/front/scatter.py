"""One query over several engines, each of which searches its share: asking and putting together."""

from collections.abc import Sequence
from heapq import merge
from itertools import islice

import msgspec

from dataplane.engine import messages
from dataplane.engine.replies import MAX_QUERY_BYTES, byte_count
from storage.catalog import IndexRow

_NEAR_IS_LOW = "euclidean"


def shares_of(request: messages.Query, count: int) -> list[messages.Query]:
    """The request for each of so many engines."""
    return [
        msgspec.structs.replace(request, share=messages.Share(number, count))
        for number in range(count)
    ]


def gathered(
    index: IndexRow, request: messages.Query, replies: Sequence[object]
) -> messages.Matches | None:
    """The answer; None where the shares do not make one, so that a single engine has to be asked:
    one is missing, they are of different states, or what they hold is too large to be sent."""
    found = [reply for reply in replies if isinstance(reply, messages.Matches)]
    states = {(reply.max_indexed_lsn, reply.stamp) for reply in found}
    if len(found) < len(replies) or len(states) != 1:
        return None
    sign = 1 if index.metric == _NEAR_IS_LOW else -1
    rows = [reply.matches for reply in found]
    # As one engine orders them: by score, and equal scores by id.
    best = list(islice(merge(*rows, key=lambda row: (sign * row.score, row.id)), request.top_k))
    if sum(map(byte_count, best)) > MAX_QUERY_BYTES:
        return None
    return messages.Matches(
        matches=best,
        read_units=max(reply.read_units for reply in found),
        max_indexed_lsn=found[0].max_indexed_lsn,
        path=" + ".join(reply.path for reply in found if reply.path),
    )
