from __future__ import annotations

import email
import email.policy
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from classifier.policy_file import load_policy
from service.outbox.configuration import Configuration, EmailTarget, OnCall
from service.outbox.message import Message
from service.outbox.runner import send
from service.outbox.sample import sample
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target
from tests.service.test_server import free_port

POLICY = load_policy()
SETTINGS = Configuration(on_call={"chiefs": OnCall(people=["王芳"], emails=["wang@example.com"])})


class Mailbox:
    """What an SMTP server got; `answer` is what it says to a message."""

    def __init__(self) -> None:
        self.letters: list[tuple[Envelope, EmailMessage, bool]] = []
        self.answer = "250 OK"

    async def handle_DATA(  # noqa: N802  (the library asks for this name)
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Takes a message."""
        content = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        assert isinstance(content, EmailMessage)
        self.letters.append((envelope, content, session.ssl is not None))
        return self.answer


def login(*given_all: object) -> AuthResult:
    """Lets one user in."""
    given = given_all[-1]
    right = isinstance(given, LoginPassword) and given == LoginPassword(
        b"triage", b"right password"
    )
    return AuthResult(success=right, handled=False)


@pytest.fixture
def mailbox() -> Mailbox:
    """An empty one."""
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that asks for STARTTLS and a password; its certificate is trusted."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=login,
    )
    controller.start()
    yield controller.port
    controller.stop()


def target(port: int, password: str = "right password", **more: object) -> Target:
    """An e-mail target."""
    settings = EmailTarget.model_validate(
        {"kind": "email", "host": "localhost", "port": port, "sender": "triage@example.com",
         "to": ["duty@example.com"], "user_env": "U", "password_env": "P", **more}
    )  # fmt: skip
    return Target("mail", settings, {"user": "triage", "password": password})


def say(to: Target, text: str | None = None) -> Message:
    """Sends the sample."""
    now = datetime.now(UTC)
    found = sample(to, SETTINGS, POLICY, now)
    message = Message(found.event_id, found.event_type, found.payload, text, SETTINGS, POLICY)
    send(to, message, now, Deadline(10))
    return message


def test_a_letter_goes_over_starttls_to_the_list(mailbox: Mailbox, port: int) -> None:
    """Chinese, with a Message-ID that a repeated one has too, and marked as automatic."""
    message = say(target(port), "电话[手机]，\n.\n我要举报")
    envelope, letter, is_encrypted = mailbox.letters[0]
    assert is_encrypted
    assert envelope.rcpt_tos == ["duty@example.com", "wang@example.com"]
    assert letter["Subject"] == "【P1】案例已升级 #1"
    assert letter["Message-ID"] == f"<{message.event_id}@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    content = letter.get_content().replace("\r\n", "\n")
    assert "团队：服务质量（二线专家处理）" in content
    assert "电话[手机]，\n.\n我要举报" in content


def test_a_wrong_password_is_a_failure_that_does_not_show_it(mailbox: Mailbox, port: int) -> None:
    """Tried again later: the operator may mend it."""
    with pytest.raises(SendError, match="SMTP 535") as caught:
        say(target(port, "falsch"))
    assert not caught.value.is_final
    assert "falsch" not in caught.value.reason


@pytest.mark.parametrize(("answer", "is_final"), [("451 later", False), ("554 never", True)])
def test_a_refused_letter_is_tried_again_unless_the_server_says_never(
    mailbox: Mailbox, port: int, answer: str, is_final: bool
) -> None:
    """The codes of RFC 5321."""
    mailbox.answer = answer
    with pytest.raises(SendError) as caught:
        say(target(port))
    assert caught.value.is_final is is_final


def test_a_server_without_encryption_gets_nothing(mailbox: Mailbox) -> None:
    """Neither a password nor a letter."""
    plain = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    plain.start()
    with pytest.raises(SendError, match="SMTPNotSupportedError"):
        say(target(plain.port))
    plain.stop()
    assert mailbox.letters == []


def test_a_certificate_that_is_not_trusted_gets_nothing(
    mailbox: Mailbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody in the middle reads nothing."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SendError, match="SSLCertVerificationError"):
        say(target(port))
    assert mailbox.letters == []
