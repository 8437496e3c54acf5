"""API keys as people choose them: everything, or one reach for each plane."""

from collections.abc import Iterable
from enum import StrEnum

from access.permissions import Role


class Reach(StrEnum):
    """How far a key gets on one plane."""

    READ_WRITE = "read_write"
    READ_ONLY = "read_only"
    NONE = "none"


CONTROL_PLANE: dict[Reach, Role | None] = {
    Reach.READ_WRITE: Role.CONTROL_PLANE_EDITOR,
    Reach.READ_ONLY: Role.CONTROL_PLANE_VIEWER,
    Reach.NONE: None,
}
DATA_PLANE: dict[Reach, Role | None] = {
    Reach.READ_WRITE: Role.DATA_PLANE_EDITOR,
    Reach.READ_ONLY: Role.DATA_PLANE_VIEWER,
    Reach.NONE: None,
}
REACH_LABELS = {
    Reach.READ_WRITE: "Read and write",
    Reach.READ_ONLY: "Read only",
    Reach.NONE: "None",
}
_SHORT = {Reach.READ_WRITE: "read/write", Reach.READ_ONLY: "read only", Reach.NONE: "none"}
# Both planes at once.
_WHOLE = {Role.PROJECT_EDITOR: Reach.READ_WRITE, Role.PROJECT_VIEWER: Reach.READ_ONLY}


def roles_for(control_plane: Reach, data_plane: Reach) -> list[Role]:
    """The roles of a custom key; empty where it could do nothing."""
    chosen = (CONTROL_PLANE[control_plane], DATA_PLANE[data_plane])
    return [role for role in chosen if role is not None]


def described(roles: Iterable[Role]) -> str:
    """What a key may do, in words: `All`, or the reach on each plane."""
    held = set(roles)
    if Role.PROJECT_EDITOR in held:
        return "All"
    return (
        f"Control {_SHORT[_reach(held, CONTROL_PLANE)]} · Data {_SHORT[_reach(held, DATA_PLANE)]}"
    )


def role_names() -> dict[str, str]:
    """For the form: which role each choice stands for."""
    names = {"all": str(Role.PROJECT_EDITOR)}
    for plane, table in (("control_plane", CONTROL_PLANE), ("data_plane", DATA_PLANE)):
        names |= {f"{plane}:{reach}": str(role or "") for reach, role in table.items()}
    return names


def _reach(held: set[Role], plane: dict[Reach, Role | None]) -> Reach:
    for reach in (Reach.READ_WRITE, Reach.READ_ONLY):
        if plane[reach] in held or any(_WHOLE.get(role) is reach for role in held):
            return reach
    return Reach.NONE
