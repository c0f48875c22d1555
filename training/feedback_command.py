"""`python -m training feedback`: verdicts in, labelled tables and a summary out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from classifier.errors import InputFileError
from classifier.policy_file import load_policy
from training.click_types import FILE, FOLDER, PATH
from training.config import load_config
from training.feedback import read_feedback
from training.feedback_figures import HEADS, feedback_figures
from training.feedback_tables import write_tables

_STEPS = 3
_PARTS = (
    ("all", "all reviewed cases"),
    ("rules", "cases by rule"),
    ("audit", "random audit share"),
)


@click.command()
@click.option(
    "--data",
    "paths",
    type=PATH,
    multiple=True,
    default=[Path("data/feedback")],
    show_default=True,
    help="What export-feedback wrote: file or folder.",
)
@click.option(
    "--out",
    type=FOLDER,
    default=Path("var/feedback"),
    show_default=True,
)
@click.option("--config", type=FILE, help="train.toml")
@click.option(
    "--audit-share",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share that was drawn at random; the packaged policy's if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
def feedback(
    paths: tuple[Path, ...],
    out: Path,
    config: Path | None,
    audit_share: float | None,
    as_json: bool,
) -> dict[str, int]:
    """Turn verdicts of supervisors into labelled tables, and say what they tell of the model.

    Writes train.csv (cases by rule), audit.csv (drawn at random: measure on it, never train on it),
    open.csv (disagreements), hard.csv (sure and wrong) and summary.json.
    """
    settings = load_config(config).feedback
    share = load_policy().review.audit_share if audit_share is None else audit_share
    with click.progressbar(length=_STEPS, label="feedback", file=sys.stderr) as bar:
        cases = read_feedback(paths)
        bar.update(1)
        if not cases:
            names = ", ".join(map(str, paths))
            raise InputFileError(
                f"{names} holds no verdict: run `python -m service export-feedback`"
            )
        figures = feedback_figures(cases, share or 1.0)
        bar.update(1)
        rows = write_tables(cases, settings, figures, out)
        bar.update(1)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return rows
    click.echo("\n".join(as_text(figures)))
    for name, count in rows.items():
        click.echo(f"{out / name}: {count} rows")
    return rows


def as_text(figures: Mapping[str, object]) -> list[str]:
    """The figures as readable lines."""
    statuses, disputed = _table(figures, "by_status"), _table(figures, "disputed")
    lines = [
        f"{'verdicts':30} {figures['verdicts']} on {figures['cases']} cases",
        f"{'settled by':30} two who agree {statuses['agreed']}, "
        f"an adjudicator {statuses['adjudicated']}; one person only {statuses['single']}, "
        f"open {statuses['open']}",
        f"{'disputed labels':30} " + ", ".join(f"{head} {disputed[head]}" for head in HEADS),
        *_agreement(_table(figures, "agreement")),
        *_reviewers(figures["reviewers"]),
        *_override(_table(figures, "override")),
        f"{'hard negatives':30} {figures['hard_negatives']} cases sure (band high) and overruled",
    ]
    if figures["cases_without_reasons"]:
        lines.append(
            f"{'note':30} {figures['cases_without_reasons']} cases do not say why they became one "
            "(an older export): export again"
        )
    return lines


def _agreement(found: Mapping[str, object]) -> list[str]:
    names = (("category", "Cohen's kappa"), ("level", "quadratic-weighted kappa"))
    lines = []
    for head, name in names:
        table = _table(found, head)
        value = f"{name} {_number(table['kappa'])}, equal {_share(table['equal'])}"
        lines.append(f"{f'reviewers agree on {head}':30} {value} of {table['pairs']} pairs")
    risks = _table(found, "risks")
    return [
        *lines,
        f"{'reviewers agree on risks':30} equal {_share(risks['equal'])} of {risks['pairs']} pairs",
    ]


def _reviewers(found: object) -> list[str]:
    return [
        f"{'reviewer ' + str(one['reviewer'])[:12]:30} {one['verdicts']} verdicts, "
        f"upheld by an adjudicator {one['upheld']} of {one['adjudicated']}"
        for one in (found if isinstance(found, list) else [])
    ]


def _override(found: Mapping[str, object]) -> list[str]:
    lines = []
    for part, name in _PARTS:
        rates = _table(found, part)
        whole = _table(rates, "any")
        each = ", ".join(f"{head} {_share(_table(rates, head)['rate'])}" for head in HEADS)
        lines.append(f"{f'overruled: {name}':30} {_interval(whole)} of {whole['cases']}; {each}")
    traffic = _table(found, "traffic")
    if traffic:
        lines.append(
            f"{'overruled: all traffic':30} {_interval(traffic)}, weighted by 1 / audit share, "
            "if equal shares of both parts were reviewed"
        )
    return [
        *lines,
        f"{'':30} only the random audit share is unbiased: it tells of all complaints that no rule "
        "picks out",
    ]


def _interval(rate: Mapping[str, object]) -> str:
    if rate["rate"] is None:
        return "-"
    return f"{_share(rate['rate'])} [{_share(rate['low'])}, {_share(rate['high'])}]"


def _share(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, float) else "-"


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-"


def _table(values: Mapping[str, object] | Sequence[object], name: str) -> Mapping[str, object]:
    value = values.get(name) if isinstance(values, Mapping) else None
    return value if isinstance(value, Mapping) else {}
