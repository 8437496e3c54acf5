"""Counting guesses at secrets: per subject and place, per subject, per place."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from accounts.throttle import (
    Bounds,
    TooManyAttempts,
    counted_guess,
    forget_attempts,
    require_attempts_left,
    site_of,
)
from kit.errors import ResourceExhausted, Unauthenticated

FEW = Bounds(pair=3, subject=5, place=4)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def guess_wrong(subject: str, place: str, bounds: Bounds = FEW) -> None:
    with counted_guess("test", subject=subject, place=place, bounds=bounds):
        raise Unauthenticated("wrong")


def taken(guesses: list[tuple[str, str]]) -> int:
    """How many of the wrong guesses were looked at."""
    count = 0
    for subject, place in guesses:
        try:
            guess_wrong(subject, place)
        except Unauthenticated:
            count += 1
        except TooManyAttempts:
            continue
    return count


def test_attempts_are_counted_for_each_subject_apart() -> None:
    for _ in range(3):
        require_attempts_left("test", "alice", limit=3)
    with pytest.raises(ResourceExhausted):
        require_attempts_left("test", "alice", limit=3)
    require_attempts_left("test", "bob", limit=3)
    require_attempts_left("another", "alice", limit=3)


def test_one_place_guesses_little_at_one_account() -> None:
    assert taken([("alice", "192.0.2.1")] * 9) == 3
    assert taken([("bob", "192.0.2.1")]) == 1


def test_many_places_together_guess_little_at_one_account() -> None:
    assert taken([("alice", f"192.0.2.{number}") for number in range(50)]) == 5


def test_one_place_guesses_little_at_many_accounts() -> None:
    assert taken([(f"person-{number}", "192.0.2.1") for number in range(50)]) == 4


def test_addresses_of_one_ipv6_network_are_one_place() -> None:
    assert taken([("alice", f"2001:db8::{number:x}") for number in range(50)]) == 3
    assert site_of("::ffff:192.0.2.1") == site_of("192.0.2.1")
    assert site_of(None) == site_of("nonsense") == "local"


def test_who_knows_the_secret_is_not_slowed_down() -> None:
    for _ in range(20):
        with counted_guess("test", subject="alice", place="192.0.2.1", bounds=FEW):
            pass
    assert taken([("alice", "192.0.2.1")] * 9) == 3


def test_a_right_guess_does_not_wipe_out_wrong_ones() -> None:
    assert taken([("alice", "192.0.2.1")] * 2) == 2
    with counted_guess("test", subject="alice", place="192.0.2.1", bounds=FEW):
        pass
    assert taken([("alice", "192.0.2.1")] * 9) == 1


def test_the_first_refusal_is_told_from_the_rest() -> None:
    taken([("alice", "192.0.2.1")] * 3)
    for is_first in (True, False):
        with pytest.raises(TooManyAttempts) as refused:
            guess_wrong("alice", "192.0.2.1")
        assert refused.value.is_first is is_first


def test_a_replaced_secret_starts_anew() -> None:
    for _ in range(2):
        require_attempts_left("test", "alice", limit=2)
    forget_attempts("test", "alice")
    require_attempts_left("test", "alice", limit=2)


def test_a_wait_is_told_in_words() -> None:
    require_attempts_left("test", "alice", limit=1, window=timedelta(hours=1))
    with pytest.raises(TooManyAttempts, match="wait an hour") as refused:
        require_attempts_left("test", "alice", limit=1, window=timedelta(hours=1))
    assert refused.value.retry_after_s == 3600
