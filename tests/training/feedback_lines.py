"""Lines as `export-feedback` writes them, for the tests of what reads them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

_numbers = itertools.count(1)
RULE, AUDIT = ["priority"], ["audit"]


def line(
    case: int,
    said: tuple[str | None, int | None],
    *,
    model: tuple[str, int] = ("refund", 3),
    by: str = "anna",
    kind: str = "review",
    reasons: list[str] | None = RULE,
    band: str = "medium",
    risks: tuple[str, ...] = (),
    text: str = "退款一直没到，催了三次",
) -> dict[str, object]:
    """One verdict; `said` is what the reviewer says, `model` what the model had said."""
    number = next(_numbers)
    found: dict[str, object] = {
        "verdict_id": number,
        "kind": kind,
        "at": f"2026-11-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        "is_correction": said != model,
        "agrees": None,
        "reason": "",
        "model_version": "v1",
        "case_id": case,
        "id": None,
        "text": text,
        "channel": "chat",
        "customer_tier": None,
        "contacts": 1,
        "prediction": {
            "outcome": "ok",
            "category": {"code": model[0], "name": "甲", "prob": 0.9, "band": band, "top": []},
            "intensity": {
                "level": model[1], "name": "乙", "score": 0.5, "band": band,
                "probs": [0.05, 0.05, 0.8, 0.05, 0.05],
            },
            "signals": [],
            "model_version": "v1",
        },
        "correction": {
            "category": said[0], "level": said[1], "signals": list(risks), "priority": "P2",
        },
        "reviewer": by,
        "is_settled": False,
        "policy_version": "1",
    }  # fmt: skip
    if reasons is not None:
        found["case_reasons"] = reasons
    return found


def write_lines(path: Path, lines: list[dict[str, object]]) -> Path:
    """A file of the lines; returns its path."""
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)
    path.write_text(text, encoding="utf-8")
    return path
