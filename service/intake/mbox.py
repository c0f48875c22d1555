"""The mails of an mbox file, one after the other, none of them larger in memory than its limit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from service.intake.file import Piece
from service.intake.mail import MAX_MAIL_BYTES, read_mail
from service.intake.source import SourceError

# RFC 4155: "From ", an address and a moment. Another line that begins with From is text.
_BORDER = re.compile(rb"From \S{1,320} [^:]{2,80}(?<=\d\d):\d\d.{0,40}?\d{4}")
_LINE_BYTES = 1 << 16  # a longer line comes in parts: a file of one line does not fill the memory


def pieces(path: Path, channel: str | None) -> Iterator[Piece]:
    """The mails of a file; the one at its end may still be written to, so leave none half done.

    Raises:
        SourceError: the file cannot be read, or is no mbox.
    """
    for number, raw in enumerate(_mails(path), start=1):
        read = partial(read_mail, raw, number, f"mail-{number}", channel)
        yield Piece(number, hashlib.sha256(raw).digest(), read)


def _mails(path: Path) -> Iterator[bytes]:
    lines: list[bytes] | None = None
    size, is_start = 0, True
    is_border = True  # a border follows a blank line, or begins the file
    try:
        with path.open("rb") as file:
            for line in iter(partial(file.readline, _LINE_BYTES), b""):
                if is_border and _BORDER.match(line):
                    if lines is not None:
                        yield _joined(lines)
                    lines, size = [], 0
                elif lines is None and line.strip():
                    raise SourceError(f"{path} is no mbox file: it begins with no line From … date")
                elif lines is not None and size < MAX_MAIL_BYTES:
                    lines.append(line[1:] if is_start and line.startswith(b">From ") else line)
                    size += len(line)
                is_border = is_start and line.endswith(b"\n") and not line.strip()
                is_start = line.endswith(b"\n")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if lines is not None:
        yield _joined(lines)


def _joined(lines: list[bytes]) -> bytes:
    """A mail without the blank line that parts it from the next, which the last one lacks."""
    return b"".join(lines).rstrip(b"\r\n")
