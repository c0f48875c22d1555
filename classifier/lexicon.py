"""Reads the packaged signal lexicon and compiles its patterns."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from classifier.errors import ResourceError, shorten
from classifier.signals import Guard, Pattern, SignalRules

# Gaps stay in their clause or sentence. Bounded, and at most two in a pattern, so that no pattern
# takes more than linear time.
_GAPS = {"~": "[^,。!?;:⋯\n]", "…": "[^。!?;⋯\n]"}
_DEFAULT_GAP = 6
_MAX_GAP = 20
_MAX_GAPS = 2
_MAX_NUMBER = 9
_DIGITS = "一二两三四五六七八九十几多数百千半俩仨好无n"
_NUMBERS = {
    "#": rf"(?:\d{{1,{_MAX_NUMBER}}}|[{_DIGITS}]{{1,4}})",
    "##": rf"(?:[2-9]|[1-9]\d{{1,8}}|[二两三四五六七八九十几多数百千俩仨好无n][{_DIGITS}]{{0,3}})",
}
_MAX_ANCHORS = 400

_PART = re.compile(r"([~…])(\d{0,2})|(##?)|\(([^()]+)\)(\?)?|([^~…()|?#<>]+)")
_WORDS = re.compile(r"<([^<>]*)>")


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
    """The rules that parsed TOML describes: `words`, `guards`, then one table per signal.

    Raises:
        ResourceError: a guard or word is unknown, a pattern malformed or without a literal.
    """
    words = {name: _texts("words", tables["words"], name) for name in tables.get("words", {})}
    guards = {name: _guard(name, table) for name, table in tables.get("guards", {}).items()}
    return tuple(
        _rules(code, table, guards, words)
        for code, table in tables.items()
        if code not in ("guards", "words")
    )


# Where a pattern stands in its table: whether it must begin and end at word borders, and whether
# the signal's guards hold for it.
_PLACES = {"patterns": (True, True), "inside_words": (False, True), "unguarded": (False, False)}


def _rules(
    code: str,
    table: Mapping[str, object],
    guards: Mapping[str, Guard],
    words: Mapping[str, Sequence[str]],
) -> SignalRules:
    names = _texts(code, table, "guards")
    unknown = [name for name in names if name not in guards]
    if unknown:
        raise ResourceError(f"{code}: guard {shorten(unknown[0])} is none of {', '.join(guards)}")
    idioms = [_expression(code, text, words) for text in _texts(code, table, "idioms")]
    return SignalRules(
        code=code,
        name=str(table.get("name", code)),
        patterns=tuple(
            compile_pattern(code, text, words, at_word_borders=at_borders, guarded=guarded)
            for place, (at_borders, guarded) in _PLACES.items()
            for text in _texts(code, table, place)
        ),
        guards=tuple(guards[name] for name in names),
        idioms=re.compile("|".join(idioms)) if idioms else None,
    )


def compile_pattern(
    code: str,
    source: str,
    words: Mapping[str, Sequence[str]] | None = None,
    *,
    at_word_borders: bool = True,
    guarded: bool = True,
) -> Pattern:
    """A pattern in the lexicon's small language as a regular expression with its anchors.

    Literal text; `(a|b)` one of; `(a|b)?` maybe; `<buy>` one of the named `words`; `~` up to 6
    characters of the same clause, `~9` up to 9; `…9` the same within the sentence; `#` a number,
    `##` two or more.

    >>> compile_pattern("regulator", "(打|拨)~4(12315|12345)").anchors
    ('12315', '12345')

    Raises:
        ResourceError: the pattern is malformed, without a literal, or names unknown words.
    """
    parts = _parts(code, source, words or {})
    anchors = _anchors(parts)
    if not anchors:
        raise ResourceError(f"{code}: pattern {shorten(source)} has no literal text")
    if sum(part.is_gap for part in parts) > _MAX_GAPS:
        raise ResourceError(f"{code}: pattern {shorten(source)} has more than {_MAX_GAPS} gaps")
    return Pattern(
        code=code,
        source=source,
        expression=re.compile("".join(part.expression for part in parts)),
        anchors=anchors,
        max_chars=sum(part.max_chars for part in parts),
        at_word_borders=at_word_borders,
        guarded=guarded,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of a pattern: its expression, longest match, and the literals it needs, if any."""

    expression: str
    max_chars: int
    literals: tuple[str, ...] = ()
    is_gap: bool = False


def _expression(code: str, source: str, words: Mapping[str, Sequence[str]]) -> str:
    return "".join(part.expression for part in _parts(code, source, words))


def _parts(code: str, source: str, words: Mapping[str, Sequence[str]]) -> list[_Part]:
    def choice(match: re.Match[str]) -> str:
        if match.group(1) not in words:
            raise ResourceError(
                f"{code}: words {shorten(match.group())} in {shorten(source)} are not defined"
            )
        return f"({'|'.join(words[match.group(1)])})"

    expanded = _WORDS.sub(choice, source)
    parts: list[_Part] = []
    position = 0
    for match in _PART.finditer(expanded):
        if match.start() != position:
            break
        position = match.end()
        parts.append(_part(code, source, match))
    if position != len(expanded) or not parts:
        raise ResourceError(f"{code}: pattern {shorten(source)} is malformed at {position}")
    return parts


def _part(code: str, source: str, match: re.Match[str]) -> _Part:
    gap, width, number, choice, maybe, literal = match.groups()
    if gap:
        chars = int(width or _DEFAULT_GAP)
        if chars > _MAX_GAP:
            raise ResourceError(f"{code}: gap {gap}{chars} in {shorten(source)}, at most {_MAX_GAP}")
        return _Part(f"{_GAPS[gap]}{{0,{chars}}}?", chars, is_gap=True)
    if number:
        return _Part(_NUMBERS[number], _MAX_NUMBER)
    options = tuple(choice.split("|")) if choice else (literal,)
    if not all(options):
        raise ResourceError(f"{code}: pattern {shorten(source)} has an empty choice")
    expression = f"(?:{'|'.join(map(re.escape, options))}){maybe or ''}"
    return _Part(expression, max(map(len, options)), () if maybe else options)


def _anchors(parts: Sequence[_Part]) -> tuple[str, ...]:
    """The most telling literals of which one is in every match: long, then few.

    Neighbours that touch are multiplied out, as long as that gives few enough.
    """
    candidates: list[tuple[str, ...]] = []
    for first in range(len(parts)):
        run: tuple[str, ...] = ("",)
        for neighbour in parts[first:]:
            if not neighbour.literals or len(run) * len(neighbour.literals) > _MAX_ANCHORS:
                break
            run = tuple(dict.fromkeys(a + b for a, b in product(run, neighbour.literals)))
            candidates.append(run)
    return max(candidates, key=lambda run: (min(map(len, run)), -len(run)), default=())


def _guard(name: str, table: object) -> Guard:
    if not isinstance(table, Mapping):
        raise ResourceError(f"guards.{name} is {shorten(table)}, a table is needed")
    places = {place: table.get(place) for place in ("before", "after", "clause", "sentence")}
    unknown = set(table) - set(places)
    if unknown:
        raise ResourceError(f"guards.{name}: {shorten(min(unknown))} is none of {', '.join(places)}")
    try:
        return Guard(name, **{p: re.compile(str(s)) if s else None for p, s in places.items()})
    except re.error as fault:
        raise ResourceError(f"guards.{name} is no regular expression: {fault}") from fault


def _texts(code: str, table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ResourceError(f"{code}.{key} is {shorten(value)}, a list of texts is needed")
    return value
