"""The states of a control."""

from enum import StrEnum


class State(StrEnum):
    """`NEEDS_WORK` stands first; `CHOICE` is neither better nor worse, but has to be known."""

    NEEDS_WORK = "needs work"
    CHOICE = "as chosen"
    MET = "met"
