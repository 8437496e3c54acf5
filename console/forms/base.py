"""What all forms share: our classes on controls, and refusals of the domain as errors of fields."""

from collections.abc import Callable
from typing import Any

from django import forms

from kit.errors import StonepineError

_BOXED = (forms.widgets.Input, forms.Select, forms.Textarea)
_UNBOXED = (forms.CheckboxInput, forms.RadioSelect, forms.HiddenInput)


class ConsoleForm(forms.Form):
    """A form whose text controls look like ours and whose errors may come from verbs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, _BOXED) and not isinstance(field.widget, _UNBOXED):
                css = field.widget.attrs.get("class", "")
                field.widget.attrs["class"] = f"input {css}".strip()

    def carries_out(self, act: Callable[[], object]) -> bool:
        """Whether a valid form was sent and the verb did it; its refusal is shown in the form."""
        if not self.is_valid():
            return False
        try:
            act()
        except StonepineError as error:
            self.refuse(error)
            return False
        return True

    def offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """Let that field, which is one of choices, have these."""
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # such have

    def refuse(self, error: StonepineError) -> None:
        """Show a verb's refusal beside the field it names, else above the form."""
        field = error.fields.get("field")
        self.add_error(field if field in self.fields else None, error.message)


class Advised:
    """A choice with a line of advice; templates show both."""

    def __init__(self, label: str, advice: str) -> None:
        self.label = label
        self.advice = advice

    def __str__(self) -> str:
        return self.label


class OnePageForm(ConsoleForm):
    """One of several forms of a page: its controls have ids of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)
