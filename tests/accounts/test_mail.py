"""Mail: files that only their owner reads, or the SMTP server that a URL names."""

import socketserver
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection

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
    return mail_server(Environment(smtp_url=url))


def test_a_url_names_the_server() -> None:
    found = mail_server(Environment(smtp_url="smtp+starttls://us%40er:p%2Fw@mail.example.com"))
    assert (found.host, found.port, found.user, found.password) == (
        "mail.example.com", 587, "us@er", "p/w",
    )  # fmt: skip
    assert (found.has_starttls, found.is_tls) == (True, False)
    assert "p/w" not in repr(found)
    assert mail_server(Environment(smtp_url="smtps://mail.example.com:4650")).port == 4650


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://:25", "smtp://h:nan"])
def test_what_names_no_server_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        server_of(url)
    assert url not in str(refused.value)


class Exchange(socketserver.StreamRequestHandler):
    """As much of SMTP as delivering takes."""

    def handle(self) -> None:
        self.say("220 ready")
        for line in self.rfile:
            words = line.decode().strip().upper()
            if words.startswith("DATA"):
                self.say("354 go on")
                self.server.received.append(self.body())
            self.say("221 bye" if words.startswith("QUIT") else "250 fine")
            if words.startswith("QUIT"):
                return

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def body(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        return "".join(lines)


@pytest.fixture
def exchange() -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Exchange) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_mail_reaches_the_configured_server(exchange: socketserver.TCPServer) -> None:
    found = mail_server(Environment(smtp_url=f"smtp://127.0.0.1:{exchange.server_address[1]}"))
    connection = get_connection(found.backend, host=found.host, port=found.port)
    message = EmailMessage("Hello", "A letter", "a@example.com", ["b@example.com"])
    assert connection.send_messages([message]) == 1
    (received,) = exchange.received
    assert "Subject: Hello" in received
    assert "A letter" in received
