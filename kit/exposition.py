"""Prometheus' text format: families of samples, each with its name, kind and labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kit.histograms import Histogram, count_within

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Upper ends in seconds of what a histogram of durations tells.
BOUNDS_S = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip

Labels = Mapping[str, str]


@dataclass(slots=True)
class Family:
    """Samples of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    lines: list[str] = field(default_factory=list)

    def add(self, value: float, labels: Labels) -> None:
        self.lines.append(_line(self.name, value, labels))

    def add_durations(self, took: Histogram, *, total_us: int, labels: Labels) -> None:
        """Samples of a histogram in seconds."""
        count = sum(took.values())
        for bound in BOUNDS_S:
            within = count_within(took, bound * 1e6)
            self.lines.append(_line(f"{self.name}_bucket", within, {**labels, "le": f"{bound:g}"}))
        self.lines.append(_line(f"{self.name}_bucket", count, {**labels, "le": "+Inf"}))
        self.lines.append(_line(f"{self.name}_sum", total_us / 1e6, labels))
        self.lines.append(_line(f"{self.name}_count", count, labels))


def exposition(families: Iterable[Family]) -> str:
    """The whole reply; a family without samples is left out."""
    lines = []
    for family in families:
        if family.lines:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
            lines += family.lines
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, value: float, labels: Labels) -> str:
    given = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{given}}} {value:.15g}" if given else f"{name} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
