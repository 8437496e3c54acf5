"""How states of indexes, backups and jobs look: the same word in the API, the pill, the log."""

from django import template

register = template.Library()

_TONES = {
    "Ready": "good",
    "Completed": "good",
    "Passed": "good",
    "Initializing": "busy",
    "Pending": "busy",
    "InProgress": "busy",
    "Scaling": "busy",
    "ScalingUp": "busy",
    "ScalingDown": "busy",
    "Terminating": "warn",
    "Cancelled": "warn",
    "InitializationFailed": "bad",
    "Failed": "bad",
    "Damaged": "bad",
}


@register.filter
def tone(state: str) -> str:
    """The class of a state's pill."""
    return _TONES.get(state, "")
