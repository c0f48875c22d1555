"""The operator's commands on a trial: begin, end, and what it has shown."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import click
import orjson

from classifier import load
from classifier.artifact import SHADOW, current_version, set_current
from classifier.errors import ModelError
from classifier.policy_file import load_policy
from service.commands import open_database
from service.settings import read_settings
from service.shadow.report import Arm, Report, make_report

_MOVES, _TEXT_CHARS = 10, 40
_PARTS = (("category", "category"), ("level", "level"), ("priority", "priority"),
          ("case", "is a case"))  # fmt: skip


@click.group()
def shadow() -> None:
    """Try a candidate model on live traffic beside the current one."""


@shadow.command()
@click.argument("version")
def start(version: str) -> None:
    """Let VERSION judge from now on what the current model answers; no decision changes."""
    models = read_settings(os.environ).models
    if version == current_version(models):
        raise ModelError(f"{version} is the current model, a candidate must be another one")
    load(models / version)  # what cannot be served is refused here, not by the workers
    set_current(models, version, pointer=SHADOW)
    click.echo(f"candidate {version}; running services take it up within a second")
    _say_share()


@shadow.command()
def stop() -> None:
    """End the trial; what it has shown is kept."""
    models = read_settings(os.environ).models
    candidate = current_version(models, pointer=SHADOW)
    if candidate is None:
        raise ModelError(f"there is no trial: {models / SHADOW} does not exist")
    (models / SHADOW).unlink(missing_ok=True)
    click.echo(f"ended the trial of {candidate}")


@shadow.command()
@click.option("--candidate", help="The version that was tried; the one in SHADOW if not given.")
@click.option("--current", help="The version beside which; the one in CURRENT if not given.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def report(candidate: str | None, current: str | None, days: int, *, as_json: bool) -> None:
    """Show where both models differ, who was right, and how each one's cases went."""
    models = read_settings(os.environ).models
    tried = candidate or current_version(models, pointer=SHADOW)
    served = current or current_version(models)
    if tried is None or served is None:
        raise ModelError(
            f"{models / (SHADOW if tried is None else 'CURRENT')} does not exist: "
            "name the versions with --candidate and --current"
        )
    with closing(open_database()) as database:
        found = make_report(database, served, tried, days=days, now=datetime.now(UTC))
    if as_json:
        click.echo(orjson.dumps(_as_json(found)))
    else:
        for line in _lines(found):
            click.echo(line)


COMMANDS: tuple[click.Command, ...] = (shadow,)


def _say_share() -> None:
    share = load_policy(read_settings(os.environ).policy).candidate_share
    if share:
        click.echo(f"the policy lets it answer {share:.0%} of the customers itself")


def _lines(found: Report) -> list[str]:
    """The report as people read it."""
    lines = [
        f"current {found.current}, candidate {found.candidate}, since {found.since:%Y-%m-%d}",
        f"{found.texts} complaints judged by both",
    ]
    if found.texts:
        for part, name in _PARTS:
            lines.append(f"  same {name:10} {found.same(part) / found.texts:7.1%}")
    for part, name in _PARTS:
        lines += [
            f"  {name:15} {ours} -> {theirs}: {number}"
            for (ours, theirs), number in found.moves(part)[:_MOVES]
        ]
    lines.append("where people decided and the models differ")
    for judged in found.judged:
        lines.append(
            f"  {judged.part:9} of {judged.cases} cases: only the current model right "
            f"{judged.only_current}, only the candidate {judged.only_candidate} "
            f"(p {judged.p_value:.3f})"
        )
    lines.append("cases by the model that answered")
    lines += [_arm_line(arm) for arm in found.arms]
    if found.examples:
        lines.append("cases with another priority")
    for one in found.examples:
        text = " ".join(one.text.split())[:_TEXT_CHARS]
        lines.append(f"  {one.said} -> {one.candidate_said}  case {one.case_id}: {text}")
    return lines


def _arm_line(arm: Arm) -> str:
    def share(part: int, whole: int) -> str:
        return f"{part / whole:.1%}" if whole else "-"

    wait = f"{arm.mean_response_seconds / 60:.0f} min" if arm.mean_response_seconds else "-"
    return (
        f"  {arm.version}: {arm.cases} cases, P0-P1 {share(arm.urgent, arm.cases)}, "
        f"first response {wait}, late {share(arm.late, arm.responded)}, "
        f"corrected {share(arm.corrected, arm.reviewed)} of {arm.reviewed} reviewed"
    )


def _as_json(found: Report) -> dict[str, object]:
    said = {
        part: [{"said": ours, "candidate_said": theirs, "texts": number}
               for (ours, theirs), number in pairs.most_common()]
        for part, pairs in found.said.items()
    }  # fmt: skip
    judged = [{**asdict(one), "p_value": one.p_value} for one in found.judged]
    return {
        "current": found.current, "candidate": found.candidate, "since": found.since,
        "texts": found.texts, "said": said, "judged": judged,
        "arms": [asdict(arm) for arm in found.arms],
        "examples": [asdict(one) for one in found.examples],
    }  # fmt: skip
