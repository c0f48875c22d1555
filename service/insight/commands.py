"""The operator's command on insight: group anew, and what was found."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import orjson

from service.commands import open_database
from service.insight.read import current_issues
from service.insight.shown import issue_fields

_LEAST_URGENT = 19


@click.command()
@click.option("--rebuild", "is_rebuilt", is_flag=True, help="Group the last 90 days anew first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.option("--in-background", is_flag=True, hidden=True, help="Give way to all others.")
def insight(*, is_rebuilt: bool, as_json: bool, in_background: bool) -> None:
    """List the frequent issues; --rebuild finds them and the emerging words anew."""
    if in_background:
        os.nice(_LEAST_URGENT)
    database, now = open_database(), datetime.now(UTC)
    if is_rebuilt:
        from service.insight.rebuild import rebuild  # noqa: PLC0415  (scikit-learn takes a second)

        built = rebuild(database, now, step=lambda code: click.echo(f"category {code}", err=True))
        click.echo(
            f"{built.cases} cases: {built.issues} frequent issues, {built.words} emerging words",
            err=as_json,
        )
    found = current_issues(database)
    for issue in found:
        if as_json:
            click.echo(orjson.dumps(issue_fields(issue, 30)))
        else:
            week, before = sum(issue.daily[-7:]), sum(issue.daily[-14:-7])
            numbers = f"{issue.cases:6d} cases  {before:4d} -> {week:4d} a week"
            click.echo(f"{issue.id:5d}  {numbers}  {issue.category}  {issue.name}")
    if not found and not is_rebuilt and not as_json:
        click.echo("no frequent issues yet: run with --rebuild")


COMMANDS = (insight,)
