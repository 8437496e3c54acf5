"""How the states of an index look: the same word in the API, the pill and the audit log."""

from django import template

register = template.Library()

_TONES = {
    "Ready": "good",
    "Initializing": "busy",
    "ScalingUp": "busy",
    "ScalingDown": "busy",
    "Terminating": "warn",
    "InitializationFailed": "bad",
}


@register.filter
def tone(state: str) -> str:
    """The class of a state's pill."""
    return _TONES.get(state, "")
