"""What a conversation comes to as one complaint."""

from __future__ import annotations

from collections.abc import Sequence

from classifier.prediction import Band, Evidence, Intensity, Outcome, Prediction, Signal

_INTENSITY = "intensity"
_DOUBT = "low_confidence_intensity"
_NO_DOUBT = "truncated"  # the one reason that needs no person


def decided(whole: Prediction, found: Sequence[Prediction], starts: Sequence[int]) -> Prediction:
    """The prediction to decide on: the whole's, with all signals and the level of the angriest.

    `whole` is of all turns of the customer as one text, `found` of each by itself, which begin in
    that text at `starts`.

    - The **category** is the whole's: what it is about is told in pieces, over all turns.
    - The **level** is the highest of the whole's and of each turn's whose band is not low. In one
      long text the calm turns thin out the angry one, and rules of the policy may only raise: who
      was furious was furious, and `trend` says if it passed. The whole's counts because short
      turns cannot be judged alone. So a further turn of the customer never hides an earlier one,
      and a conversation of one turn is answered like its text.
    - The **signals** are the whole's and, added to them, those of each turn by itself: a negation
      at the end of one turn cannot take the threat of the next away, and a threat behind the length
      that is read of the whole counts.
    - Evidence for the level is of the text that the level is of. What is doubtful about the whole's
      level is dropped with it.
    """
    signals = list(whole.signals)
    for one, start in zip(found, starts, strict=True):
        for signal in one.signals:
            moved = signal._replace(start=signal.start + start, end=signal.end + start)
            if not any(_is_same(moved, known) for known in signals):
                signals.append(moved)
    summed = whole._replace(signals=tuple(sorted(signals, key=lambda s: (s.start, s.code))))
    angriest = max(
        (n for n, one in enumerate(found) if one.intensity and one.intensity.band is not Band.LOW),
        key=lambda number: height(found[number].intensity),
        default=None,
    )
    if angriest is None or height(found[angriest].intensity) <= height(whole.intensity):
        return summed
    one, start = found[angriest], starts[angriest]
    reasons = tuple(reason for reason in whole.outcome_reasons if reason != _DOUBT)
    return summed._replace(
        intensity=one.intensity,
        evidence=(
            *(piece for piece in whole.evidence if piece.head != _INTENSITY),
            *(_moved(piece, start) for piece in one.evidence if piece.head == _INTENSITY),
        ),
        outcome_reasons=reasons,
        outcome=Outcome.NEEDS_HUMAN if set(reasons) - {_NO_DOUBT} else Outcome.OK,
    )


def height(intensity: Intensity | None) -> tuple[int | float, float]:
    """What levels are compared by; what was not judged is the lowest."""
    return (intensity.level, intensity.score) if intensity else (float("-inf"), 0.0)


def _is_same(one: Signal, other: Signal) -> bool:
    return one.code == other.code and one.start < other.end and other.start < one.end


def _moved(piece: Evidence, start: int) -> Evidence:
    return piece._replace(start=piece.start + start, end=piece.end + start)
