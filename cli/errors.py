"""What goes wrong at the command line: one sentence, one hint, one exit code."""


class SetupError(Exception):
    """The installation cannot be set up or started; the person at the terminal can mend it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
