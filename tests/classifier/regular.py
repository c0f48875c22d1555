"""The pattern language of the lexicon said by regular expressions: what programs are checked by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import tomli

_NUMERALS = "[一二两三四五六七八九十几多数百千半俩仨好无n]"
_PLURALS = "[二两三四五六七八九十几多数百千俩仨好无n]"
_SIGNS = {
    "#": f"(?:[0-9]{{1,9}}|{_NUMERALS}{{1,4}})",
    "##": f"(?:[2-9]|[1-9][0-9]{{1,8}}|{_PLURALS}{_NUMERALS}{{0,3}})",
    "$": r"(?=[,。!?;:⋯~\n、 .]|\Z)",
    "(": "(?:",
    ")": ")",
    "|": "|",
    "?": "?",
}
_GAPS = {"~": "[^,。!?;:⋯《》\n]", "…": "[^。!?;⋯《》\n]"}
_TOKEN = re.compile(
    r"(?P<gap>[~…])(?P<width>[0-9]{0,2})|<(?P<words>[^<>]*)>|(?P<sign>##?|[$()|?])|."
)


def regular_expression(source: str, words: Mapping[str, Sequence[str]] | None = None) -> str:
    """A pattern as a regular expression, sign by sign."""

    def one(token: re.Match[str]) -> str:
        if token["gap"]:
            return f"{_GAPS[token['gap']]}{{0,{token['width'] or 6}}}?"
        if token["words"]:
            return f"(?:{'|'.join(map(re.escape, (words or {})[token['words']]))})"
        return _SIGNS[token["sign"]] if token["sign"] else re.escape(token[0])

    return _TOKEN.sub(one, source)


@cache
def packaged_words() -> dict[str, list[str]]:
    """The named words of the packaged lexica; a name means the same in both."""
    words: dict[str, list[str]] = {}
    for name in ("signals.toml", "dialogue.toml"):
        tables = tomli.loads((files("classifier") / "resources" / name).read_text("utf-8"))
        for key, some in tables.get("words", {}).items():
            assert words.setdefault(key, some) == some
    return words
