"""The operator's command that writes the weekly report."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from classifier.artifact import current_version, read_manifest
from classifier.errors import ModelError
from classifier.policy import Policy
from service.cases.labels import Labels, labels_in
from service.commands import open_database
from service.pages.names import Names
from service.policy_watch import PolicyWatch
from service.settings import Settings, read_settings
from service.weekly.gather import gather
from service.weekly.pdf import Printer
from service.weekly.render import render_file
from service.weekly.report import WeeklyReport
from service.weekly.shown import report_fields
from service.weekly.weeks import Week, find_week

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("weekly-report")
@click.option("--week", "named", help="ISO week such as 2026-W46; the last whole one if absent.")
@click.option("--output", type=_FILE, help="HTML file that opens by a double click.")
@click.option("--pdf", type=_FILE, help="The same as PDF, by the Chromium of this machine.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as one JSON object.")
def weekly_report(
    *, named: str | None, output: Path | None, pdf: Path | None, as_json: bool
) -> None:
    """Write what rose in a week, what hurts most, what was done and what is next."""
    settings, now = read_settings(os.environ), datetime.now(UTC)
    policy = PolicyWatch(settings.policy).current
    week = _week(named, policy, now)
    names = Names(_labels(settings, policy), {}, policy)
    report = gather(open_database(), names, week, now=now)
    if output is not None:
        _write(output, render_file(report).encode(), is_quiet=as_json)
    if pdf is not None:
        _write(pdf, Printer(settings.home).pdf(render_file(report)), is_quiet=as_json)
    if as_json:
        click.echo(orjson.dumps(report_fields(report)))
    elif output is None and pdf is None:
        _say(report)


def _week(named: str | None, policy: Policy, now: datetime) -> Week:
    """The week in the policy's zone."""
    week = find_week(named, now, policy.calendar.zone)
    if week is None:
        message = f"{named!r} is no ISO week that has begun; give one such as 2026-W46"
        raise click.BadParameter(message, param_hint="--week")
    return week


def _labels(settings: Settings, policy: Policy) -> Labels:
    """The names of the current model; without one codes stand for themselves."""
    try:
        version = current_version(settings.models)
        return labels_in(read_manifest(settings.models / version) if version else {}, policy)
    except ModelError as error:
        click.echo(f"codes are shown without names: {error}", err=True)
        return labels_in({}, policy)


def _write(path: Path, content: bytes, *, is_quiet: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {path}", err=is_quiet)


def _say(report: WeeklyReport) -> None:
    """The summary and the next steps."""
    running = ", not over yet" if report.week.is_running else ""
    click.echo(f"{report.week.code}, {report.week.monday} to {report.week.sunday}{running}")
    for sentence in report.summary:
        click.echo(f"- {sentence.text}")
    for step in report.steps:
        click.echo(f"* {step.team}：{step.text}（{step.reason}）")
    click.echo("give --output FILE.html for the whole report")


COMMANDS = (weekly_report,)
