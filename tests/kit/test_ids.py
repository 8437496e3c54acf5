"""Identifiers sort by the time they were made."""

from kit.ids import BASE62, new_id, random_base62


def test_ids_are_version_7_and_unique() -> None:
    made = {new_id() for _ in range(10_000)}
    assert len(made) == 10_000
    assert {identifier.version for identifier in made} == {7}
    assert {identifier.variant for identifier in made} == {"specified in RFC 4122"}


def test_later_ids_sort_after_earlier_ones_across_milliseconds() -> None:
    first = new_id()
    later = new_id()
    while later.int >> 80 == first.int >> 80:
        later = new_id()
    assert later > first


def test_random_text_has_the_asked_length_and_alphabet() -> None:
    text = random_base62(500)
    assert len(text) == 500
    assert set(text) <= set(BASE62)
    assert len(set(text)) > 50
