"""Reads the packaged signal lexicon and compiles its patterns."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import chain, product

from classifier.errors import ResourceError, shorten
from classifier.signals import Guard, Pattern, SignalRules

# Gaps stay in their clause or sentence. Bounded, and at most two in a pattern, so that no pattern
# takes more than linear time.
_GAPS = {"~": "[^,。!?;:⋯\n]", "…": "[^。!?;⋯\n]"}
_DEFAULT_GAP = 6
_MAX_GAP = 20
_MAX_GAPS = 2
_DIGITS = "一二两三四五六七八九十几多数百千半俩仨好无n"
_NUMBERS = {
    "#": rf"(?:\d{{1,9}}|[{_DIGITS}]{{1,4}})",
    "##": rf"(?:[2-9]|[1-9]\d{{1,8}}|[二两三四五六七八九十几多数百千俩仨好无n][{_DIGITS}]{{0,3}})",
}
_MAX_NUMBER = 9
_CLAUSE_END = r"(?=[,。!?;:⋯~\n、 .]|\Z)"
_MAX_LITERALS = 2000

_TOKEN = re.compile(r"(?P<gap>[~…])(?P<width>\d{0,2})|##?|[()|?$]|<[^<>]*>|[^~…()|?$#<>]")


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


# Where a pattern stands in its table: whether it must begin and end at word borders, and whether
# the signal's guards hold for it.
_PLACES = {"patterns": (True, True), "inside_words": (False, True), "unguarded": (False, False)}
_GUARD_PLACES = ("before", "after", "clause", "leads", "sentence")
_SHARED = ("words", "guards", "needs")


def compile_rules(tables: Mapping[str, Mapping[str, object]]) -> tuple[SignalRules, ...]:
    """The rules that parsed TOML describes: `words`, `guards`, `needs`, then a table per signal.

    Raises:
        ResourceError: a guard, need or word is unknown, a pattern malformed or without a literal.
    """
    words, guards, needs = (tables.get(name, {}) for name in _SHARED)
    shared = _Shared(
        words={name: _texts("words", words, name) for name in words},
        guards={name: _guard(name, table) for name, table in guards.items()},
        needs={name: _regular("needs", name, source) for name, source in needs.items()},
    )
    return tuple(_rules(code, table, shared) for code, table in tables.items() if code not in _SHARED)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What signals share, by name."""

    words: Mapping[str, Sequence[str]]
    guards: Mapping[str, Guard]
    needs: Mapping[str, re.Pattern[str]]


def _rules(code: str, table: Mapping[str, object], shared: _Shared) -> SignalRules:
    names = _texts(code, table, "guards")
    near = table.get("near", {})
    near = near if isinstance(near, Mapping) else {}
    for kind, asked, known in (("guard", names, shared.guards), ("need", near, shared.needs)):
        for name in asked:
            if name not in known:
                raise ResourceError(f"{code}: {kind} {shorten(name)} is none of {', '.join(known)}")
    words = shared.words
    patterns = [
        compile_pattern(code, text, words, at_word_borders=at_borders, guarded=guarded)
        for place, (at_borders, guarded) in _PLACES.items()
        for text in _texts(code, table, place)
    ]
    patterns += [
        replace(compile_pattern(code, text, words, at_word_borders=False), needs=shared.needs[name])
        for name in near
        for text in _texts(f"{code}.near", near, name)
    ]
    idioms = [_phrase(code, text, words).expression for text in _texts(code, table, "idioms")]
    return SignalRules(
        code=code,
        name=str(table.get("name", code)),
        patterns=tuple(patterns),
        guards=tuple(shared.guards[name] for name in names),
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

    The language is described at the top of `resources/signals.toml`.

    >>> compile_pattern("regulator", "(打|拨)~4(12315|12345)").anchors
    ('12315', '12345')

    Raises:
        ResourceError: the pattern is malformed, without a literal, or names unknown words.
    """
    phrase = _phrase(code, source, words or {})
    if not phrase.anchors:
        raise ResourceError(f"{code}: pattern {shorten(source)} has no literal text")
    if phrase.gaps > _MAX_GAPS:
        raise ResourceError(f"{code}: pattern {shorten(source)} has more than {_MAX_GAPS} gaps")
    return Pattern(
        code=code,
        source=source,
        expression=re.compile(phrase.expression),
        anchors=phrase.anchors,
        max_chars=phrase.max_chars,
        at_word_borders=at_word_borders,
        guarded=guarded,
        needs=None,
    )


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What is known of a pattern or a piece of one.

    `literals` are all the strings it matches, None if they are not few; `anchors` are literals of
    which one is in every match, empty if there are none.
    """

    expression: str
    max_chars: int
    literals: tuple[str, ...] | None
    anchors: tuple[str, ...] = ()
    gaps: int = 0


def _phrase(code: str, source: str, words: Mapping[str, Sequence[str]]) -> _Phrase:
    """The pattern read from left to right; groups by recursion."""
    tokens = list(_TOKEN.finditer(source))
    place = f"{code}: pattern {shorten(source)}"
    if "".join(token.group() for token in tokens) != source:
        raise ResourceError(f"{place} is malformed: a lone < or >")
    phrase, end = _choice(place, tokens, 0, words)
    if end != len(tokens):
        raise ResourceError(f"{place} is malformed: ) without (")
    return phrase


def _choice(
    place: str, tokens: Sequence[re.Match[str]], at: int, words: Mapping[str, Sequence[str]]
) -> tuple[_Phrase, int]:
    """The alternatives from token `at` to the end of their group, and where that is."""
    options: list[list[_Phrase]] = [[]]
    while at < len(tokens) and (token := tokens[at].group()) != ")":
        at += 1
        if token == "|":
            options.append([])
        elif token == "?":
            if not options[-1]:
                raise ResourceError(f"{place} is malformed: ? after nothing")
            last = options[-1].pop()
            literals = None if last.literals is None else ("", *last.literals)
            options[-1].append(_Phrase(f"(?:{last.expression})?", last.max_chars, literals, (), last.gaps))
        elif token == "(":
            group, at = _choice(place, tokens, at, words)
            if at == len(tokens):
                raise ResourceError(f"{place} is malformed: ( without )")
            options[-1].append(group)
            at += 1
        else:
            options[-1].append(_piece(place, tokens[at - 1], words))
    if not all(options):
        raise ResourceError(f"{place} is malformed: an empty choice")
    return _either([_sequence(option) for option in options]), at


def _piece(place: str, token: re.Match[str], words: Mapping[str, Sequence[str]]) -> _Phrase:
    text = token.group()
    if token["gap"]:
        chars = int(token["width"] or _DEFAULT_GAP)
        if chars > _MAX_GAP:
            raise ResourceError(f"{place}: gap {text}, at most {_MAX_GAP}")
        return _Phrase(f"{_GAPS[token['gap']]}{{0,{chars}}}?", chars, None, gaps=1)
    if text in _NUMBERS:
        return _Phrase(_NUMBERS[text], _MAX_NUMBER, None)
    if text == "$":
        return _Phrase(_CLAUSE_END, 0, ("",))
    if text.startswith("<"):
        if text[1:-1] not in words:
            raise ResourceError(f"{place}: no words {text} are defined")
        return _either([_sequence([_literal(char) for char in word]) for word in words[text[1:-1]]])
    return _literal(text)


def _literal(text: str) -> _Phrase:
    return _Phrase(re.escape(text), len(text), (text,), (text,))


def _either(options: Sequence[_Phrase]) -> _Phrase:
    if len(options) == 1:
        return options[0]
    literals = [option.literals for option in options]
    anchors = [option.anchors for option in options]
    return _Phrase(
        expression=f"(?:{'|'.join(option.expression for option in options)})",
        max_chars=max(option.max_chars for option in options),
        literals=None if None in literals else _distinct(chain(*filter(None, literals))),
        anchors=_distinct(chain(*anchors)) if all(anchors) else (),
        gaps=max(option.gaps for option in options),
    )


def _sequence(parts: Sequence[_Phrase]) -> _Phrase:
    """The parts one after the other.

    Anchors are the most telling of their own and of neighbours multiplied out: long, then few.
    """
    candidates = [part.anchors for part in parts if part.anchors]
    literals: tuple[str, ...] | None = None
    for first in range(len(parts)):
        run: tuple[str, ...] = ("",)
        for part in parts[first:]:
            if part.literals is None or len(run) * len(part.literals) > _MAX_LITERALS:
                break
            run = _distinct(a + b for a, b in product(run, part.literals))
            if all(run):
                candidates.append(run)
        else:
            literals = run if first == 0 else literals
    return _Phrase(
        expression="".join(part.expression for part in parts),
        max_chars=sum(part.max_chars for part in parts),
        literals=literals,
        anchors=max(candidates, key=lambda run: (min(map(len, run)), -len(run)), default=()),
        gaps=sum(part.gaps for part in parts),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _guard(name: str, table: object) -> Guard:
    if not isinstance(table, Mapping) or not set(table) <= set(_GUARD_PLACES):
        raise ResourceError(f"guards.{name} is {shorten(table)}, keys are {', '.join(_GUARD_PLACES)}")
    found = {place: _regular(f"guards.{name}", place, source) for place, source in table.items()}
    return Guard(name, **{place: found.get(place) for place in _GUARD_PLACES})


def _regular(table: str, key: str, source: object) -> re.Pattern[str]:
    try:
        return re.compile(str(source))
    except re.error as fault:
        raise ResourceError(f"{table}.{key} is no regular expression: {fault}") from fault


def _texts(code: str, table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ResourceError(f"{code}.{key} is {shorten(value)}, a list of texts is needed")
    return value
