"""Every expression of the project against strings made to be slow for it.

`python -m tests.show.expressions` walks the modules and what their caches hold: regular expressions
and the patterns of the lexica, which are programs of our own.
From the parse tree of each expression come strings that pump each of its repeats, its characters
and its whole matches to `--chars` characters; where a search takes more than a walk over the text,
one text of 16 times the length is timed against 16 texts. The exit status is 1 if a time grows
faster than the text.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
import re
import signal
import sys
import time
from collections.abc import Iterator
from functools import cache, cached_property
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType

import click

from classifier.lookup import code_points, joined
from classifier.programs import alone
from classifier.signals import Pattern
from tests.classifier.regular import packaged_words, regular_expression

PACKAGES = ("classifier", "training", "service")
_QUICK_SECONDS = 5e-7  # for a character: a search at this pace is linear, whatever it does
# Quadratic time is 16 times as long for one text of 16 times the length as for 16 short ones.
_GROWTH, _MOST_GROWTH = 16, 4.0
_LONG_SECONDS, _LEAST_CHARS = 0.02, 100
_SURE_SECONDS = 0.1  # 16,000 characters in quadratic time are over 100 million steps: 0.25 s
_MOST_SECONDS = 2.0
_TAILS = ("", "\x00", "!a")
_MOST_CHARS = 12  # of a set that are tried alone
_PACE_OF_LINEAR = 1e-3  # seconds for a character, the longest of bounded repeats

_CACHED = type(cache(len))


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """A pattern of a lexicon with the face of a regular expression, and one for its attacks."""

    source: Pattern

    @property
    def pattern(self) -> str:
        """The same as a regular expression."""
        return regular_expression(self.source.source, packaged_words())

    @property
    def flags(self) -> int:
        """None."""
        return 0

    def finditer(self, text: str) -> Iterator[tuple[int, int]]:
        """All matches of the program in a text; it cannot be interrupted."""
        matcher, codes, place = alone(self.source.program), code_points(joined([text])), 0
        while span := matcher.search(codes, 0, place, len(text)):
            yield span
            place = span[1]


Expression = re.Pattern[str] | re.Pattern[bytes] | Program


@dataclasses.dataclass(frozen=True, slots=True)
class Slow:
    """An expression whose time grows too fast, and by what it was seen."""

    pattern: str
    attack: str


def expressions() -> dict[Expression, str]:
    """The expressions that modules hold, with the name of a module that holds each."""
    found: dict[Expression, str] = {}
    for module in _modules():
        seen: set[int] = set()
        for value in list(vars(module).values()):
            if isinstance(value, _CACHED) and value.__module__ == module.__name__:
                for made in _made(value):
                    _walk(made, module.__name__, found, seen)
            else:
                _walk(value, module.__name__, found, seen)
    return found


def _modules() -> list[ModuleType]:
    for package in PACKAGES:
        folder = importlib.import_module(package)
        for info in pkgutil.walk_packages(folder.__path__, f"{package}."):
            if not info.name.endswith("__main__") and ".migrations" not in info.name:
                importlib.import_module(info.name)
    return [
        module for name, module in sorted(sys.modules.items()) if name.split(".")[0] in PACKAGES
    ]


def _made(function: object) -> Iterator[object]:
    """What a cached function without arguments, or with one flag, makes."""
    code = function.__wrapped__.__code__  # type: ignore[attr-defined]
    if code.co_argcount == 0 and not code.co_kwonlyargcount:
        yield function()  # type: ignore[operator]
    elif code.co_argcount == 0 and code.co_kwonlyargcount == 1:
        for flag in (False, True):
            yield function(**{code.co_varnames[0]: flag})  # type: ignore[operator]


def _walk(value: object, name: str, found: dict[Expression, str], seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    inside: list[object] = []
    if isinstance(value, re.Pattern):
        found.setdefault(value, name)
    elif isinstance(value, Pattern):
        found.setdefault(Program(value), name)
        _walk(value.needs, name, found, seen)
    elif isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inside = list(value)
    elif type(value).__module__.split(".")[0] in PACKAGES and not isinstance(value, type):
        keys = {*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())}
        kept = vars(type(value)).items()
        keys |= {key for key, made in kept if isinstance(made, cached_property)}
        inside = [getattr(value, key, None) for key in keys]
        inside += [getattr(value, "__self__", None)]
    for one in inside:
        _walk(one, name, found, seen)


def attacks(pattern: str, flags: int) -> Iterator[tuple[str, str, str]]:
    """Beginning, what is repeated, and end of strings that may be slow for an expression."""
    tree = _parser.parse(pattern, flags)
    chars = dict.fromkeys(_chars(tree))
    for char in list(chars)[:_MOST_CHARS]:
        yield "", char, "\x00"
    for choice in (0, -1):
        whole = _sample(tree, choice)
        if whole:
            yield "", whole, ""
            yield "", whole[:-1] or whole, "\x00"
        for before, pump in _repeats(tree, choice):
            for tail in _TAILS:
                yield before, pump, tail


def _repeats(tree: object, choice: int, before: str = "") -> Iterator[tuple[str, str]]:
    """For each repeat what stands before it, and what it repeats."""
    for op, value in tree:  # type: ignore[attr-defined]
        if op in _REPEATS:
            pump = _sample(value[2], choice)
            if pump:
                yield before, pump
        for branch in _inside(op, value):
            yield from _repeats(branch, choice, before)
        before += _sample([(op, value)], choice)


_REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}


def _inside(op: object, value: object) -> list[object]:
    match op:
        case ops.SUBPATTERN:
            return [value[3]]  # type: ignore[index]
        case ops.BRANCH:
            return list(value[1])  # type: ignore[index]
        case ops.ASSERT | ops.ASSERT_NOT:
            return [value[1]]  # type: ignore[index]
        case ops.ATOMIC_GROUP:
            return [value]
        case _ if op in _REPEATS:
            return [value[2]]  # type: ignore[index]
    return []


def _sample(tree: object, choice: int) -> str:
    """A short string that the tree matches, but for what stands around it."""
    made = ""
    for op, value in tree:  # type: ignore[attr-defined]
        match op:
            case ops.LITERAL | ops.NOT_LITERAL | ops.ANY | ops.IN:
                made += next(iter(_members(op, value, choice)), "")
            case ops.BRANCH:
                made += _sample(value[1][choice], choice)
            case ops.GROUPREF:
                made += made[-1:]
            case _ if op in _REPEATS:
                made += _sample(value[2], choice) * max(value[0], min(value[1], -choice))
            case ops.SUBPATTERN | ops.ATOMIC_GROUP:
                made += _sample(_inside(op, value)[0], choice)
    return made


def _members(op: object, value: object, choice: int = 0) -> list[str]:
    """Characters that one place matches."""
    if op is ops.LITERAL:
        return [chr(value)]  # type: ignore[arg-type]
    if op is ops.IN:
        parts = list(value)  # type: ignore[call-overload]
        if parts[0][0] is not ops.NEGATE:
            found = [char for part in parts for char in _of_set(*part)]
            return found[choice:] + found[:choice]
        refused = {char for part in parts[1:] for char in _of_set(*part)}
        return [char for char in "a1 退!<" if char not in refused]
    return ["a", "1"]


_CLASSES = {
    ops.CATEGORY_DIGIT: "1", ops.CATEGORY_SPACE: " \n", ops.CATEGORY_WORD: "a1",
    ops.CATEGORY_NOT_DIGIT: "a", ops.CATEGORY_NOT_SPACE: "a", ops.CATEGORY_NOT_WORD: " ",
}  # fmt: skip


def _of_set(op: object, value: object) -> list[str]:
    match op:
        case ops.LITERAL:
            return [chr(value)]  # type: ignore[arg-type]
        case ops.RANGE:
            return [chr(value[0]), chr(value[1])]  # type: ignore[index]
        case ops.CATEGORY:
            return list(_CLASSES[value])
    return []


def _chars(tree: object) -> Iterator[str]:
    for op, value in tree:  # type: ignore[attr-defined]
        if op in {ops.LITERAL, ops.IN, ops.ANY}:
            yield from _members(op, value)[:2]
        for branch in _inside(op, value):
            yield from _chars(branch)


def slow(expression: Expression, chars: int) -> tuple[Slow | None, int]:
    """What the expression is slow for, if anything, and how many strings were tried."""
    source = expression.pattern
    text = source if isinstance(source, str) else source.decode("latin-1")
    signal.signal(signal.SIGVTALRM, _give_up)  # the search looks for signals while it runs
    tried = dict.fromkeys(attacks(text, expression.flags & ~re.UNICODE))
    for parts in tried:
        seconds = _seconds(expression, *parts, chars)
        if seconds < chars * _QUICK_SECONDS:
            continue
        if seconds < _LONG_SECONDS:
            if _seconds(expression, *parts, chars * _GROWTH) < _SURE_SECONDS:
                continue
            fitting = chars
        else:
            fitting = max(_LEAST_CHARS, int(chars * _LONG_SECONDS / seconds))
        if all(_grows(expression, parts, fitting) for _ in range(3)):  # a busy machine has one slip
            shown = f"{parts[0]!r} + {parts[1]!r} * n + {parts[2]!r}"
            return Slow(text, shown), len(tried)
    return None, len(tried)


def _grows(expression: Expression, parts: tuple[str, str, str], chars: int) -> bool:
    """Whether one long text takes longer than as many characters in short ones.

    Both take the same time where it is linear, so that a busy machine slows both.
    """
    parted = sum(_seconds(expression, *parts, chars) for _ in range(_GROWTH))
    whole = _seconds(expression, *parts, chars * _GROWTH)
    return whole > parted * _MOST_GROWTH or whole > _PACE_OF_LINEAR * chars * _GROWTH


def _seconds(expression: Expression, before: str, pump: str, tail: str, chars: int) -> float:
    text = before + pump * (chars // len(pump)) + tail
    sent = text if isinstance(expression.pattern, str) else text.encode("latin-1", "replace")
    start = time.perf_counter()
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_SECONDS)
    try:
        for _ in expression.finditer(sent):  # type: ignore[arg-type]
            pass
    except TimeoutError:
        return math.inf
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.perf_counter() - start


def _give_up(_number: int, _frame: object) -> None:
    raise TimeoutError


@click.command()
@click.option("--chars", type=click.IntRange(500, 50_000), default=1000, show_default=True)
def main(chars: int) -> None:
    """Try all expressions; print what is slow, and how many there were."""
    start, tried, found = time.perf_counter(), 0, 0
    everything = expressions()
    for expression, name in everything.items():
        fault, count = slow(expression, chars)
        tried += count
        if fault:
            found += 1
            click.echo(f"{name}: {fault.pattern[:150]!r} is slow for {fault.attack[:100]}")
    seconds = time.perf_counter() - start
    click.echo(
        f"{len(everything)} expressions, {tried} strings of {chars} characters and more, "
        f"{found} slow, {seconds:.0f} s"
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
