"""An e-mail as a complaint: who wrote what; pictures and other attachments are left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime

from service.adapters import plain_text
from service.intake.source import Entry, Json
from service.schemas import MAX_ID_CHARS, MAX_TEXT_CHARS

MAX_MAIL_BYTES = 25 << 20  # what comes after is left out: attachments
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(minutes=4)
# What programs call the older sets of characters that GB18030 contains.
_GB = re.compile(r"(?:gb|x-gbk|cp936|ms936|hz)", re.IGNORECASE)


def read_mail(raw: bytes, number: int, name: str, channel: str | None) -> Entry:
    """The entry that a mail is; one that a program sent is skipped: ours must not come back.

    `name` is what the complaint is known by.
    """
    try:
        return _entry(message_from_bytes(raw, policy=policy.compat32), number, name, channel)
    except (ValueError, LookupError, TypeError, AttributeError):
        # The parser of the standard library breaks on some hostile mails in ways that its document
        # does not name; one of them must not hold up all that come after it.
        return Entry(number, fault="the mail cannot be read")


def _entry(mail: Mail, number: int, name: str, channel: str | None) -> Entry:
    if _raw_header(mail, "Auto-Submitted").strip().lower().startswith("auto-"):
        return Entry(number, skipped="automatic")
    body, attachments = _body(mail)
    if _raw_header(mail, "In-Reply-To") or _raw_header(mail, "References"):
        body = plain_text.without_quotes(body)
    subject = " ".join(_header(mail, "Subject").split())
    text = body if not subject or subject in body else f"{subject}\n{body}".strip()
    sent: Json = {"text": text[:MAX_TEXT_CHARS], "id": name, "channel": channel or "email"}
    address = parseaddr(_raw_header(mail, "From"))[1].strip().lower()
    if address.isascii() and address.isprintable() and address:
        sent["customer"] = {"id": address[:MAX_ID_CHARS]}  # only its keyed hash is kept
    moment = _moment(_raw_header(mail, "Date"))
    if moment is not None:
        sent["occurred_at"] = moment.isoformat()
    return Entry(number, sent, attachments=attachments)


def _body(mail: Mail) -> tuple[str, int]:
    """The text that people read, the plain one rather than the HTML, and how much else there is."""
    plain: list[str] = []
    rich: list[str] = []
    attachments = 0
    for part in mail.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        is_text = kind in {"text/plain", "text/html"} and not part.get_filename()
        if not is_text or part.get_content_disposition() == "attachment":
            attachments += 1
        elif kind == "text/plain":
            plain.append(_text(part))
        else:
            rich.append(plain_text.from_html(_text(part)))
    shown = [one.strip() for one in plain if one.strip()] or rich
    return "\n".join(shown).replace("\r\n", "\n").strip(), attachments


def _text(part: Mail) -> str:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    return _decoded(raw, part.get_content_charset())


def _raw_header(mail: Mail, name: str) -> str:
    """A header as it was sent; bytes that are not ASCII are surrogates."""
    lowered = name.lower()
    return next((str(value) for key, value in mail.raw_items() if key.lower() == lowered), "")


def _header(mail: Mail, name: str) -> str:
    """A header in clear, from pieces in several encodings and bytes that nobody encoded."""
    raw = _raw_header(mail, name).encode("ascii", "surrogateescape")
    try:
        pieces = decode_header(raw.decode("latin-1"))
    except HeaderParseError:  # Base64 that is none
        return _decoded(raw, None)
    return "".join(
        _decoded(one.encode("latin-1", "replace") if isinstance(one, str) else one, charset)
        for one, charset in pieces
    )


def _decoded(raw: bytes, charset: str | None) -> str:
    """Bytes as text, by what they are said to be, else by what fits; nothing is refused."""
    said = "gb18030" if charset and _GB.match(charset) else charset
    for one in (said, "utf-8", "gb18030"):
        try:
            if one and one.lower() not in {"unknown-8bit", "us-ascii", "ascii"}:
                return raw.decode(one)
        except (LookupError, UnicodeError):
            continue
    return raw.decode("utf-8", "replace")


def _moment(value: str) -> datetime | None:
    """When it was sent; None if that is not said, has no zone or cannot be."""
    try:
        found = parsedate_to_datetime(value)
        is_right = found.tzinfo and _EARLIEST <= found <= datetime.now(UTC) + _CLOCK_SKEW
    except (ValueError, TypeError, OverflowError):
        return None
    return found if is_right else None
