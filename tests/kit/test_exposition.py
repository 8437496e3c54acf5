"""What Prometheus reads: names, kinds, labels and values, each on its line."""

from kit.exposition import BOUNDS_S, Family, exposition
from kit.histograms import bucket


def test_a_family_has_its_head_and_its_samples() -> None:
    family = Family("things_total", "counter", "Things.")
    family.add(3, {"kind": 'a "b" \\ c'})
    family.add(2.5, {})
    silent = Family("nothing", "gauge", "Nothing.")
    assert exposition([family, silent]).splitlines() == [
        "# HELP things_total Things.",
        "# TYPE things_total counter",
        'things_total{kind="a \\"b\\" \\\\ c"} 3',
        "things_total 2.5",
    ]


def test_durations_are_cumulative_up_to_all_of_them() -> None:
    family = Family("took_seconds", "histogram", "Took.")
    took = {bucket(700): 2, bucket(40_000): 3, bucket(59e6): 1}
    family.add_durations(took, total_us=60_000_000, labels={"operation": "Query"})
    counts = [line.rpartition(" ")[2] for line in family.lines]
    assert counts[: len(BOUNDS_S)] == ["2", "2", "2", "2", "2", *["5"] * 9]
    assert family.lines[len(BOUNDS_S) :] == [
        'took_seconds_bucket{operation="Query",le="+Inf"} 6',
        'took_seconds_sum{operation="Query"} 60',
        'took_seconds_count{operation="Query"} 6',
    ]
