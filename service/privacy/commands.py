"""The operator's commands on personal data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
import orjson

from service.commands import open_database, operator_trail
from service.privacy import customer
from service.privacy.erase import erase_customer as erase
from service.privacy.export import export_customer as export
from service.privacy.purge import purge as purge_old
from service.privacy.rewrite import rewrite_texts
from service.schemas import MAX_ID_CHARS
from service.settings import read_settings

_LEAST_URGENT = 19
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")
# On the command line everybody who may list processes would read whose data it is.
_FROM = click.option(
    "--id-file",
    "source",
    type=click.File(encoding="utf-8"),
    default="-",
    help="File whose only line is the customer's id; standard input if absent.",
)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@_JSON
@click.option("--in-background", is_flag=True, hidden=True, help="Give way to all others.")
def purge(*, dry_run: bool, as_json: bool, in_background: bool) -> None:
    """Delete what is older than TRIAGE_RETENTION allows; the event worker does so each night."""
    if in_background:
        os.nice(_LEAST_URGENT)
    days, now = read_settings(os.environ).retention, datetime.now(UTC)
    with closing(open_database()) as database:
        counts = purge_old(database, days, operator_trail(), now, dry_run=dry_run)
    if as_json:
        click.echo(orjson.dumps({"dry_run": dry_run, "rows": _sorted(counts)}))
        return
    kept = days.shown() or "no limits set"
    click.echo(f"{'would delete' if dry_run else 'deleted'}: {_listed(counts)} ({kept})")


@click.command()
@_FROM
@_JSON
def erase_customer(source: TextIO, *, as_json: bool) -> None:
    """Delete everything about a customer; the last line names the proof in the audit log."""
    trail = operator_trail()
    own = customer.customer_hash(trail.secret, _read_id(source))
    with closing(open_database()) as database:
        done = erase(database, own, trail, datetime.now(UTC))
    if as_json:
        told = {"erasure_id": done.erasure_id, "at": done.at, "rows": done.rows}
        click.echo(orjson.dumps(told))
        return
    click.echo(f"deleted: {_listed(done.rows)}")
    click.echo(done.erasure_id)


@click.command()
@_FROM
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File (mode 0600), or output."
)
def export_customer(source: TextIO, output: Path | None) -> None:
    """Write everything held about a customer as JSON, with each field explained in Chinese."""
    trail = operator_trail()
    own = customer.customer_hash(trail.secret, _read_id(source))
    with closing(open_database()) as database:
        found = export(database, own, trail, datetime.now(UTC))
    content = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.touch(mode=0o600)
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error


@click.command()
def apply_keep_text() -> None:
    """Store every text anew as TRIAGE_KEEP_TEXT and TRIAGE_TEXT_KEYS say now."""
    with closing(open_database()) as database:
        counts = rewrite_texts(database, operator_trail(), datetime.now(UTC))
    click.echo(f"{database.keeping.mode}: {_listed(counts)}")


@click.command()
def create_text_key() -> None:
    """Print a new key for TRIAGE_TEXT_KEYS; put it before the older ones."""
    from cryptography.fernet import Fernet  # noqa: PLC0415  (0.1 s, for this command)

    click.echo(Fernet.generate_key())


COMMANDS = (purge, erase_customer, export_customer, apply_keep_text, create_text_key)


def _read_id(source: TextIO) -> str:
    """The one line of the source; its end is not part of the id."""
    given = source.read(MAX_ID_CHARS + 3).removesuffix("\n").removesuffix("\r")
    return customer.checked_id(given)


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in _sorted(counts).items()) or "nothing"
