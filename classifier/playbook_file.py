"""Reads and checks `playbook.toml`; a playbook with a mistake never suggests anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from classifier import toml_document
from classifier.errors import PlaybookError
from classifier.playbook import (
    MAX_STEPS,
    CategoryEntry,
    LevelEntry,
    Mood,
    Playbook,
    SignalEntry,
)
from classifier.policy_table import Mistakes, Table
from classifier.prediction import Priority
from classifier.toml_lines import Path as Place

MAX_SENTENCE_CHARS = 60  # of a level, a category, an `also`
MAX_OPENING_CHARS = 100  # of a signal, which says it all
MAX_STEP_CHARS = 40
_SECTIONS = ("version", "min_band", "words", "levels", "default", "categories", "signals",
             "priorities", "doubt")  # fmt: skip
_WORDS = {
    "promise": "an opening promises nothing",
    "dispute": "an opening does not argue or blame",
    "fault": "an opening admits no fault",
    "forms": "an opening is not familiar",
}
_ENDS = ("。", "！", "？")
_DIGITS = re.compile(r"\d+")


def packaged_path() -> Path:
    """Where the packaged playbook lies."""
    with as_file(files("classifier") / "playbook.toml") as path:
        return path


def load_playbook(path: Path | None = None) -> Playbook:
    """The playbook of a TOML file, or the packaged one.

    Raises:
        PlaybookError: the file cannot be read, is not TOML, or breaks a rule; names the places.
    """
    source = packaged_path() if path is None else path
    return toml_document.load(source, "playbook", parse_playbook, PlaybookError)


def parse_playbook(content: bytes) -> Playbook:
    """The playbook that the bytes of a TOML file describe.

    Raises:
        PlaybookError: they are too many, no TOML, or break a rule; its `mistakes` are all of them.
    """
    found = toml_document.parse(content, PlaybookError)
    return check_playbook(found.values, lines=found.lines, digest=found.digest)


def check_playbook(
    values: Mapping[str, object],
    *,
    lines: Mapping[Place, int] | None = None,
    digest: str = "",
) -> Playbook:
    """The playbook that parsed TOML describes.

    Raises:
        PlaybookError: an entry is missing, unknown, too long, or says what no opening may say.
    """
    mistakes = Mistakes(lines, file="playbook")
    playbook = _Reader(Table(values, (), mistakes), mistakes).playbook(digest)
    toml_document.refuse(mistakes, PlaybookError)
    return playbook


class _Reader:
    """Reads one file; knows which words its openings may not hold."""

    def __init__(self, root: Table, mistakes: Mistakes) -> None:
        self._root = root.closed(*_SECTIONS)
        self._mistakes = mistakes
        words = root.table("words").closed(*_WORDS, "numbers")
        self._refused = {key: tuple(filter(None, words.texts(key))) for key in _WORDS}
        self._numbers = frozenset(words.texts("numbers"))

    def playbook(self, digest: str) -> Playbook:
        """The playbook as far as it can be read."""
        root = self._root
        doubt = root.table("doubt").closed("steps")
        return Playbook(
            version=root.text("version"),
            content_hash=digest,
            min_band=root.band("min_band"),
            levels=self._levels(),
            default=self._category(root.table("default")),
            categories={code: self._category(entry) for code, entry in root.entries("categories")},
            signals={code: self._signal(entry) for code, entry in root.entries("signals")},
            priorities=self._priorities(),
            doubt=self._steps(doubt, 1),
        )

    def _levels(self) -> dict[str, LevelEntry]:
        table = self._root.table("levels")
        found = {code: self._level(table.table(code)) for code in table.values}
        ranks = [entry.min_rank for entry in found.values()]
        if not found or ranks[0] != 0:
            table.refuse("must begin with a level whose min_rank is 0")
        if sorted(set(ranks)) != ranks:
            table.refuse("must be listed from the calmest on, each min_rank above the one before")
        return found

    def _level(self, table: Table) -> LevelEntry:
        table.closed("name", "min_rank", "mood", "opening", "steps")
        return LevelEntry(
            name=table.text("name"),
            min_rank=table.number("min_rank", 0, 1),
            mood=Mood(table.one_of("mood", [mood.value for mood in Mood])),
            opening=self._sentence(table, "opening"),
            steps=self._steps(table, 1),
        )

    def _category(self, table: Table) -> CategoryEntry:
        table.closed(*Mood, "steps")
        openings = {mood: self._sentence(table, mood) for mood in Mood}
        return CategoryEntry(openings, self._steps(table, 2))

    def _signal(self, table: Table) -> SignalEntry:
        table.closed("steps", "opening", "also", "first", "alone")
        is_alone = table.flag("alone")
        needs_opening = is_alone or table.has("opening")
        if is_alone and (table.has("also") or table.has("first")):
            table.refuse("is alone: also and first have no meaning there")
        return SignalEntry(
            steps=self._steps(table, 2 if is_alone else 1),
            opening=self._sentence(table, "opening", MAX_OPENING_CHARS) if needs_opening else None,
            also=self._sentence(table, "also") if table.has("also") else None,
            is_first=table.flag("first"),
            is_alone=is_alone,
        )

    def _priorities(self) -> dict[Priority, tuple[str, ...]]:
        if not self._root.has("priorities"):
            return {}
        table = self._root.table("priorities").closed(*Priority.__members__)
        return {
            priority: self._steps(table.table(name).closed("steps"), 1)
            for name, priority in Priority.__members__.items()
            if table.has(name)
        }

    def _sentence(self, table: Table, key: str, limit: int = MAX_SENTENCE_CHARS) -> str:
        """What is said to a customer: whole sentences in one line, short, free of refused words."""
        found = table.text(key)
        if not found:
            return found
        if len(found) > limit or not found.endswith(_ENDS) or not found.isprintable():
            allowed = (
                f"one line of at most {limit} characters that ends with one of {' '.join(_ENDS)}"
            )
            table.wrong(key, f"{len(found)} characters; {allowed} is needed")
        place = (*table.path, key)
        for kind, why in _WORDS.items():
            for word in self._refused[kind]:
                if word in found:
                    self._mistakes.note(place, f"holds {word!r} of words.{kind}: {why}")
        for number in _DIGITS.findall(found):
            if number not in self._numbers:
                why = "figures look like money or dates, allowed are those of words.numbers"
                self._mistakes.note(place, f"holds {number!r}: {why}")
        return found

    def _steps(self, table: Table, least: int) -> tuple[str, ...]:
        """What an agent is told to do."""
        found = table.texts("steps")
        is_list = isinstance(table.values.get("steps", []), list)  # else it is noted already
        if is_list and not least <= len(found) <= MAX_STEPS:
            table.wrong("steps", f"a list of {least}-{MAX_STEPS} texts is needed")
        for number, step in enumerate(found, start=1):
            is_short = 1 <= len(step) <= MAX_STEP_CHARS and step.isprintable()
            if not is_short or not step.endswith("。"):
                needed = f"one line of at most {MAX_STEP_CHARS} characters that ends with 。"
                message = f"has {len(step)} characters; {needed} is needed"
                self._mistakes.note((*table.path, "steps", number), message)
        return found
