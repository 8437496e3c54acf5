"""Every component on one page, for those who build pages; only where debugging is on."""

import numpy as np
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.errors import error_page
from console.forms.base import ConsoleForm
from console.forms.keys import KeyForm
from console.presets import METRICS
from console.record_map import RecordMap, map_of
from console.snippets import exports, snippets
from console.vendor import ICONS
from indexes.projection import Projection
from kit.errors import NotFound
from protocol.from_reply import Record


class SampleForm(ConsoleForm):
    """One control of each kind."""

    text = forms.CharField(label="Text", help_text="A hint below the control.")
    wrong = forms.CharField(label="With an error", max_length=5)
    choice = forms.ChoiceField(label="Select", choices=[("a", "First"), ("b", "Second")])
    metric = forms.ChoiceField(label="Metric", choices=METRICS, widget=forms.RadioSelect)
    check = forms.BooleanField(label="Check", required=False, help_text="And what it means.")


def _sample_map() -> RecordMap:
    """Six topics, each around a point of a circle."""
    topics = ("billing", "sign-in", "imports", "filters", "backups", "latency", "keys")
    records = [
        Record(f"article-{number:03}", metadata={"topic": topics[number % len(topics)]})
        for number in range(240)
    ]
    turns = np.arange(len(records)) % len(topics) * (2 * np.pi / len(topics))
    centres = np.stack([np.cos(turns), np.sin(turns)], axis=1) * 0.7
    places = centres + np.random.default_rng(3).normal(scale=0.09, size=centres.shape)
    return map_of(Projection(records, places, kept=0.34, looked_through=len(records)), "topic")


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
        "map": _sample_map(),
        "tabs": [
            {"label": "Overview", "url": "#", "is_current": True},
            {"label": "Configuration", "url": "#", "is_current": False},
        ],
    }
    return render(request, "styleguide/page.html", context)
