"""What another policy would have decided on complaints that were judged before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from classifier.policy import Policy, decide
from classifier.prediction import Decision
from classifier.recorded import Recorded
from classifier.reply import Json
from classifier.review import case_reasons

FIELDS = ("priority", "team", "tier", "mode", "clock", "case")
_NO_AUDIT = 1.0  # a draw that no audit share reaches: replays have no chance in them


@dataclass(slots=True)
class Change:
    """One kind of change: how often, and the first ids."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """Two policies over the same complaints; `changes` by field, then by old and new value."""

    complaints: int = 0
    changed: int = 0
    priorities: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: dict[str, dict[tuple[str, str], Change]] = field(default_factory=dict)

    def as_json(self) -> Json:
        """The same as JSON values."""
        return {
            "complaints": self.complaints,
            "changed": self.changed,
            "changes": [
                {"field": name, "old": old, "new": new, "count": one.count, "ids": one.examples}
                for name, kinds in self.changes.items()
                for (old, new), one in kinds.items()
            ],
        }


def replay(
    complaints: Iterable[Recorded], old: Policy, new: Policy, *, examples: int
) -> Comparison:
    """Both policies' decisions on each complaint; the commonest changes first.

    A complaint that comes more than once, as one with several verdicts does, counts once.
    """
    found = Comparison(changes={name: {} for name in FIELDS})
    seen = set()
    for complaint in complaints:
        if complaint.id in seen:
            continue
        seen.add(complaint.id)
        before, after = _facts(complaint, old), _facts(complaint, new)
        found.complaints += 1
        found.changed += before != after
        found.priorities[before["priority"], after["priority"]] += 1
        for name in FIELDS:
            if before[name] != after[name]:
                pair = (before[name], after[name])
                change = found.changes[name].setdefault(pair, Change())
                change.count += 1
                if len(change.examples) < examples:
                    change.examples.append(complaint.id)
    for name, kinds in found.changes.items():
        found.changes[name] = dict(sorted(kinds.items(), key=lambda one: (-one[1].count, one[0])))
    return found


def table(found: Comparison) -> list[str]:
    """The comparison as lines for a terminal; ids are of the complaints, never their text."""
    lines = [f"{found.changed} of {found.complaints} complaints would be decided otherwise"]
    names = ("P0", "P1", "P2", "P3")
    width = max(6, len(str(found.complaints)))
    lines += [
        "",
        "priority, old down, new across",
        " " * 4 + "".join(f"{n:>{width}}" for n in names),
    ]
    for old in names:
        counts = (found.priorities[old, new] for new in names)
        lines.append(f"{old:<4}" + "".join(f"{count or '.':>{width}}" for count in counts))
    for name, kinds in found.changes.items():
        if not kinds:
            continue
        lines += ["", f"{name}: {sum(change.count for change in kinds.values())} changed"]
        for (old, new), change in kinds.items():
            ids = ", ".join(change.examples) + (
                "" if change.count <= len(change.examples) else ", …"
            )
            lines.append(f"  {change.count:>{width}}  {old} -> {new}  {ids}".rstrip())
    return lines


def _facts(complaint: Recorded, policy: Policy) -> dict[str, str]:
    """What a client or a supervisor would notice of a decision."""
    decision = decide(complaint.prediction, policy, complaint.context)
    reasons = case_reasons(complaint.prediction, decision, policy, draw=_NO_AUDIT)
    return {
        "priority": decision.priority.name,
        "team": decision.team,
        "tier": decision.tier,
        "mode": decision.routing.value,
        "clock": _clock(decision),
        "case": "yes" if reasons else "no",
    }


def _clock(decision: Decision) -> str:
    """The clock in seconds; the hours too where it does not always run."""
    if decision.hours is None:
        return f"{decision.respond_within_seconds} s"
    spans = " ".join(
        f"{span.start // 3600:02}:{span.start // 60 % 60:02}"
        f"-{span.end // 3600:02}:{span.end // 60 % 60:02}"
        for span in decision.hours.workday
    )
    return f"{decision.respond_within_seconds} s in {spans}"
