"""Icons, initials, relative times, and what the base layout asks of a request."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.assets import MODULES, STYLESHEETS
from console.calls import call_of
from console.errors import words_of
from console.index_page import about
from console.operator_page import operating
from console.places import place_url
from console.theme import chosen_theme
from console.vendor import ICONS
from indexes.models import Index
from kit import clock

register = template.Library()

_SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"
_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"))


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite, hidden from assistive technology: the text beside it speaks."""
    if name not in ICONS:
        raise template.TemplateSyntaxError(f"there is no icon {name!r} in console.vendor.ICONS")
    return format_html(
        '<svg class="ic {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        css,
        staticfiles_storage.url(_SPRITE),
        name,
    )


@register.filter
def initials(name: str) -> str:
    """Two letters that stand for a name: of its first two words, or its first two letters."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    letters = words[0][0] + words[1][0] if len(words) > 1 else (words[0][:2] if words else "?")
    return letters.upper()


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A `<time>`: relative to read, absolute in UTC on hover."""
    if moment is None:
        return "never"
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(timespec="seconds"),
        moment.strftime("%-d %b %Y, %H:%M:%S"),
        relative(moment, clock.now()),
    )


def relative(moment: datetime, now: datetime) -> str:
    """`2 minutes ago`, `in 3 days`, `just now`."""
    amount = abs((now - moment).total_seconds())
    if amount < _STEPS[0][0]:
        return "just now"
    unit = "year"
    for size, name in _STEPS:
        if amount < size:
            unit = name
            break
        amount /= size
    count = int(amount)
    words = f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{words} ago" if moment <= now else f"in {words}"


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The chosen theme, or nothing."""
    return chosen_theme(context["request"]) or ""


@register.simple_tag(takes_context=True)
def operates(context: Context) -> bool:
    """Whether the operator's pages are open to whoever is looking."""
    return operating(context["request"]) is not None


@register.simple_tag(takes_context=True, name="place_url")
def url_at_place(context: Context, page: str, *args: Any) -> str:
    """The page's address at the project that is visited, or at the organization."""
    return place_url(context["visit"], page, *args)


@register.inclusion_tag("components/same_call.html", takes_context=True)
def same_call(context: Context) -> dict[str, Any]:
    """The call that does what the page's form does, where there is one."""
    index = context.get("index")
    address = about(index)["address"] if isinstance(index, Index) else ""
    return {"snippets": call_of(context["request"], context.get("visit"), address)}


@register.simple_tag(takes_context=True)
def request_id(context: Context) -> str:
    return str(context["request"].META.get("stonepine.request_id", ""))


@register.simple_tag(takes_context=True)
def status_page(context: Context, status: int) -> SafeString:
    """The whole page of a status: for Django's own error templates, which get no context."""
    return render_to_string(
        "errors/page.html", {"status": status, "words": words_of(status)}, context["request"]
    )


@register.simple_tag
def stylesheets() -> tuple[str, ...]:
    return STYLESHEETS


@register.simple_tag
def modules() -> tuple[str, ...]:
    return MODULES
