"""The tables that feedback becomes: to train on, to measure on, to settle, to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from training.config import FeedbackSettings
from training.consensus import latest, weight_of
from training.feedback import Reviewed
from training.table_files import write_table

TRAIN, AUDIT, OPEN, HARD, SUMMARY = (
    "train.csv", "audit.csv", "open.csv", "hard.csv", "summary.json",
)  # fmt: skip
_LABELLED = ("id", "text", "category", "intensity", "risks", "label_weight", "source", "channel",
             "status", "reviewed_at", "model_version", "model_category",
             "model_intensity")  # fmt: skip
_OPEN = ("id", "text", "disputed", "said", "model_category", "model_intensity")
_HARD = ("id", "text", "heads", "category", "category_prob", "intensity", "intensity_prob",
         "model_category", "model_intensity", "status", "model_version")  # fmt: skip


def write_tables(
    cases: Sequence[Reviewed], settings: FeedbackSettings, figures: Mapping[str, object], out: Path
) -> dict[str, int]:
    """Write the four tables and the summary into a folder; the rows of each table by file name.

    `train.csv` has the cases by rule and `audit.csv` those drawn at random, both ready for
    `training train`, `evaluate` and the gates; no case is in both.

    Raises:
        OSError: the folder cannot be written to.
    """
    labelled = [case for case in cases if case.ruling.has_label]
    counts = {
        TRAIN: write_table(
            out / TRAIN,
            _LABELLED,
            (_labelled(case, settings) for case in labelled if not case.is_audit),
        ),
        AUDIT: write_table(
            out / AUDIT,
            _LABELLED,
            (_labelled(case, settings) for case in labelled if case.is_audit),
        ),
        OPEN: write_table(
            out / OPEN, _OPEN, (_disputed(case) for case in cases if case.ruling.disputed)
        ),
        HARD: write_table(out / HARD, _HARD, _hardest(cases)),
    }
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    (out / SUMMARY).write_text(text + "\n", encoding="utf-8")
    return counts


def _labelled(case: Reviewed, settings: FeedbackSettings) -> dict[str, object]:
    ruling = case.ruling
    weight = weight_of(
        ruling,
        settings,
        is_correction=any(case.overrides().values()),
        is_hard=bool(case.hard_heads()),
    )
    return {
        **_base(case),
        "category": ruling.category,
        "intensity": ruling.level,
        "risks": ruling.risks or "",
        "label_weight": weight,
        "source": "audit" if case.is_audit else "feedback",
        "channel": case.channel,
        "status": ruling.status.value,
        "reviewed_at": case.at,
        "model_version": case.prediction.model_version,
    }


def _disputed(case: Reviewed) -> dict[str, object]:
    said = [
        f"{one.by[:6]}: {one.category or '-'} / {'-' if one.level is None else one.level} / "
        f"{','.join(sorted(one.risks or ())) or '-'}"
        for one in latest(case.opinions)
    ]
    return {**_base(case), "disputed": case.ruling.disputed, "said": "; ".join(said)}


def _hardest(cases: Sequence[Reviewed]) -> Iterator[dict[str, object]]:
    """Cases on which the model was sure and wrong, the surest first."""
    found = [
        (_sureness(case, heads), case, heads) for case in cases if (heads := case.hard_heads())
    ]
    for _, case, heads in sorted(found, key=lambda item: -item[0]):
        said = case.prediction
        yield {
            **_base(case),
            "heads": heads,
            "category": case.ruling.category,
            "category_prob": round(said.category.prob, 4) if said.category else None,
            "intensity": case.ruling.level,
            "intensity_prob": round(max(said.intensity.probs), 4) if said.intensity else None,
            "status": case.ruling.status.value,
            "model_version": said.model_version,
        }


def _sureness(case: Reviewed, heads: Sequence[str]) -> float:
    said = case.prediction
    probs = {
        "category": said.category.prob if said.category else 0.0,
        "level": max(said.intensity.probs) if said.intensity else 0.0,
    }
    return max(probs[head] for head in heads)


def _base(case: Reviewed) -> dict[str, object]:
    said = case.prediction
    return {
        "id": f"feedback-{case.case_id}",
        "text": case.text,
        "model_category": said.category.code if said.category else None,
        "model_intensity": said.intensity.level if said.intensity else None,
    }
