"""Where mail goes: an SMTP server by URL, else files in the home folder."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from kit.environment import Environment

_TO_FILES = "accounts.mail_folder.FolderBackend"
_BY_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Django's mail settings, read from one URL."""

    backend: str
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    has_starttls: bool = False
    is_tls: bool = False


def mail_server(environment: Environment) -> MailServer:
    """Raises `ImproperlyConfigured`, without the URL in it, where that cannot be one."""
    url = environment.smtp_url.get_secret_value()
    if not url:
        return MailServer(_TO_FILES)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in _PORTS:
        raise ImproperlyConfigured(
            "STONEPINE_SMTP_URL is not smtp://host, smtp+starttls://host or smtps://host."
        )
    return MailServer(
        _BY_SMTP,
        host=host,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        has_starttls=parts.scheme == "smtp+starttls",
        is_tls=parts.scheme == "smtps",
    )
