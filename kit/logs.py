"""One line of JSON per event, for processes that are not Django's."""

import logging
import sys
from typing import TextIO

import structlog

from kit.environment import LogLevel, environment
from kit.tracebacks import render_traceback


def configure_logs(process: str, *, file: TextIO | None = None) -> None:
    """Call once at start. `process` stands in every line; `file`: else standard output.

    Libraries' warnings come along, at debug level whatever they say.
    """
    level = environment().log_level
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.ExceptionRenderer(render_traceback),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level.number),
        logger_factory=structlog.WriteLoggerFactory(file=file or sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    of_libraries = level.number if level is LogLevel.DEBUG else max(level.number, logging.WARNING)
    logging.basicConfig(level=of_libraries, handlers=[_ToStructlog()], force=True)


class _ToStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )
