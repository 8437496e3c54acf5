"""Mail: files that only their owner reads, or the SMTP server that a URL names."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from accounts.mail_folder import FolderBackend
from config.mail import mail_server
from kit.environment import Environment, environment


def test_without_a_server_each_message_is_a_private_file(installation: Path) -> None:
    message = EmailMessage("Subject", "Body with a link", "a@example.com", ["b@example.com"])
    assert FolderBackend().send_messages([message]) == 1
    folder = environment().mail_dir
    files = sorted(folder.glob("*.eml"))
    assert "Body with a link" in files[-1].read_text()
    assert stat.S_IMODE(files[-1].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def server_of(url: str) -> object:
    return mail_server(Environment(smtp_url=url))  # type: ignore[arg-type]


def test_a_url_names_the_server() -> None:
    found = mail_server(Environment(smtp_url="smtp+starttls://us%40er:p%2Fw@mail.example.com"))  # type: ignore[arg-type]
    assert (found.host, found.port, found.user, found.password) == (
        "mail.example.com", 587, "us@er", "p/w",
    )  # fmt: skip
    assert (found.has_starttls, found.is_tls) == (True, False)
    assert "p/w" not in repr(found)
    assert mail_server(Environment(smtp_url="smtps://mail.example.com:4650")).port == 4650  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://:25", "smtp://h:nan"])
def test_what_names_no_server_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        server_of(url)
    assert url not in str(refused.value)
