"""Pagination tokens survive the way to the client and back, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidArgument
from protocol.pagination import mint_token, read_token


@given(st.text(min_size=1, max_size=512))
def test_a_token_gives_back_what_it_was_made_of(after: str) -> None:
    if len(mint_token(after)) <= 1024:
        assert read_token(mint_token(after)) == after


@pytest.mark.parametrize("token", ["x", "AA", "é", "!!!!", "A" * 2000, "AQ", "Af8"])
def test_a_stray_string_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument, match="paginationToken is not valid"):
        read_token(token)


def test_no_token_means_the_first_page() -> None:
    assert read_token(None) is None
    assert read_token("") is None
