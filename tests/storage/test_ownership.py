"""Two installations at one object store: only the one that took it over last writes there."""

from pathlib import Path

import pytest

from kit.environment import environment
from kit.errors import AlreadyExists
from storage.database import Connection, connect
from storage.local_objects import LocalObjectStore
from storage.ownership import (
    StoreOfAnother,
    identity,
    open_own_store,
    require_owner,
    take_over,
)
from tests.support.together import together

FIRST, SECOND = "7000000000000000001/16385", "7000000000000000002/16385"


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path)


def test_a_store_that_is_nobodys_belongs_to_whoever_writes_first(store: LocalObjectStore) -> None:
    require_owner(store, FIRST)
    require_owner(store, FIRST)
    with pytest.raises(StoreOfAnother, match="belongs to another installation since 20"):
        require_owner(store, SECOND)
    assert len(list(store.list("owner/"))) == 1


def test_whoever_lost_it_is_refused_until_it_takes_it_back(store: LocalObjectStore) -> None:
    require_owner(store, FIRST)
    assert take_over(store, SECOND)
    assert not take_over(store, SECOND)
    require_owner(store, SECOND)
    with pytest.raises(StoreOfAnother):
        require_owner(store, FIRST)
    assert take_over(store, FIRST)
    require_owner(store, FIRST)
    assert len(list(store.list("owner/"))) == 3


def test_of_many_that_come_at_once_one_has_it(store: LocalObjectStore) -> None:
    def claim(number: int) -> bool:
        try:
            require_owner(store, f"{number}/1")
        except StoreOfAnother:
            return False
        return True

    assert together([lambda number=number: claim(number) for number in range(8)]).count(True) == 1

    def seize(number: int) -> bool:
        try:
            return take_over(store, f"{number}/2")
        except AlreadyExists:
            return False

    together([lambda number=number: seize(number) for number in range(8)])
    (winner,) = [number for number in range(8) if _has(store, f"{number}/2")]
    assert winner in range(8)


def _has(store: LocalObjectStore, installation: str) -> bool:
    try:
        require_owner(store, installation)
    except StoreOfAnother:
        return False
    return True


def test_a_marker_that_says_nothing_is_nobodys_permission(store: LocalObjectStore) -> None:
    store.put("owner/000000000001", [b"{}"])
    with pytest.raises(StoreOfAnother, match="does not say"):
        require_owner(store, FIRST)


def test_the_database_tells_who_one_is(control: Connection, tmp_path: Path) -> None:
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as another:
        assert identity(control) == identity(another)
    own = open_own_store(f"file://{tmp_path}", url)
    require_owner(own, identity(control))
    with pytest.raises(StoreOfAnother):
        require_owner(own, SECOND)
