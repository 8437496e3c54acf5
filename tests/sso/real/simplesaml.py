"""SimpleSAMLphp as an identity provider: Debian's package, PHP's own server, TLS in front of it."""

import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.development_authority import TlsFiles, ensure_certificate
from tests.sso.factory import Signer, signer
from tests.support.waiting import wait_until

WWW = Path("/usr/share/simplesamlphp/www")
PASSWORD = "a secret of Nina"


def is_installed() -> bool:
    return shutil.which("php") is not None and WWW.exists()


class SimpleSaml:
    """One running provider; what it knows of us and signs with may change while it runs."""

    def __init__(self, folder: Path, port: int, inner_port: int) -> None:
        self.folder, self.port, self.inner_port = folder, port, inner_port
        self.base = f"https://localhost:{port}"
        self.entity_id = f"{self.base}/idp"
        for name in ("config", "metadata", "cert", "log", "data", "sessions"):
            (folder / name).mkdir()

    @property
    def sso_url(self) -> str:
        return f"{self.base}/saml2/idp/SSOService.php"

    @property
    def slo_url(self) -> str:
        return f"{self.base}/saml2/idp/SingleLogoutService.php"

    def configure(self) -> None:
        place = self.folder
        self._write("config/config.php", f"""$config = [
            'baseurlpath' => '{self.base}/', 'certdir' => '{place}/cert/',
            'loggingdir' => '{place}/log/', 'datadir' => '{place}/data/',
            'tempdir' => '{place}/data', 'metadatadir' => '{place}/metadata/',
            'secretsalt' => 'salt of the tests', 'auth.adminpassword' => 'of the tests',
            'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC',
            'logging.handler' => 'file', 'logging.level' => 7, 'debug' => [],
            'showerrors' => true, 'errorreporting' => false, 'enable.saml20-idp' => true,
            'store.type' => 'phpsession', 'session.phpsession.savepath' => '{place}/sessions',
            'session.phpsession.cookiename' => 'SimpleSAML', 'session.cookie.secure' => true,
            'session.cookie.samesite' => 'None', 'session.phpsession.httponly' => true,
            'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
            'metadata.sources' => [['type' => 'flatfile', 'directory' => '{place}/metadata']],
            'language.available' => ['en'], 'language.default' => 'en',
            'theme.use' => 'default', 'template.debug' => false, 'language.rtl' => [],
        ];""")  # fmt: skip
        self._write("config/authsources.php", f"""$config = [
            'admin' => ['core:AdminPassword'],
            'people' => ['exampleauth:UserPass', 'nina:{PASSWORD}' => [
                'uid' => ['nina'], 'email' => ['nina@pine.example.com'], 'name' => ['Nina'],
            ]],
        ];""")  # fmt: skip
        self.sign_with(signer("idp"))

    def sign_with(self, by: Signer) -> None:
        (self.folder / "cert" / "idp.key").write_text(by.key)
        (self.folder / "cert" / "idp.crt").write_text(by.certificate)
        sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        self._write("metadata/saml20-idp-hosted.php", f"""$metadata['{self.entity_id}'] = [
            'host' => '__DEFAULT__', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt',
            'auth' => 'people', 'signature.algorithm' => '{sha256}', 'sign.logout' => true,
            'validate.logout' => true, 'simplesaml.nameidattribute' => 'uid',
            'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        ];""")  # fmt: skip

    def know(self, *, entity_id: str, acs: str, slo: str, certificate: str) -> None:
        lines = (line for line in certificate.split("\n") if line and "-----" not in line)
        self._write("metadata/saml20-sp-remote.php", f"""$metadata['{entity_id}'] = [
            'AssertionConsumerService' => '{acs}', 'SingleLogoutService' => '{slo}',
            'certData' => '{"".join(lines)}', 'validate.authnrequest' => true,
            'saml20.sign.assertion' => true, 'simplesaml.nameidattribute' => 'uid',
        ];""")  # fmt: skip

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted((self.folder / "log").iterdir()))

    def _write(self, name: str, content: str) -> None:
        (self.folder / name).write_text(f"<?php\n{content}\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running_provider(folder: Path) -> Iterator[SimpleSaml]:
    inner = _free_port()
    with _tls_before(inner, folder / "tls") as port:
        provider = SimpleSaml(folder, port, inner)
        provider.configure()
        settings = ("-d", "opcache.enable=0", "-d", "date.timezone=UTC")
        environment = {
            **os.environ,
            "SIMPLESAMLPHP_CONFIG_DIR": str(folder / "config"),
            "PHP_CLI_SERVER_WORKERS": "2",
        }
        with (folder / "php.log").open("wb") as log:
            php = subprocess.Popen(
                ["php", *settings, "-S", f"127.0.0.1:{inner}", "-t", str(WWW)],
                env=environment, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip
            try:
                wait_until(lambda: _answers(inner), timeout_s=60, what="SimpleSAMLphp")
                yield provider
            finally:
                os.killpg(php.pid, 15)
                php.wait(timeout=30)


@contextmanager
def _tls_before(inner: int, folder: Path) -> Iterator[int]:
    """A TLS server that passes everything on."""
    folder.mkdir()
    ensure_certificate(folder, ["localhost"])
    files = TlsFiles(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with (
                    context.wrap_socket(self.request, server_side=True) as outside,
                    socket.create_connection(("127.0.0.1", inner)) as inside,
                ):
                    back = threading.Thread(target=_pass_on, args=(inside, outside))
                    back.start()
                    _pass_on(outside, inside)
                    back.join()
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
