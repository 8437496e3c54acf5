"""What a call tries to do once it is past the gate, and the event that it leaves when refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from dataplane.engine import messages
from dataplane.front.call import Call
from dataplane.front.confinement import confined
from dataplane.front.gate import Admission
from dataplane.front.operations import Operation
from kit.errors import InvalidArgument, PermissionDenied, StonepineError, Unavailable
from kit.legible import legible
from storage.events import DataPlaneEvent

_MAX_REASON = 1000


@dataclass(slots=True)
class Attempt:
    """One per call. `action` is the act's name for the audit log, "" where it is none of its."""

    call: Call
    admission: Admission
    operation: Operation
    action: str = ""
    _denial: PermissionDenied | None = None

    def begin(self) -> None:
        """Require the right. Where only the form tells which act it is, the denial comes later."""
        self.call.index, self.call.operation = self.admission.index, self.operation.name
        try:
            self.admission.require(self.operation.permission)
        except PermissionDenied as denial:
            if self.operation.action is None:
                raise
            self._denial = denial

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While the form is read, which may be refused: a denial goes before that."""
        try:
            yield
        except StonepineError:
            if self._denial is not None:
                raise self._denial from None
            raise

    def request(self, form: Any) -> messages.Request:
        """What the engine is asked."""
        is_by_hand = self.admission.credential.bearer is not None
        self.action = self.operation.act_of(form, is_by_hand=is_by_hand)
        if self._denial is not None:
            raise self._denial
        request = self.operation.check(form, self.call.target(self.admission))
        self.call.namespace = request.namespace
        reach = self.admission.credential.actor.reach
        request = confined(request, reach, is_write=self.operation.is_write)
        if not self.action:
            return request
        return msgspec.structs.replace(request, origin=self.call.origin(self.admission))

    def refusal(self, error: StonepineError) -> DataPlaneEvent | None:
        """The event of the refused act."""
        return refusal_event(self.call, self.admission, self.action, error)


def refusal_event(
    call: Call, admission: Admission, action: str, error: StonepineError
) -> DataPlaneEvent | None:
    """The event of an act that was refused. None where a part was down: whether the act happened
    is unknown then, and if it did, it has left its event."""
    if not action or isinstance(error, Unavailable):
        return None
    return DataPlaneEvent(
        index_id=admission.index.index_id,
        origin=call.origin(admission),
        action=action,
        outcome="denied" if isinstance(error, PermissionDenied) else "failure",
        reason=_reason(error),
        error_code=str(error.code),
    )


def _reason(error: StonepineError) -> str:
    """In the words that the caller read, unless they may quote what is sealed elsewhere."""
    if isinstance(error, InvalidArgument):
        return "The request was not valid."
    return legible(error.message, limit=_MAX_REASON)
