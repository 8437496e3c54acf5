"""Random programs of all operations on the engine and on brute force, without a difference."""

import sys
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from cli.embedded.postgres import EmbeddedPostgres
from dataplane.engine import coded_rows, layout, search
from tests.property.engine_subject import Bench, EngineSubject, bench_on
from tests.property.machine import IndexMachine, profile
from tests.support.campaign import Campaign
from tests.support.dataplane import prepared_data_plane

_PROGRAMS, _LENGTH, _AT_ONCE = 2_000, 100, 10


@pytest.fixture(scope="module")
def bench(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    with (
        prepared_data_plane(postgres_server, tmp_path_factory.mktemp("engine")) as plane,
        bench_on(plane) as bench,
        pytest.MonkeyPatch.context() as patch,
    ):
        # So that programs of some records have several memtables, trim them, scan codes, and
        # leave out what cannot be among the best.
        patch.setattr(layout, "_MEMTABLE_ROWS", 4)
        patch.setattr(layout, "_MEMTABLE_SLACK", 2)
        patch.setattr(coded_rows, "BLOCK_ROWS", 2)
        patch.setattr(search, "_FEW_ROWS", 1)
        patch.setattr(search, "_FEW_IN_ALL", 1)
        yield bench


def run_programs(bench: Bench, number: int, *, programs: int, length: int) -> None:
    class Machine(IndexMachine):
        subject_of = staticmethod(partial(EngineSubject, bench))

    run_state_machine_as_test(seed(number)(Machine), settings=profile(programs, length))


@pytest.mark.timeout(300)
def test_programs_answer_like_brute_force(bench: Bench) -> None:
    run_programs(bench, 3, programs=40, length=50)


@pytest.mark.nightly
@pytest.mark.timeout(0)
def test_two_thousand_programs(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = Campaign.resume("engine-programs", _PROGRAMS)
    run = partial(run_programs, bench, programs=_AT_ONCE, length=_LENGTH)
    for start in campaign.rest(_AT_ONCE):
        run(campaign.seed * _PROGRAMS + start)
    with capsys.disabled():
        sys.stdout.write(f"\n{campaign}\n")
