"""Telling the operator: real programs, a real web server, a real mail server."""

from __future__ import annotations

import json
import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler.night import notify as module
from crawler.night.notify import notify
from crawler.night.plan import make_plan

REPORT = {"schema": 1, "exit_code": 1, "sites": [{"site": "spt", "reason": "栏目不见了"}]}
SUMMARY = "nianbao 2026-12-01: spt failed\nspt: 栏目“年报”不见了"


def tell(*hooks: dict[str, Any], trouble: bool = True) -> list[str]:
    plan = make_plan({"sites": ["spt"], "hooks": hooks}, "test")
    return notify(plan.hooks, REPORT, SUMMARY, trouble=trouble)


# A program.


def program(tmp_path: Path, code: str) -> dict[str, Any]:
    return {"kind": "command", "command": [sys.executable, "-c", code, str(tmp_path / "told")]}


COPY = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"


def test_a_program_gets_the_report_on_its_input(tmp_path: Path) -> None:
    assert tell(program(tmp_path, COPY)) == []
    assert json.loads((tmp_path / "told").read_bytes()) == REPORT


def test_a_quiet_night_is_told_only_to_those_who_want_it(tmp_path: Path) -> None:
    hook = program(tmp_path, COPY)
    assert tell(hook, trouble=False) == []
    assert not (tmp_path / "told").exists()
    assert tell({**hook, "when": "always"}, trouble=False) == []
    assert (tmp_path / "told").exists()


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (
            {"kind": "command", "command": [sys.executable, "-c", "raise SystemExit('no room')"]},
            "ended with exit code 1: no room",
        ),
        ({"kind": "command", "command": ["/nowhere/at-all"]}, "can't be started"),
        ({"kind": "command", "command": ["sleep", "30"], "timeout": 0.3}, "after 0.3 s"),
        ({"kind": "webhook", "url": "http://127.0.0.1:9/"}, "ConnectError"),
        (
            {"kind": "mail", "server": "127.0.0.1", "port": 9, "sender": "a@b.test",
             "recipients": ["c@d.test"]},
            "127.0.0.1:9 did not take the mail: ConnectionRefusedError",
        ),
        (
            {"kind": "mail", "server": "127.0.0.1", "port": 9, "sender": "a@b.test",
             "recipients": ["c@d.test"], "user": "u", "password_env": "NOT_SET_ANYWHERE"},
            "NOT_SET_ANYWHERE",
        ),
        (
            {"kind": "mail", "server": "127.0.0.1", "port": 9, "sender": "a\nb@b.test",
             "recipients": ["c@d.test"]},
            "no addresses",
        ),
    ],
)  # fmt: skip
def test_a_hook_that_fails_says_why_and_keeps_no_other_from_telling(
    tmp_path: Path, hook: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    (failed,) = tell(hook, program(tmp_path, COPY))
    assert failed.startswith(f"hook 1 ({hook['kind']}): ")
    assert said in failed
    assert (tmp_path / "told").exists()


# A web server.


class Web:
    """Answers posts with the given codes in turn, then with 200."""

    def __init__(self, codes: list[int]) -> None:
        self.codes, self.posts = codes, []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def hook(self) -> dict[str, Any]:
        return {"kind": "webhook", "url": f"http://127.0.0.1:{self.http.server_port}/hook"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                web.posts.append((self.headers["Content-Type"], json.loads(body)))
                self.send_response(web.codes.pop(0) if web.codes else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def test_a_webhook_is_tried_again_while_that_may_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    for codes, posts, failure in (
        ([], 1, None),
        ([503, 429], 3, None),
        ([500, 500, 500], 3, "HTTP 500"),
        ([404], 1, "HTTP 404"),
    ):
        web = Web(list(codes))
        failed = tell(web.hook)
        web.http.shutdown()
        web.http.server_close()
        assert [len(web.posts), len(failed)] == [posts, int(failure is not None)]
        assert set(map(repr, web.posts)) == {repr(("application/json", REPORT))}
        assert failure is None or failure in failed[0]


# A mail server.


class Mails:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del server
        self.envelopes.append((session.authenticated, session.ssl is not None, envelope))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def allow(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    del server, session, envelope, mechanism
    known = isinstance(data, LoginPassword) and data == LoginPassword(b"nianbao", b"geheim")
    return AuthResult(success=known, handled=False, auth_data=known)


@pytest.fixture
def mail_server(certificate: tuple[Path, Path]) -> Iterator[tuple[Mails, Controller]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    mails = Mails()
    with socket.socket() as free:  # the controller wants to know its port beforehand
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(
        mails, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
        authenticator=allow, auth_required=True,
    )  # fmt: skip
    server.start()
    yield mails, server
    server.stop()


def mail_hook(server: Controller, **more: Any) -> dict[str, Any]:
    return {
        "kind": "mail",
        "server": "127.0.0.1",
        "port": server.port,
        "sender": "nianbao@kao.test",
        "recipients": ["it@kao.test", "Amt <amt@kao.test>"],
        "user": "nianbao",
        **more,
    }


def test_a_mail_is_handed_over_encrypted_and_logged_in(
    mail_server: tuple[Mails, Controller],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mails, server = mail_server
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setenv("NIANBAO_SMTP_PASSWORD", "geheim")
    assert tell(mail_hook(server)) == []
    ((logged_in, encrypted, envelope),) = mails.envelopes
    assert logged_in
    assert encrypted
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "nianbao@kao.test",
        ["it@kao.test", "amt@kao.test"],
    )
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == "nianbao 2026-12-01: spt failed"
    assert mail.get_content().split() == SUMMARY.split()


def test_a_wrong_password_or_certificate_is_said(
    mail_server: tuple[Mails, Controller],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mails, server = mail_server
    monkeypatch.setenv("NIANBAO_SMTP_PASSWORD", "falsch")
    (failed,) = tell(mail_hook(server))
    assert "CERTIFICATE_VERIFY_FAILED" in failed
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    (failed,) = tell(mail_hook(server))
    assert "SMTPAuthenticationError" in failed
    assert mails.envelopes == []
