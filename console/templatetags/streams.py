"""What kinds of audit streams are called."""

from django import template

from audit.models import StreamKind

register = template.Library()

_LABELS = {StreamKind.HTTP: "HTTPS", StreamKind.SYSLOG: "Syslog", StreamKind.S3: "S3"}


@register.filter
def stream_kind(kind: str) -> str:
    return _LABELS[StreamKind(kind)]
