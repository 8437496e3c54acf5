"""Which stylesheets and behaviours every page loads, in this order."""

_CSS = "console/css"
_JS = "console/js"

STYLESHEETS = tuple(
    f"{_CSS}/{name}.css"
    for name in (
        "tokens", "base", "layout", "sidebar", "buttons", "components", "forms", "tables",
        "dialogs", "code", "account", "records", "palette",
    )
)  # fmt: skip
MODULES = tuple(
    f"{_JS}/{name}.js"
    for name in (
        "theme",
        "copy",
        "dialog",
        "confirm",
        "secret",
        "passkeys",
        "toast",
        "submit",
        "tabs",
        "time",
        "leave",
        "leaving",
        "palette",
        "shortcuts",
    )
)
