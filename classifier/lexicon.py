"""Reads the packaged signal lexicon and compiles its patterns."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import product

from classifier.errors import ResourceError, shorten
from classifier.signals import Guard, Pattern, SignalRules

# A gap stays in its sentence. Bounded, so that no pattern can take more than linear time.
_GAP_CHARS = "[^。!?;\n]"
_DEFAULT_GAP = 6
_MAX_GAP = 20
_TOKEN = re.compile(r"~(\d{0,2})|\(([^()]+)\)(\?)?|#|([^~()|?#]+)")


@cache
def packaged_rules() -> tuple[SignalRules, ...]:
    """The rules of `resources/signals.toml`.

    Raises:
        ResourceError: the lexicon breaks its own syntax; names signal and pattern.
    """
    return compile_rules(tomllib.loads(_source().decode("utf-8")))


def lexicon_hash() -> str:
    """SHA-256 of the lexicon: a changed lexicon is a changed model."""
    return hashlib.sha256(_source()).hexdigest()


def _source() -> bytes:
    return (files("classifier") / "resources" / "signals.toml").read_bytes()


def compile_rules(tables: Mapping[str, Mapping[str, object]]) -> tuple[SignalRules, ...]:
    """The rules that parsed TOML describes: `guards` by name, then one table per signal.

    Raises:
        ResourceError: a guard is unknown, a pattern malformed or without a literal.
    """
    guards = {name: _guard(name, table) for name, table in tables.get("guards", {}).items()}
    return tuple(
        _rules(code, table, guards) for code, table in tables.items() if code != "guards"
    )


def _rules(code: str, table: Mapping[str, object], guards: Mapping[str, Guard]) -> SignalRules:
    names = _texts(code, table, "guards")
    unknown = [name for name in names if name not in guards]
    if unknown:
        raise ResourceError(f"{code}: guard {shorten(unknown[0])} is none of {', '.join(guards)}")
    inside = [compile_pattern(code, text, at_word_borders=False) for text in _texts(code, table, "inside_words")]
    at_borders = [compile_pattern(code, text, at_word_borders=True) for text in _texts(code, table, "patterns")]
    idioms = _texts(code, table, "idioms")
    return SignalRules(
        code=code,
        name=str(table.get("name", code)),
        patterns=(*at_borders, *inside),
        guards=tuple(guards[name] for name in names),
        idioms=re.compile("|".join(_translate(code, idiom) for idiom in idioms)) if idioms else None,
    )


def compile_pattern(code: str, source: str, *, at_word_borders: bool) -> Pattern:
    """A pattern in the lexicon's small language as a regular expression with its anchors.

    Literal text; `(a|b)` one of; `(a|b)?` maybe; `~` up to 6 characters of the same sentence, `~9`
    up to 9; `#` a number.

    >>> compile_pattern("regulator", "(打|拨)~4(12315|12345)", at_word_borders=True).anchors
    ('12315', '12345')
    """
    expression = re.compile(_translate(code, source))
    parts = [
        (match.group(2) or match.group(4)).split("|")
        for match in _TOKEN.finditer(source)
        if (match.group(2) and not match.group(3)) or match.group(4)
    ]
    if not parts:
        raise ResourceError(f"{code}: pattern {shorten(source)} has no literal text")
    anchors = max(_joined(source, parts), key=lambda options: min(map(len, options)))
    return Pattern(code, expression, tuple(anchors), at_word_borders)


def _joined(source: str, parts: Sequence[list[str]]) -> list[list[str]]:
    """Candidates for anchors: each part by itself, and neighbours that touch, multiplied out."""
    candidates = list(parts)
    touching = re.fullmatch(r"(?:\([^()]+\)|[^~()|?#]+){2,3}", source)
    if touching and not re.search(r"\)\?", source):
        combined = ["".join(choice) for choice in product(*parts)]
        if len(combined) <= 64:
            candidates.append(combined)
    return candidates


def _translate(code: str, source: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in _TOKEN.finditer(source):
        if match.start() != position:
            break
        position = match.end()
        gap, options, maybe, literal = match.groups()
        if options:
            pieces.append(f"(?:{'|'.join(map(re.escape, options.split('|')))}){maybe or ''}")
        elif literal:
            pieces.append(re.escape(literal))
        elif match.group() == "#":
            pieces.append(r"(?:\d{1,9}|[一二两三四五六七八九十几多数百半]{1,3})")
        else:
            width = int(gap or _DEFAULT_GAP)
            if width > _MAX_GAP:
                raise ResourceError(f"{code}: gap ~{width} in {shorten(source)}, at most {_MAX_GAP}")
            pieces.append(f"{_GAP_CHARS}{{0,{width}}}?")
    if position != len(source) or not source:
        raise ResourceError(f"{code}: pattern {shorten(source)} is malformed at {position}")
    return "".join(pieces)


def _guard(name: str, table: object) -> Guard:
    if not isinstance(table, Mapping):
        raise ResourceError(f"guards.{name} is {shorten(table)}, a table is needed")
    compiled = {}
    for place in ("before", "after", "clause"):
        source = table.get(place)
        compiled[place] = re.compile(str(source)) if source else None
    return Guard(name, compiled["before"], compiled["after"], compiled["clause"])


def _texts(code: str, table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ResourceError(f"{code}.{key} is {shorten(value)}, a list of texts is needed")
    return value
