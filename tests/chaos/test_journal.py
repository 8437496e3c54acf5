"""The oracle itself: it accepts what is allowed and catches every planted violation."""

import pytest

from tests.support.journal import Journal, Kind, State, Verdict, Write


@pytest.fixture
def journal() -> Journal:
    return Journal()


def acknowledged(journal: Journal, kind: Kind, *record_ids: str) -> Write:
    write = journal.begin(kind, record_ids)
    journal.acknowledged(write)
    return write


def left_open(journal: Journal, kind: Kind, *record_ids: str) -> Write:
    write = journal.begin(kind, record_ids)
    journal.indeterminate(write)
    return write


def both(write: Write) -> State:
    return (write.number, write.number)


def verdicts(journal: Journal, stored: dict[str, State]) -> list[Verdict]:
    return [violation.verdict for violation in journal.verify(stored)]


def test_the_last_acknowledged_state_is_accepted(journal: Journal) -> None:
    acknowledged(journal, Kind.UPSERT, "a")
    last = acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(last)}) == []


def test_a_missing_acknowledged_record_is_lost(journal: Journal) -> None:
    acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {}) == [Verdict.LOST]


def test_an_older_acknowledged_state_is_lost(journal: Journal) -> None:
    first = acknowledged(journal, Kind.UPSERT, "a")
    acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(first)}) == [Verdict.LOST]


def test_a_record_that_came_back_after_an_acknowledged_delete_is_lost(journal: Journal) -> None:
    first = acknowledged(journal, Kind.UPSERT, "a")
    acknowledged(journal, Kind.DELETE, "a")
    assert verdicts(journal, {"a": both(first)}) == [Verdict.LOST]


def test_a_lost_update_of_metadata_is_lost(journal: Journal) -> None:
    first = acknowledged(journal, Kind.UPSERT, "a")
    acknowledged(journal, Kind.SET_METADATA, "a")
    assert verdicts(journal, {"a": both(first)}) == [Verdict.LOST]


def test_an_update_merges_with_what_it_meets(journal: Journal) -> None:
    first = acknowledged(journal, Kind.UPSERT, "a")
    metadata = acknowledged(journal, Kind.SET_METADATA, "a")
    values = acknowledged(journal, Kind.SET_VALUES, "a")
    assert first.number < metadata.number
    assert verdicts(journal, {"a": (values.number, metadata.number)}) == []


def test_an_update_that_makes_a_record_is_a_phantom(journal: Journal) -> None:
    update = acknowledged(journal, Kind.SET_METADATA, "a")
    assert verdicts(journal, {"a": both(update)}) == [Verdict.PHANTOM]


def test_a_refused_write_that_is_stored_is_a_phantom(journal: Journal) -> None:
    refused = journal.begin(Kind.UPSERT, ["a"])
    journal.refused(refused)
    assert verdicts(journal, {"a": both(refused)}) == [Verdict.PHANTOM]


def test_a_record_that_nobody_wrote_is_a_phantom(journal: Journal) -> None:
    assert verdicts(journal, {"stranger": (7, 7)}) == [Verdict.PHANTOM]


def test_a_mixture_of_two_writes_is_a_phantom(journal: Journal) -> None:
    first = acknowledged(journal, Kind.UPSERT, "a")
    last = acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": (last.number, first.number)}) == [Verdict.PHANTOM]


@pytest.mark.parametrize("took_effect", [True, False])
def test_an_open_write_may_have_taken_effect_or_not(journal: Journal, took_effect: bool) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a")
    maybe = left_open(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(maybe if took_effect else before)}) == []


def test_an_open_write_may_not_undo_a_later_acknowledged_one(journal: Journal) -> None:
    maybe = left_open(journal, Kind.UPSERT, "a")
    acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(maybe)}) == [Verdict.LOST]


@pytest.mark.parametrize("took_effect", [True, False])
def test_an_open_batch_is_stored_whole_or_not_at_all(journal: Journal, took_effect: bool) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a", "b", "c")
    maybe = left_open(journal, Kind.UPSERT, "a", "b", "c")
    state = both(maybe if took_effect else before)
    assert verdicts(journal, dict.fromkeys("abc", state)) == []


def test_half_an_open_batch_is_partial(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a", "b")
    maybe = left_open(journal, Kind.UPSERT, "a", "b")
    assert verdicts(journal, {"a": both(maybe), "b": both(before)}) == [Verdict.PARTIAL]


def test_half_an_open_batch_of_deletes_is_partial(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a", "b")
    left_open(journal, Kind.DELETE, "a", "b")
    assert verdicts(journal, {"b": both(before)}) == [Verdict.PARTIAL]


def test_half_a_batch_shows_even_under_a_later_update(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a", "b")
    maybe = left_open(journal, Kind.UPSERT, "a", "b")
    update = acknowledged(journal, Kind.SET_METADATA, "a")
    stored = {"a": (maybe.number, update.number), "b": both(before)}
    assert verdicts(journal, stored) == [Verdict.PARTIAL]


def test_a_batch_member_that_was_overwritten_proves_nothing(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a", "b")
    left_open(journal, Kind.UPSERT, "a", "b")
    over = acknowledged(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(over), "b": both(before)}) == []


def test_half_an_acknowledged_batch_is_lost(journal: Journal) -> None:
    batch = acknowledged(journal, Kind.UPSERT, "a", "b")
    assert verdicts(journal, {"a": both(batch)}) == [Verdict.LOST]


def test_an_open_write_is_settled_by_a_verification(journal: Journal) -> None:
    maybe = left_open(journal, Kind.UPSERT, "a")
    assert verdicts(journal, {"a": both(maybe)}) == []
    assert verdicts(journal, {}) == [Verdict.LOST]


def test_a_read_may_show_a_write_that_is_under_way(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a")
    running = journal.begin(Kind.UPSERT, ["a"])
    mark = journal.mark(["a"])
    assert journal.check_read(mark, {"a": both(before)}) == []
    assert journal.check_read(mark, {"a": both(running)}) == []


def test_a_read_may_not_miss_what_was_acknowledged_before_it_began(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a")
    acknowledged(journal, Kind.UPSERT, "a")
    mark = journal.mark(["a"])
    stale = journal.check_read(mark, {"a": both(before)})
    assert [violation.verdict for violation in stale] == [Verdict.LOST]


def test_a_read_may_show_what_was_acknowledged_while_it_ran(journal: Journal) -> None:
    before = acknowledged(journal, Kind.UPSERT, "a")
    mark = journal.mark(["a"])
    after = acknowledged(journal, Kind.UPSERT, "a")
    assert journal.check_read(mark, {"a": both(before)}) == []
    assert journal.check_read(mark, {"a": both(after)}) == []


def test_two_writes_to_one_record_at_once_are_refused_by_the_oracle(journal: Journal) -> None:
    journal.begin(Kind.UPSERT, ["a"])
    with pytest.raises(ValueError, match="one writer"):
        journal.begin(Kind.DELETE, ["a"])
