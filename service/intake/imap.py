"""A mailbox on an IMAP server, read without changing anything in it.

imaplib of the standard library is enough: one folder, numbers of mails, their content. IMAP4rev1 is
https://www.rfc-editor.org/rfc/rfc3501; numbers (UID) grow within one UIDVALIDITY.
"""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import unquote, urlsplit

from classifier.errors import shorten
from service.intake.mail import MAX_MAIL_BYTES, read_mail
from service.intake.source import Entry, Position, SourceError

_SECONDS = 60.0  # of silence
_PORTS = {"imaps": 993, "imap": 143}
_FORM = "imaps://user@host/folder is needed (an @ in the user's name is written %40)"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mails are and who may read them."""

    host: str
    port: int
    user: str
    folder: str
    is_tls: bool  # from the start; else STARTTLS, unless `allow_plain`
    allow_plain: bool
    password: str = field(repr=False)


def read_account(url: str, password: str, *, allow_plain: bool = False) -> Account:
    """The account that an address names; the folder is INBOX unless it says another.

    Raises:
        SourceError: it is no such address; the address is not repeated, it may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SourceError(f"--source is no address, {_FORM}") from None
    if parts.scheme not in _PORTS or not host or not parts.username:
        raise SourceError(f"--source is no address of a mailbox, {_FORM}")
    if parts.password is not None:
        raise SourceError("--source holds a password, which belongs into the environment")
    if not (password and password.isascii() and password.isprintable()):
        raise SourceError("the password in the environment is missing, or not ASCII")
    user, folder = unquote(parts.username), unquote(parts.path.strip("/")) or "INBOX"
    if not (user.isascii() and user.isprintable()):
        raise SourceError("the user's name in --source holds characters that no server takes")
    where = (host, port or _PORTS[parts.scheme], user, folder)
    return Account(*where, parts.scheme == "imaps", allow_plain, password)


class Mailbox:
    """The mails of one folder in the order in which they came."""

    def __init__(self, account: Account, *, since: date | None, channel: str | None) -> None:
        self.identity = (
            f"imap:{account.user}@{account.host.lower()}:{account.port}/{account.folder}"
        )
        self._account = account
        self._since = since
        self._channel = channel
        self._mark = ""

    def entries(self, position: Position) -> Iterator[Entry]:
        """The mails after a position.

        Raises:
            SourceError: the server does not answer or refuses, or has numbered its mails anew.
        """
        with _connected(self._account) as server:
            self._mark = _open(server, self._account.folder)
            if position.mark and position.mark != self._mark:
                raise SourceError(
                    "the server has numbered the mails anew, so nobody knows which were read: "
                    "--from-start with --since YYYY-MM-DD reads those from that day on"
                )
            for number in _numbers(server, position.number, self._since):
                raw = _content(server, number)
                if raw is not None:  # else somebody has deleted it meanwhile
                    yield read_mail(raw, number, f"mail-{number}", self._channel)

    def mark(self) -> str:
        """The mailbox's UIDVALIDITY: while it is the same, so are the numbers of the mails."""
        return self._mark


@contextmanager
def _connected(account: Account) -> Iterator[imaplib.IMAP4]:
    """A server that knows us; errors become one sentence without what the server said."""
    where = f"{account.host}:{account.port}"
    try:
        server = _connection(account)
        try:
            _log_in(server, account)
            yield server
        finally:
            server.shutdown()
    except imaplib.IMAP4.abort:
        raise SourceError(f"{where} broke off: run it again to go on") from None
    except imaplib.IMAP4.error:
        raise SourceError(f"{where} did not understand or refused what it was asked") from None
    except OSError as error:
        raise SourceError(f"{where} does not answer: {type(error).__name__}") from None


def _connection(account: Account) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if account.is_tls:
        return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=_SECONDS)
    server = imaplib.IMAP4(account.host, account.port, timeout=_SECONDS)
    if not account.allow_plain:
        if "STARTTLS" not in server.capabilities:
            server.shutdown()
            raise SourceError(f"{account.host} offers no encryption, imaps:// is needed")
        server.starttls(context)
    return server


def _log_in(server: imaplib.IMAP4, account: Account) -> None:
    try:
        server.login(_quoted(account.user), account.password)  # it quotes the password itself
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeError):
        raise SourceError(f"{account.host} refuses the user or password") from None
    _, told = server.capability()
    if b"ID" in b" ".join(one for one in told if isinstance(one, bytes)).upper().split():
        # RFC 2971; 163.com and 126.com open no folder to who has not said a name.
        server.xatom("ID", '("name" "complaint-triage")')


def _open(server: imaplib.IMAP4, folder: str) -> str:
    """Opens a folder for reading alone; its UIDVALIDITY."""
    answer, _ = server.select(_quoted(encoded(folder)), readonly=True)
    _, (validity,) = server.response("UIDVALIDITY")
    if answer != "OK" or not isinstance(validity, bytes):
        raise SourceError(f"there is no folder {shorten(folder)} that can be read")
    return f"uidvalidity:{validity.decode('ascii', 'replace')[:20]}"


def _numbers(server: imaplib.IMAP4, after: int, since: date | None) -> list[int]:
    """The numbers of later mails; the last one's is always told, so it is sorted out here."""
    wanted = [f"UID {after + 1}:*"]
    if since is not None:
        wanted.append(f"SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}")
    _, found = server.uid("SEARCH", *wanted)
    told = b" ".join(one for one in found if isinstance(one, bytes))
    return sorted(number for number in map(int, told.split()) if number > after)


def _content(server: imaplib.IMAP4, number: int) -> bytes | None:
    """A mail's first bytes, without marking it as read; None when it is there no more."""
    _, found = server.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)")
    return next((one[1] for one in found if isinstance(one, tuple)), None)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def encoded(folder: str) -> str:
    """A folder's name in the modified UTF-7 of RFC 3501, 5.1.3.

    >>> encoded("台北"), encoded("A&B")
    ('&U,BTFw-', 'A&-B')
    """

    def shift(found: re.Match[str]) -> str:
        code = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{code.replace('/', ',')}-"

    return _NOT_ASCII.sub(shift, folder.replace("&", "&-"))
