"""Backups, what is made of them, and the schedules that take them."""

from django import forms

from console.forms.base import ConsoleForm
from indexes.backup_schedules import MAX_COUNT, MAX_DAYS
from indexes.recurrence import Frequency
from indexes.specification import MAX_NAME

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_HOURS = [(hour, f"{hour:02}:00 UTC") for hour in range(24)]


class BackupForm(ConsoleForm):
    name = forms.CharField(
        label="Name", max_length=80, required=False, widget=forms.TextInput(attrs=_PLAIN)
    )
    description = forms.CharField(
        label="Note",
        max_length=256,
        required=False,
        help_text="Why it is taken, for whoever finds it later.",
    )


class RestoreForm(ConsoleForm):
    name = forms.CharField(
        label="Name of the new index",
        max_length=MAX_NAME,
        help_text="Lowercase letters, digits and hyphens, at most 45.",
        widget=forms.TextInput(attrs=_PLAIN),
    )


class ScheduleForm(ConsoleForm):
    """A schedule's name stays what it was: backups are called after it."""

    name = forms.CharField(
        label="Name",
        max_length=MAX_NAME,
        help_text="Its backups are named after it. Lowercase letters, digits and hyphens.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    frequency = forms.ChoiceField(
        label="How often", choices=[(one, one.capitalize()) for one in Frequency]
    )
    hour = forms.TypedChoiceField(label="At", coerce=int, choices=_HOURS)
    keep_days = forms.IntegerField(
        label="Days to keep each", min_value=1, max_value=MAX_DAYS, initial=30
    )
    keep_count = forms.IntegerField(
        label="Backups to keep at most",
        min_value=0,
        max_value=MAX_COUNT,
        initial=0,
        help_text="Counts those that are Ready; 0 sets no limit.",
    )
    is_enabled = forms.BooleanField(
        label="Take backups by this schedule", required=False, initial=True
    )
