"""Dividing the parts of a namespace among engines that all hold it, for one query in several.

Engines whose namespaces stand at the same row of the log and at the same manifest hold every record
in the same part, so they divide alike without a word. Replies tell where each stood.
"""

from collections.abc import Sequence

from dataplane.engine.messages import Share
from dataplane.engine.part import Part
from dataplane.engine.segment import Segment


def parts_of(parts: Sequence[Part], share: Share | None) -> list[Part]:
    """Those that a share of a query searches; all of them for a whole query.

    The largest segments are given out first, each to whom has the fewest rows; the memtable goes to
    whom has the fewest then. What has no live record is on some engines only, and is left out.
    """
    if share is None:
        return list(parts)
    segments = [part for part in parts if isinstance(part, Segment) and part.live_count]
    others = [part for part in parts if not isinstance(part, Segment)]
    segments.sort(key=lambda segment: (-segment.row_count, segment.segment_id))
    rows = [0] * share.count
    chosen: list[Part] = []
    for segment in segments:
        least = rows.index(min(rows))
        rows[least] += segment.row_count
        if least == share.number:
            chosen.append(segment)
    if rows.index(min(rows)) == share.number:
        chosen += others
    return chosen
