"""The log keeps every refusal of ordinary work, and not those of a principal who hammers."""

import pytest
from django.core.cache import cache

from accounts.throttle import TooManyAttempts
from audit.models import Event, Outcome
from kit.errors import PermissionDenied
from orgs.profiles import change_profile
from projects.projects import create_project
from tests.support.world import World


def events() -> int:
    return Event.objects.using("system").count()


def deny(world: World) -> None:
    with pytest.raises(PermissionDenied):
        create_project(world.vera, world.organization, name="Denied")


def test_past_the_bound_one_event_tells_that_more_are_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgs.refusals.MOST_REFUSALS", 3)
    before = events()
    for _ in range(3):
        deny(world)
    assert events() == before + 3
    for _ in range(5):
        with pytest.raises(TooManyAttempts, match="wait 5 minutes") as refused:
            create_project(world.vera, world.organization, name="Denied")
        assert refused.value.retry_after_s == 300
    assert events() == before + 4
    last = Event.objects.using("system").order_by("-id")[0]
    assert (last.outcome, last.error_code) == (Outcome.FAILURE, "RESOURCE_EXHAUSTED")
    assert last.actor_name == "Vera"


def test_others_and_what_is_allowed_are_not_slowed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgs.refusals.MOST_REFUSALS", 1)
    for _ in range(2):
        with pytest.raises((PermissionDenied, TooManyAttempts)):
            create_project(world.bob, world.organization, name="Denied")
    deny(world)
    create_project(world.alice, world.organization, name="Allowed")


def test_a_new_window_keeps_refusals_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.refusals.MOST_REFUSALS", 1)
    deny(world)
    with pytest.raises(TooManyAttempts):
        create_project(world.vera, world.organization, name="Denied")
    cache.clear()
    deny(world)


def test_acts_on_accounts_are_bounded_like_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgs.refusals.MOST_REFUSALS", 1)
    before = events()
    for error in (PermissionDenied, TooManyAttempts, TooManyAttempts):
        with pytest.raises(error):
            change_profile(world.vera, world.people["alice"], name="Mine", theme="dark")
    assert events() == before + 2
