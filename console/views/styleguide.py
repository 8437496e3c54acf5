"""Every component on one page, for those who build pages; only where debugging is on."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.errors import error_page
from console.forms.base import ConsoleForm
from console.forms.keys import KeyForm
from console.presets import METRICS
from console.snippets import exports, snippets
from console.vendor import ICONS
from kit.errors import NotFound


class SampleForm(ConsoleForm):
    """One control of each kind."""

    text = forms.CharField(label="Text", help_text="A hint below the control.")
    wrong = forms.CharField(label="With an error", max_length=5)
    choice = forms.ChoiceField(label="Select", choices=[("a", "First"), ("b", "Second")])
    metric = forms.ChoiceField(label="Metric", choices=METRICS, widget=forms.RadioSelect)
    check = forms.BooleanField(label="Check", required=False, help_text="And what it means.")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        return error_page(request, NotFound("The style guide is open only while debugging."))
    form = SampleForm({"text": "Some text", "wrong": "Too long", "metric": "cosine"})
    context = {
        "form": form,
        "key_form": KeyForm(),
        "icons": ICONS,
        "tones": ["good", "busy", "warn", "bad", ""],
        "exports": exports("pcsk_…"),
        "code": snippets("quickstart"),
        "tabs": [
            {"label": "Overview", "url": "#", "is_current": True},
            {"label": "Configuration", "url": "#", "is_current": False},
        ],
    }
    return render(request, "styleguide/page.html", context)
