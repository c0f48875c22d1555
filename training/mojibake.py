"""Tells texts that were decoded by the wrong encoding somewhere on their way."""

from __future__ import annotations

import re

_CJK = re.compile(r"[\u4e00-\u9fff]")
_LOST = re.compile(r"\ufffd|锟斤拷锟|[\x80-\x84\x86-\x9f]")  # \x85 is a line break of mainframes
_LATIN = re.compile(r"[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122\u20ac]{4,}")  # fmt: skip  # noqa: E501
_QUESTION_MARKS = 8
_QUESTION_SHARE = 0.6


def is_mojibake(text: str) -> bool:
    """Whether the text was decoded by the wrong encoding, or lost characters by it.

    Found are replacement characters, UTF-8 read as GBK, UTF-8 or GBK read as Latin-1 or
    Windows-1252, and Chinese that became question marks. A wrong double-byte encoding (Big5 read as
    GB18030) looks like rare words and is not found.

    >>> bad = "退款一直没有到账".encode()
    >>> is_mojibake(bad.decode("gb18030", "replace")), is_mojibake(bad.decode("latin-1"))
    (True, True)
    >>> is_mojibake("退款一直没有到账"), is_mojibake("Café à Orléans？？？")
    (False, False)
    """
    if text.isascii():
        marks = text.count("?")
        return marks >= _QUESTION_MARKS and marks >= _QUESTION_SHARE * len(text)
    return bool(_LOST.search(text)) or _was_latin(text) or _was_gbk(text)


def _was_latin(text: str) -> bool:
    """A run of accented letters that are the bytes of Chinese."""
    for run in _LATIN.findall(text):
        leads = sum("\xc0" <= char <= "\xff" for char in run)
        if leads < max(2, len(run) / 4):  # dots and dashes only: "…………" is a way of writing
            continue
        encoded = b"".join(
            char.encode("latin-1") if char <= "\xff" else char.encode("cp1252", "ignore")
            for char in run
        )
        # Bytes without a character in Windows-1252 were lost: a few faults are expected.
        decoded = encoded.decode("utf-8", "replace")
        if _is_chinese(decoded, at_least=2):
            return True
        try:
            decoded = encoded.decode("gb18030")
        except UnicodeDecodeError:
            continue
        if _is_chinese(decoded, at_least=2):
            return True
    return False


def _was_gbk(text: str) -> bool:
    """Its GB18030 bytes are, but for those lost at the ends of words, the UTF-8 of Chinese."""
    decoded = text.encode("gb18030", "replace").decode("utf-8", "replace")
    return _is_chinese(decoded, at_least=3)


def _is_chinese(decoded: str, *, at_least: int) -> bool:
    words = len(_CJK.findall(decoded))
    return words >= at_least and decoded.count("\ufffd") <= words / 2
