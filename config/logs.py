"""Logs as JSON lines on standard output, with the id of the request or task that wrote them."""

from typing import Any

import structlog

from kit.environment import environment
from kit.tracebacks import render_traceback

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.ExceptionRenderer(render_traceback),
    structlog.processors.EventRenamer("message"),
]
# Whatever the level is: these would quote what people send, or tell of every task.
_QUIETER = {
    # A 404 is the client's business; what is ours is logged by the middleware.
    "django.request": {"level": "CRITICAL"},
    "django.security.DisallowedHost": {"level": "CRITICAL"},
    # It would log the whole address, and some carry a token that opens something.
    "django.security.csrf": {"level": "CRITICAL"},
    # It would quote the exception; `config.celery` tells of tasks that fail.
    "celery.app.trace": {"level": "CRITICAL"},
    # What statements are given are customers' values.
    "django.db.backends": {"level": "INFO"},
    "celery.pool": {"level": "INFO"},
    "celery.utils.functional": {"level": "INFO"},
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.worker.request": {"level": "WARNING"},
    "celery.beat": {"level": "WARNING"},
}


def configure_structlog() -> None:
    """Send structlog's events through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_SHARED[:-1],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_configuration() -> dict[str, Any]:
    """The value of Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED[:-1],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _SHARED[-1],
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stdout"], "level": environment().log_level.number},
        "loggers": _QUIETER,
    }
