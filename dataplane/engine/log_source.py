"""The appender in the loop: what it has done is taken up as soon as it has done it."""

from collections.abc import Callable

from storage.write_log.appender import LogAppender


class LogSource:
    """A source of the loop; `settle` takes the appender's outcomes."""

    def __init__(self, appender: LogAppender, settle: Callable[[], None]) -> None:
        self._appender = appender
        self._settle = settle

    def fileno(self) -> int:
        return self._appender.fileno()

    @property
    def wants_write(self) -> bool:
        return self._appender.wants_write

    def wait_s(self) -> float | None:
        return self._appender.wait_s()

    def on_ready(self) -> None:
        self._appender.on_ready()
        self._settle()
