"""Events as e-mail through an SMTP server; encrypted unless set otherwise."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from service.outbox.configuration import EmailTarget
from service.outbox.message import Message
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target

_FINAL_CODES = range(550, 560)  # the server will not take this message at any time


def send(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Sends to the target's own recipients and to who is called; to nobody, nothing.

    Raises:
        SendError: the server did not take it.
    """
    settings = target.settings
    if not isinstance(settings, EmailTarget):
        raise TypeError(f"{target.name} is a {settings.kind} target, no e-mail")
    recipients = list(dict.fromkeys([*settings.to, *message.on_call.emails]))
    if not recipients:
        return
    mail = letter(message, settings.sender, recipients, now)
    try:
        with _connected(settings, deadline) as server:
            if settings.security == "starttls":
                with deadline.cutting(_socket(server)):
                    server.starttls(context=ssl.create_default_context())
            with deadline.cutting(_socket(server)):  # another one since STARTTLS
                if target.values.get("user"):
                    server.login(target.values["user"], target.values["password"])
                server.send_message(mail, settings.sender, recipients)
    except smtplib.SMTPResponseException as error:
        final = error.smtp_code in _FINAL_CODES
        raise SendError(f"SMTP {error.smtp_code}", is_final=final) from None
    except smtplib.SMTPException as error:
        raise SendError(f"SMTP: {type(error).__name__}") from None
    except OSError as error:
        deadline.left()
        raise SendError(f"no connection: {type(error).__name__}", is_silent=True) from None


def letter(message: Message, sender: str, recipients: list[str], now: datetime) -> EmailMessage:
    """The e-mail; a repeated event has the same Message-ID."""
    mail = EmailMessage()
    mail["Subject"] = message.title
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.event_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody on holiday answers it
    lines = [f"{name}：{value}" for name, value in message.facts()]
    if message.text:
        lines += ["", message.text]
    if message.address:
        lines += ["", message.address]
    mail.set_content("\n".join([message.title, "", *lines]))
    return mail


def _connected(settings: EmailTarget, deadline: Deadline) -> smtplib.SMTP:
    seconds = deadline.left()
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=seconds, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=seconds)


def _socket(server: smtplib.SMTP) -> socket.socket:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("gone")
    return server.sock
