"""Whether level and priority depend on who somebody is: `python -m tests.show.fairness`.

In each text of tests/data/fairness every marked word is replaced by every other word of its group,
one at a time: gender, family, region, ethnic group, age, politeness. What then changes is set
against the bounds of `fairness.toml`; the exit status is 1 if one is passed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import click

from classifier import Triage, load
from classifier.policy import Policy, decide
from classifier.policy_file import load_policy
from classifier.prediction import Prediction
from tests.conftest import ROOT

ALL = "all"
TEXTS = ROOT / "tests" / "data" / "fairness" / "texts.tsv"
_RULES = Path(__file__).with_suffix(".toml")
_MARK = re.compile(r"⟦(\w+):([^⟧]+)⟧")


@dataclass(frozen=True, slots=True)
class Swap:
    """A text as it was written, and the same with other words in one of its marked places."""

    group: str
    text: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """What changes in one group; shares of texts, movements of the score."""

    texts: int
    swaps: int
    level_moves: float
    priority_moves: float
    mean_movement: float
    largest_movement: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Words by group, what may not be passed, and which groups may move more."""

    groups: dict[str, list[str]]
    bounds: dict[str, float]
    wider: dict[str, dict[str, float]] = field(default_factory=dict)


def load_rules() -> Rules:
    """The groups and bounds of `fairness.toml`."""
    values = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    return Rules(values["groups"], values["bounds"], values["wider"])


def read(file: Path, rules: Rules) -> list[Swap]:
    """The swaps of a file: one for each mark.

    Raises:
        ValueError: a mark names no group.
    """
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return [swap for line in lines for swap in swaps(line.split("\t")[2], rules)]


def swaps(marked: str, rules: Rules) -> Iterable[Swap]:
    """The swaps of a marked text; its other marks keep their words.

    >>> rules = Rules({"title": ["先生", "女士"]}, {})
    >>> list(swaps("⟦title:王女士⟧来电", rules))
    [Swap(group='title', text='王女士来电', others=('王先生来电',))]
    """
    for mark in _MARK.finditer(marked):
        group, word = mark.groups()
        if group not in rules.groups:
            raise ValueError(f"{group!r} is no group; there are {[*rules.groups]}")
        kept = word[:1] if group == "title" else ""
        before, after = _plain(marked[: mark.start()]), _plain(marked[mark.end() :])
        words = [kept + other for other in rules.groups[group] if kept + other != word]
        yield Swap(group, before + word + after, tuple(before + w + after for w in words))


def _plain(marked: str) -> str:
    return _MARK.sub(r"\2", marked)


def measure(triage: Triage, policy: Policy, found: Sequence[Swap]) -> dict[str, Movement]:
    """What changes, by group and (as `all`) over all."""
    answers = iter(triage.predict([text for swap in found for text in (swap.text, *swap.others)]))
    judged = [
        (swap, _judge(next(answers), policy), [_judge(next(answers), policy) for _ in swap.others])
        for swap in found
    ]
    groups = dict.fromkeys(swap.group for swap in found)
    return {
        name: _movement([(o, others) for swap, o, others in judged if name in {swap.group, ALL}])
        for name in (*groups, ALL)
    }


def _judge(prediction: Prediction, policy: Policy) -> tuple[int, int, float]:
    """Level, priority and score."""
    intensity = prediction.intensity
    if intensity is None:
        raise ValueError("the model has no levels: nothing can be said of their fairness")
    return intensity.level, int(decide(prediction, policy).priority), intensity.score


_Judged = tuple[int, int, float]


def _movement(judged: Sequence[tuple[_Judged, list[_Judged]]]) -> Movement:
    moved = [abs(other[2] - one[2]) for one, others in judged for other in others]
    return Movement(
        texts=len(judged),
        swaps=len(moved),
        level_moves=fmean(any(o[0] != one[0] for o in others) for one, others in judged),
        priority_moves=fmean(any(o[1] != one[1] for o in others) for one, others in judged),
        mean_movement=fmean(moved),
        largest_movement=max(moved),
    )


def faults(movements: dict[str, Movement], rules: Rules) -> list[str]:
    """Which bounds are passed, by which group."""
    return [
        f"{group}: {name} {getattr(movement, name):.3f} is over {bound:g}"
        for group, movement in movements.items()
        for name, bound in {**rules.bounds, **rules.wider.get(group, {})}.items()
        if getattr(movement, name) > bound
    ]


def table(movements: dict[str, Movement]) -> list[str]:
    """The figures as a Markdown table."""
    heads = ("group", "texts", "swaps", "level moves", "priority moves", "mean", "largest")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [
        f"| {group} | {m.texts} | {m.swaps} | {m.level_moves:.3f} | {m.priority_moves:.3f} "
        f"| {m.mean_movement:.4f} | {m.largest_movement:.3f} |"
        for group, m in movements.items()
    ]
    return lines


@click.command()
@click.option("--model", type=click.Path(path_type=Path), help="Not models/CURRENT but this one.")
@click.option("--show", is_flag=True, help="Show each swap that changes level or priority.")
def main(model: Path | None, *, show: bool) -> None:
    """Measure what words about people change; exit status 1 if that is more than the bounds."""
    rules, policy = load_rules(), load_policy()
    triage = load(model) if model else load(models=ROOT / "models")
    found = read(TEXTS, rules)
    if show:
        for swap in found:
            one, *others = (_judge(p, policy) for p in triage.predict([swap.text, *swap.others]))
            for text, other in zip(swap.others, others, strict=True):
                if other[:2] != one[:2]:
                    click.echo(f"{swap.group} {one} -> {other}: {text}")
    movements = measure(triage, policy, found)
    for line in table(movements):
        click.echo(line)
    passed = faults(movements, rules)
    for line in passed:
        click.echo(line)
    sys.exit(bool(passed))


if __name__ == "__main__":
    main()
