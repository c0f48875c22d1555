"""From prediction and decision to a suggested reply: an opening line and steps for the agent.

People decide and people send. The suggestion is a pure function of its arguments, and names every
entry of the playbook that it was put together from. It never holds complaint text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from classifier.prediction import Band, Outcome, Prediction, Priority, bands_from

MAX_STEPS = 5


class Mood(StrEnum):
    """How much feeling the sentence of a category answers."""

    CALM = "calm"
    ANGRY = "angry"
    FURIOUS = "furious"


@dataclass(frozen=True, slots=True)
class LevelEntry:
    """What is said and done at a level of anger, from `min_rank` of the model's scale on."""

    name: str
    min_rank: float
    mood: Mood
    opening: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """What is said, by mood, and done about a category."""

    openings: Mapping[Mood, str]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignalEntry:
    """What a risk signal adds; `opening` takes the place of those of level and category."""

    steps: tuple[str, ...]
    opening: str | None = None
    also: str | None = None  # a sentence after the opening
    is_first: bool = False  # all its steps are given, before any other
    is_alone: bool = False  # nothing else is suggested


@dataclass(frozen=True, slots=True)
class Playbook:
    """A checked playbook file; `classifier.playbook_file` reads it."""

    version: str
    content_hash: str
    min_band: Band
    levels: Mapping[str, LevelEntry]  # the calmest first
    default: CategoryEntry
    categories: Mapping[str, CategoryEntry]
    signals: Mapping[str, SignalEntry]  # the gravest first
    priorities: Mapping[Priority, tuple[str, ...]]
    doubt: tuple[str, ...]

    def level(self, rank: float) -> str:
        """The entry for a place on the model's scale; the calmest one for what lies below all.

        >>> from classifier.playbook_file import load_playbook
        >>> load_playbook().level(0.8)
        'furious'
        """
        codes = list(self.levels)
        reached = [code for code in codes if self.levels[code].min_rank <= rank]
        return reached[-1] if reached else codes[0]


class Decided(Protocol):
    """What is looked at of a decision; `classifier.prediction.Decision` is one."""

    @property
    def priority(self) -> Priority:
        """How urgent it is."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What an agent may say first and do next; `sources` are the playbook's entries behind it."""

    opening: str
    steps: tuple[str, ...]
    sources: tuple[str, ...]
    is_urgent: bool = False  # somebody's safety comes first

    def as_json(self) -> dict[str, object]:
        """The suggestion as JSON values."""
        return {
            "opening": self.opening,
            "steps": list(self.steps),
            "sources": list(self.sources),
        }


class _Block(NamedTuple):
    """Steps of one entry, and how early it may choose when there is not room for all."""

    source: str
    steps: tuple[str, ...]
    rank: int
    is_first: bool = False


def suggest(prediction: Prediction, decision: Decided, playbook: Playbook) -> Suggestion:
    """What the playbook suggests: signals outrank the category, safety comes before everything.

    >>> from classifier.playbook_file import load_playbook
    >>> from classifier.policy import decide
    >>> from classifier.policy_file import load_policy
    >>> from classifier.recorded import read_recorded
    >>> found = read_recorded({"id": 1, "outcome": "ok", "signals": ["self_harm"]}).prediction
    >>> suggest(found, decide(found, load_policy()), load_playbook()).sources
    ('signals.self_harm.opening', 'signals.self_harm.steps')
    """
    codes = {signal.code for signal in prediction.signals}
    signals = {code: entry for code, entry in playbook.signals.items() if code in codes}
    for code, entry in signals.items():
        if entry.is_alone and entry.opening:
            name = f"signals.{code}"
            sources = (f"{name}.opening", f"{name}.steps")
            return Suggestion(entry.opening, entry.steps, sources, is_urgent=True)
    level = playbook.level(prediction.intensity.rank if prediction.intensity else 0.0)
    name, category = _category(prediction, playbook)
    said = _opening(signals, playbook.levels[level], f"levels.{level}", name, category)
    taken = _chosen(list(_blocks(prediction, decision, playbook, signals)))
    return Suggestion(
        opening="".join(said.values()),
        steps=tuple(dict.fromkeys(step for block in taken for step in block.steps)),
        sources=(*said, *(block.source for block in taken)),
        is_urgent=any(entry.is_first for entry in signals.values()),
    )


def _category(prediction: Prediction, playbook: Playbook) -> tuple[str, CategoryEntry]:
    """The entry of the category with its name; the default where it is unknown or unsure."""
    found = prediction.category
    if found is None or found.code not in playbook.categories:
        return "default", playbook.default
    if found.band not in bands_from(playbook.min_band):
        return "default", playbook.default
    return f"categories.{found.code}", playbook.categories[found.code]


def _opening(
    signals: Mapping[str, SignalEntry],
    level: LevelEntry,
    level_name: str,
    name: str,
    category: CategoryEntry,
) -> dict[str, str]:
    """The sentences of the opening, by the entries that they are of."""
    said = {
        f"signals.{code}.opening": entry.opening for code, entry in signals.items() if entry.opening
    }
    also = {f"signals.{code}.also": entry.also for code, entry in signals.items() if entry.also}
    found = dict(list(said.items())[:1]) or {
        f"{level_name}.opening": level.opening,
        f"{name}.{level.mood}": category.openings[level.mood],
    }
    return found | dict(list(also.items())[:1])


def _blocks(
    prediction: Prediction,
    decision: Decided,
    playbook: Playbook,
    signals: Mapping[str, SignalEntry],
) -> Iterator[_Block]:
    """Every entry that has steps to give, in the order in which they are read."""
    level = playbook.level(prediction.intensity.rank if prediction.intensity else 0.0)
    name, category = _category(prediction, playbook)
    for code, entry in signals.items():
        if entry.is_first:
            yield _Block(f"signals.{code}.steps", entry.steps, 0, is_first=True)
    urgent = playbook.priorities.get(decision.priority, ())
    yield _Block(f"priorities.{decision.priority.name}.steps", urgent, 5)
    if prediction.outcome is not Outcome.OK:
        yield _Block("doubt.steps", playbook.doubt, 1)
    yield _Block(f"levels.{level}.steps", playbook.levels[level].steps, 3)
    for code, entry in signals.items():
        if not entry.is_first:
            yield _Block(f"signals.{code}.steps", entry.steps, 2)
    yield _Block(f"{name}.steps", category.steps, 4)


def _chosen(blocks: Sequence[_Block]) -> list[_Block]:
    """The blocks cut to what there is room for: each gives one step in turn, the first ones all."""
    counts = [0] * len(blocks)
    order = sorted(range(len(blocks)), key=lambda place: blocks[place].rank)
    for turn in range(1, MAX_STEPS + 1):
        for place in order:
            wanted = len(blocks[place].steps)
            if not blocks[place].is_first:
                wanted = min(wanted, turn)
            room = MAX_STEPS - sum(counts)
            counts[place] += min(room, max(0, wanted - counts[place]))
    return [
        block._replace(steps=block.steps[:count])
        for block, count in zip(blocks, counts, strict=True)
        if count
    ]
