"""Reads the packaged signal lexicon and compiles its patterns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import chain, product
from typing import Any, NamedTuple

import tomli

from classifier import programs
from classifier.errors import ResourceError, shorten
from classifier.kernels.patterns import MOST_CHOICES
from classifier.programs import Program
from classifier.signals import Guard, Pattern, SignalRules

# Bounded, and at most two in a pattern, so that no pattern takes more than linear time.
_DEFAULT_GAP, _MAX_GAP, _MAX_GAPS = 6, 20, 2
_GAPS = {"~": programs.gap_in_clause, "…": programs.gap_in_sentence}
_NUMBERS = {"#": programs.number(), "##": programs.plural()}
_NUMBER_STARTS = {
    "#": tuple("0123456789" + programs.NUMERALS),
    "##": tuple("123456789" + programs.PLURALS),
}
# More literals than these would hardly be rarer, and each is a string to watch for: 2,000 took four
# times as long to load and saved a tenth of the tries.
_MAX_NUMBER, _MAX_LITERALS = 9, 200
_TOKEN = re.compile(  # of literal text a run, but what may be absent alone
    r"(?P<gap>[~…])(?P<width>\d{0,2})|##?|[()|?$]|<[^<>]*>|(?:[^~…()|?$#<>](?!\?))+|[^~…()|?$#<>]"
)

_Words = Mapping[str, Sequence[str]]
# Where a pattern stands in its table: whether it must begin and end at word borders, and whether
# the signal's guards hold for it.
_PLACES: dict[str, dict[str, Any]] = {
    "patterns": {},
    "inside_words": {"at_word_borders": False},
    "unguarded": {"at_word_borders": False, "guarded": False},
}
_GUARD_PLACES = ("before", "after", "clause", "leads")  # regular expressions
_SENTENCE = "sentence"  # patterns
_SHARED = ("words", "guards", "needs")


@cache
def packaged_rules() -> tuple[SignalRules, ...]:
    """The rules of `resources/signals.toml`.

    Raises:
        ResourceError: the lexicon breaks its own syntax; names signal and pattern.
    """
    return compile_rules(tomli.loads(_source().decode("utf-8")))


@cache
def signal_names() -> dict[str, str]:
    """What people call each risk signal, in the order of the lexicon."""
    return {rules.code: rules.name for rules in packaged_rules()}


def lexicon_hash() -> str:
    """SHA-256 of the lexicon: a changed lexicon is a changed model."""
    return hashlib.sha256(_source()).hexdigest()


def _source() -> bytes:
    return (files("classifier") / "resources" / "signals.toml").read_bytes()


def compile_rules(tables: Mapping[str, Mapping[str, object]]) -> tuple[SignalRules, ...]:
    """The rules that parsed TOML describes: `words`, `guards`, `needs`, then a table per signal.

    Raises:
        ResourceError: a guard, need or word is unknown, a pattern malformed or without a literal.
    """
    words, guards, needs = (tables.get(name, {}) for name in _SHARED)
    lists = {name: tuple(_texts("words", words, name)) for name in words}
    shared = _Shared(
        lists,
        {name: _guard(name, table, lists) for name, table in guards.items()},
        {name: _regular(f"needs.{name}", source) for name, source in needs.items()},
    )
    signals = [code for code in tables if code not in _SHARED]
    return tuple(_rules(code, tables[code], shared) for code in signals)


class _NamedGuard(NamedTuple):
    """A guard of the lexicon: regular expressions by place, and patterns of the sentence."""

    places: Mapping[str, re.Pattern[str]]
    sentence: tuple[Pattern, ...]


class _Shared(NamedTuple):
    """What signals share, by name."""

    words: _Words
    guards: Mapping[str, _NamedGuard]
    needs: Mapping[str, re.Pattern[str]]


def _rules(code: str, table: Mapping[str, object], shared: _Shared) -> SignalRules:
    asked = _texts(code, table, "guards")
    near = table.get("near", {})
    if not isinstance(near, Mapping):
        raise ResourceError(f"{code}.near is {shorten(near)}, a table is needed")
    for kind, names, known in (("guard", asked, shared.guards), ("need", near, shared.needs)):
        for name in set(names).difference(known):
            raise ResourceError(f"{code}: {kind} {shorten(name)} is none of {', '.join(known)}")
    texts = [(text, how) for place, how in _PLACES.items() for text in _texts(code, table, place)]
    for name in near:
        how = {"at_word_borders": False, "needs": shared.needs[name]}
        texts += [(text, how) for text in _texts(f"{code}.near", near, name)]
    words = shared.words
    guards = [shared.guards[name] for name in asked]
    return SignalRules(
        code=code,
        name=str(table.get("name", code)),
        patterns=tuple(replace(compile_pattern(code, text, words), **how) for text, how in texts),
        guard=_combined([guard.places for guard in guards]),
        idioms=frozenset(
            compile_pattern(code, text, words) for text in _texts(code, table, "idioms")
        ),
        settled_by=frozenset(pattern for guard in guards for pattern in guard.sentence),
    )


def compile_pattern(code: str, source: str, words: _Words | None = None) -> Pattern:
    """A pattern of the language at the top of `resources/signals.toml`, with its anchors.

    >>> compile_pattern("regulator", "(打|拨)~4(12315|12345)").anchor_choices[:2]
    (('打', '拨'), ('12315', '12345'))

    Raises:
        ResourceError: the pattern is malformed, without a literal, or names unknown words.
    """
    phrase = _Reader(code, source, words or {}).phrase
    if not phrase.anchors:
        raise ResourceError(f"{code}: pattern {shorten(source)} has no literal text")
    if len(re.findall("[~…]", source)) > _MAX_GAPS:
        raise ResourceError(f"{code}: pattern {shorten(source)} has more than {_MAX_GAPS} gaps")
    if (n_choices := programs.n_choices(phrase.program)) > MOST_CHOICES:
        raise ResourceError(
            f"{code}: pattern {shorten(source)} has {n_choices} choices, at most {MOST_CHOICES}"
        )
    choices = phrase.choices or (phrase.anchors,)
    return Pattern(code, source, phrase.program, choices, phrase.max_chars)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What is known of a pattern or a piece of one.

    `literals` are all the strings it matches, None if they are not few; `anchors` are literals of
    which one is in every match, empty if there are none; `choices` are other sets of such.
    """

    program: Program
    max_chars: int
    literals: tuple[str, ...] | None
    anchors: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()


class _Reader:
    """Reads one pattern from left to right, its groups by recursion, into `phrase`."""

    def __init__(self, code: str, source: str, words: _Words) -> None:
        self._place = f"{code}: pattern {shorten(source)}"
        self._words = words
        tokens = list(_TOKEN.finditer(source))
        if "".join(token.group() for token in tokens) != source:
            raise ResourceError(f"{self._place} is malformed: a lone < or >")
        self.phrase = self._choice(iter(tokens), closing="")

    def _choice(self, tokens: Iterator[re.Match[str]], *, closing: str) -> _Phrase:
        """The alternatives up to `closing`, which is empty for the end of the pattern."""
        options: list[list[_Phrase]] = [[]]
        found = ""
        for token in tokens:
            match token.group():
                case ")":
                    found = ")"
                    break
                case "(":
                    options[-1].append(self._choice(tokens, closing=")"))
                case "|":
                    options.append([])
                case "?" if options[-1]:
                    last = options[-1].pop()
                    literals = None if last.literals is None else ("", *last.literals)
                    options[-1] += [_Phrase(programs.maybe(last.program), last.max_chars, literals)]
                case "?":
                    raise ResourceError(f"{self._place} is malformed: ? after nothing")
                case _:
                    options[-1].append(self._piece(token))
        if found != closing:
            raise ResourceError(f"{self._place} is malformed: ( without ) or ) without (")
        if not all(options):
            raise ResourceError(f"{self._place} is malformed: an empty choice")
        return _either([_sequence(option) for option in options])

    def _piece(self, token: re.Match[str]) -> _Phrase:
        text = token.group()
        if token["gap"]:
            chars = int(token["width"] or _DEFAULT_GAP)
            if chars > _MAX_GAP:
                raise ResourceError(f"{self._place}: gap {text}, at most {_MAX_GAP}")
            return _Phrase(_GAPS[token["gap"]](chars), chars, None)
        if text in _NUMBERS:
            return _Phrase(_NUMBERS[text], _MAX_NUMBER, None, choices=(_NUMBER_STARTS[text],))
        if text == "$":
            return _Phrase(programs.clause_end(), 0, ("",))
        if not text.startswith("<"):
            alone = (text,)
            return _Phrase(programs.any_of(alone), len(text), alone, alone)
        if text[1:-1] not in self._words:
            raise ResourceError(f"{self._place}: no words {text} are defined")
        words = tuple(self._words[text[1:-1]])
        return _Phrase(programs.any_of(words), max(map(len, words)), words, words)


def _either(options: Sequence[_Phrase]) -> _Phrase:
    if len(options) == 1:
        return options[0]
    literals = [option.literals for option in options]
    anchors = [option.anchors for option in options]
    return _Phrase(
        program=programs.either([option.program for option in options]),
        max_chars=max(option.max_chars for option in options),
        literals=None if None in literals else tuple(chain(*filter(None, literals))),
        anchors=tuple(chain(*anchors)) if all(anchors) else (),
    )


def _sequence(parts: Sequence[_Phrase]) -> _Phrase:
    """The parts in a row; anchors are one's own or neighbours' multiplied out: long, then few."""
    if len(parts) == 1 and parts[0].literals is parts[0].anchors:
        return parts[0]  # most alternatives are one word
    candidates = [part.anchors for part in parts if part.anchors]
    literals = None
    for first in range(len(parts)):
        run: tuple[str, ...] = ("",)
        for part in parts[first:]:
            if part.literals is None or len(run) * len(part.literals) > _MAX_LITERALS:
                break
            run = tuple(a + b for a, b in product(run, part.literals))
            if all(run):
                candidates.append(run)
        else:
            literals = run if first == 0 else literals
    return _Phrase(
        program=programs.sequence(part.program for part in parts),
        max_chars=sum(part.max_chars for part in parts),
        literals=literals,
        anchors=max(candidates, key=lambda run: (min(map(len, run)), -len(run)), default=()),
        choices=(*candidates, *(c for part in parts if not part.anchors for c in part.choices)),
    )


def _combined(guards: Sequence[Mapping[str, re.Pattern[str]]]) -> Guard:
    """One guard that holds where any of several does: one search a place, not one for each."""
    places: dict[str, re.Pattern[str]] = {}
    for place in _GUARD_PLACES:
        sources = [guard[place].pattern for guard in guards if place in guard]
        if sources:
            places[place] = re.compile("|".join(f"(?:{source})" for source in sources))
    return Guard(**places)


def _guard(name: str, table: object, words: _Words) -> _NamedGuard:
    allowed = (*_GUARD_PLACES, _SENTENCE)
    if not isinstance(table, Mapping) or not set(table) <= set(allowed):
        raise ResourceError(f"guards.{name} is {shorten(table)}, keys are {', '.join(allowed)}")
    place = f"guards.{name}"
    return _NamedGuard(
        {key: _regular(f"{place}.{key}", table[key]) for key in table if key != _SENTENCE},
        tuple(compile_pattern(place, text, words) for text in _texts(place, table, _SENTENCE)),
    )


def _regular(place: str, source: object) -> re.Pattern[str]:
    try:
        return re.compile(str(source))
    except re.error as fault:
        raise ResourceError(f"{place} is no regular expression: {fault}") from fault


def _texts(code: str, table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ResourceError(f"{code}.{key} is {shorten(value)}, a list of texts is needed")
    return value
