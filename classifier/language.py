"""Whether a text can be judged at all: its language, and whether there is enough of it."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(r"\[[\u4e00-\u9fff]{2,3}\]")
_TWO_HAN = re.compile(r"[^\u4e00-\u9fff]{0,9}[\u4e00-\u9fff][^\u4e00-\u9fff]{0,9}[\u4e00-\u9fff]")
_OTHER_LETTER = re.compile(r"[a-z\[\u00df-\u024f\u3041-\u30fa\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_KANA = re.compile(r"[\u3041-\u30fa]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+")

MIN_HAN = 2  # 差评, 垃圾 and 骗子 are complaints; one character alone is not


def detect(text: str) -> tuple[str, str | None]:
    """Language of a clean text (zh, ja, ko, en, und) and why it cannot be judged, if so.

    Reasons: empty, no_words, too_short, not_chinese.

    >>> detect("差评"), detect("差"), detect("refund me now"), detect("!!!")
    (('zh', None), ('zh', 'too_short'), ('en', 'not_chinese'), ('und', 'no_words'))
    """
    if not text:
        return "und", "empty"
    if _TWO_HAN.match(text) and not _OTHER_LETTER.search(text):
        return "zh", None  # most texts: no need to count
    return _detect_mixed(_PLACEHOLDER.sub(" ", text))


def _detect_mixed(text: str) -> tuple[str, str | None]:
    han, kana, hangul = (len(p.findall(text)) for p in (_HAN, _KANA, _HANGUL))
    latin = len(_LATIN_WORD.findall(text))
    if not han + kana + hangul + latin:
        return "und", "no_words"
    if kana > han // 3:
        return "ja", "not_chinese"
    if hangul > han:
        return "ko", "not_chinese"
    if latin > 2 * han:
        return "en", "not_chinese"
    return "zh", None if han >= MIN_HAN else "too_short"
