"""How long operations took and how they ended, per index, until it is reported."""

import threading

from dataplane.front.call import Call
from kit import clock
from kit.errors import ErrorCode
from kit.histograms import bucket
from storage.activity import Activity, Subject


class Stopwatch:
    """In memory, from any thread. A call counts once it is known what it is about: not before a
    key was accepted for the index."""

    def __init__(self) -> None:
        self._activities: dict[Subject, Activity] = {}
        # The short way to them: by operation, then by index.
        self._found: dict[str, dict[int, Activity]] = {}
        self._lock = threading.Lock()

    def note(self, call: Call, code: ErrorCode | None = None) -> None:
        """The call has come to its end; with a code, to a refusal."""
        index = call.index
        if index is None:
            return
        took_us = (clock.monotonic_s() - call.started_s) * 1e6
        with self._lock:
            activity = self._found.get(call.operation, _NONE).get(index.index_id.int)
            if activity is None:
                activity = self._new(Subject(index.org_id, index.index_id, call.operation))
            activity.requests += 1
            if code is None:
                activity.took_us += int(took_us)
                number = bucket(took_us)
                activity.histogram[number] = activity.histogram.get(number, 0) + 1
            else:
                activity.errors[code] = activity.errors.get(code, 0) + 1

    def take(self) -> dict[Subject, Activity]:
        """What was noted since it was last taken."""
        with self._lock:
            taken, self._activities, self._found = self._activities, {}, {}
        return taken

    def _new(self, subject: Subject) -> Activity:
        activity = Activity()
        self._activities[subject] = activity
        self._found.setdefault(subject.operation, {})[subject.index_id.int] = activity
        return activity


_NONE: dict[int, Activity] = {}
