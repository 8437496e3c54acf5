"""Making an index what it is wished to be: observe, plan, apply; it may run at any time."""

from collections.abc import Callable
from uuid import UUID

import structlog
from django.db import transaction

from indexes.backup_queries import is_being_filled
from indexes.deployment.claims import claim
from indexes.deployment.listeners import is_published, publish_index
from indexes.deployment.notices import notify_state
from indexes.deployment.placement import is_placed, place
from indexes.deployment.planner import Desired, Observed, Step, plan
from indexes.deployment.probe import serves_within
from indexes.deployment.removal import drop_records, forget
from indexes.job_lines import note_step
from indexes.models import Index, IndexState
from indexes.specification import is_paused
from kit import clock
from kit.environment import environment
from kit.errors import Unavailable
from orgs.dataplane import announce_change

PROBE_TIMEOUT_S = 4.0
# A wish that changes meanwhile is seen in the next round; more rounds are the sweep's.
_MAX_ROUNDS = 3
_log = structlog.get_logger(__name__)


def reconcile(index_id: UUID, *, probe_timeout_s: float = PROBE_TIMEOUT_S) -> None:
    """Carry out what is left to do. Returns at once where another worker is on the same index.

    Raises `Unavailable` where the index does not answer yet; the sweep tries again.
    """
    with claim(index_id) as is_ours:
        if not is_ours:
            return
        for _ in range(_MAX_ROUNDS):
            index = _load(index_id)
            if index is None or _is_held_back(index):
                return
            steps = plan(_desired(index), _observed(index))
            if not steps:
                return
            _apply(index, steps, probe_timeout_s=probe_timeout_s)


def _apply(index: Index, steps: list[Step], *, probe_timeout_s: float) -> None:
    try:
        for step in steps:
            if step is Step.PROBE:
                _probe(index, timeout_s=probe_timeout_s)
            else:
                _ACTIONS[step](index)
            _note_done(index, step)
    except Exception as error:
        _note_failure(index, error)
        raise


def _note_done(index: Index, step: Step) -> None:
    if step in _TOLD:
        note_step(index.organization_id, index.pk, _TOLD[step])


def _probe(index: Index, *, timeout_s: float) -> None:
    if not serves_within(index, timeout_s):
        raise Unavailable("The index does not answer through its public host yet.")


def _mark_ready(index: Index) -> None:
    """Only the generation that was probed becomes ready; a newer wish starts over."""
    with transaction.atomic(using="system"):
        rows = Index.objects.using("system").filter(pk=index.pk, generation=index.generation)
        changed = rows.exclude(state=IndexState.TERMINATING).update(
            state=IndexState.READY,
            observed_generation=index.generation,
            ready_at=clock.now(),
            failure="",
        )
        if changed:
            notify_state(index.pk)
            announce_change(using="system")


def _publish(index: Index) -> None:
    publish_index(index.pk, is_wanted=True)


def _unpublish(index: Index) -> None:
    publish_index(index.pk, is_wanted=False)


_TOLD = {
    Step.PLACE: "It has its engines.",
    Step.PUBLISH: "The gateway leads to it.",
    Step.PROBE: "It answers through its public host.",
    Step.MARK_READY: "It is what was wished for.",
    Step.UNPUBLISH: "The gateway leads to it no longer.",
    Step.DROP_RECORDS: "Its records are gone.",
}
_ACTIONS: dict[Step, Callable[[Index], object]] = {
    Step.PLACE: place,
    Step.PUBLISH: _publish,
    Step.MARK_READY: _mark_ready,
    Step.UNPUBLISH: _unpublish,
    Step.DROP_RECORDS: drop_records,
    Step.FORGET: forget,
}


def _is_held_back(index: Index) -> bool:
    """What is still being filled, or could not be, is served to nobody; deleting it is possible."""
    if index.state == IndexState.INITIALIZATION_FAILED:
        return True
    return index.state == IndexState.INITIALIZING and is_being_filled(index.pk)


def _desired(index: Index) -> Desired:
    return Desired(
        is_wanted=index.state != IndexState.TERMINATING,
        generation=index.generation,
        is_paused=is_paused(index.spec),
    )


def _observed(index: Index) -> Observed:
    return Observed(
        is_placed=is_placed(index),
        # Without a port of its own the index is reached through the base listener; gateways on
        # other machines follow the rows.
        is_published=is_published(index.pk)
        if index.port is not None and not environment().has_parts
        else index.state != IndexState.TERMINATING,
        is_ready=index.is_ready,
        observed_generation=index.observed_generation,
    )


def _load(index_id: UUID) -> Index | None:
    rows = Index.objects.using("system").select_related("deployment__node")
    return rows.filter(pk=index_id).first()


def _note_failure(index: Index, error: Exception) -> None:
    """Say on the row what holds the index up; the sweep tries again."""
    message = str(error) if isinstance(error, Unavailable) else type(error).__name__
    _log.warning("index_not_converged", index_id=str(index.pk), error=message)
    Index.objects.using("system").filter(pk=index.pk).update(failure=message[:500])
    note_step(index.organization_id, index.pk, f"Not yet: {message}")
