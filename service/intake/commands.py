"""The operator's command that takes complaints out of a file or mailbox."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import orjson
from sqlalchemy.exc import SQLAlchemyError

from classifier import load as load_model
from classifier.errors import SettingsError, shorten
from classifier.files import FORMATS
from service.actors import Actor
from service.answers import Answers
from service.cases.intake import Intake
from service.commands import open_database
from service.db import Database
from service.intake import mbox, rows
from service.intake.cursor import Cursor
from service.intake.file import FileSource
from service.intake.imap import Mailbox, read_account
from service.intake.run import Report, take_in
from service.intake.source import Source, SourceError
from service.metrics import Metrics
from service.playbook_watch import PlaybookWatch
from service.policy_watch import PolicyWatch
from service.predictor import Load, Predictor
from service.secret import Secret, load_secret
from service.settings import Settings, read_settings
from service.tables import Role

_SOME_FAULTY = 3  # exit code: everything else was taken


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be read, and how."""

    source: str
    text_column: str = "text"
    channel: str | None = None
    zone: str = "Asia/Shanghai"
    since: date | None = None
    from_start: bool = False
    password_env: str = "TRIAGE_IMAP_PASSWORD"  # noqa: S105  (a name)
    allow_plain: bool = False


@click.command()
@click.option("--source", required=True, help="CSV, TSV, JSONL, Parquet or mbox file, or imaps://user@host/folder.")  # fmt: skip # noqa: E501
@click.option("--text-column", default="text", show_default=True, help="Column of the text.")
@click.option("--channel", help="Channel of what names none; mails: email.")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="Of times without one.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="IMAP: mails from this day on.")
@click.option("--from-start", is_flag=True, help="Forget how far the source was read.")
@click.option("--password-env", default="TRIAGE_IMAP_PASSWORD", show_default=True, help="IMAP: variable of the password.")  # fmt: skip # noqa: E501
@click.option("--allow-plain", is_flag=True, help="IMAP: imap:// without encryption.")
@click.option("--json", "as_json", is_flag=True, help="The numbers as one JSON object.")
def intake(*, since: datetime | None, as_json: bool, **given: object) -> None:
    """Take complaints out of a file or mailbox, each once; run it again to go on.

    Rows or mails that cannot be taken are named on standard error and left behind (exit code 3).
    """
    options = Options(since=since.date() if since else None, **given)  # type: ignore[arg-type]  # as click made them
    with closing(open_database()) as database:
        report = run_intake(read_settings(os.environ), database, options)
    if as_json:
        click.echo(orjson.dumps(asdict(report)))
    else:
        click.echo(
            f"{report.taken} taken, {report.cases} cases, {report.faulty} faulty, "
            f"{report.skipped} automatic mails skipped, {report.attachments} attachments left out"
        )
    if report.faulty:
        raise click.exceptions.Exit(_SOME_FAULTY)


def run_intake(
    settings: Settings, database: Database, options: Options, load: Load = load_model
) -> Report:
    """Reads a source on to its end; what is wrong goes to standard error, by its number.

    Raises:
        TriageError: the source cannot be read, or the database does not answer.
    """
    secret = load_secret(settings.home)
    source = open_source(options, secret, os.environ)
    cursor = Cursor(database, secret, source.identity)
    predictor = Predictor(settings.models, load, PolicyWatch(settings.policy).current)
    playbook = PlaybookWatch(settings.playbook)
    answers = Answers(predictor, Metrics(), Intake(database, secret), playbook.now)
    by = Actor(f"cli:{getpass.getuser()}", Role.ADMIN, "intake")
    try:
        if options.from_start:
            cursor.forget()
        return take_in(source, cursor, answers, by, partial(click.echo, err=True))
    except SQLAlchemyError as error:
        reason = type(error).__name__
        raise SourceError(f"the database does not answer ({reason}): run it again") from None


def open_source(options: Options, secret: Secret, environment: Mapping[str, str]) -> Source:
    """The source that the options name; a file is told by the end of its name.

    Raises:
        SourceError, SettingsError: there is no such source, or an option has a wrong value.
    """
    if "://" in options.source:
        password = environment.get(options.password_env, "")
        account = read_account(options.source, password, allow_plain=options.allow_plain)
        return Mailbox(account, since=options.since, channel=options.channel)
    path = Path(options.source)
    if not path.is_file():
        raise SourceError(f"--source is {shorten(path)}, a file that exists is needed")
    if path.suffix.lower() == ".mbox":
        return FileSource(path, partial(mbox.pieces, path, options.channel), secret)
    try:
        zone = ZoneInfo(options.zone)
    except (KeyError, ValueError, OSError):  # not found is a KeyError
        raise SettingsError(
            f"--zone is {shorten(options.zone)}, a name such as Asia/Shanghai is needed"
        ) from None
    if path.suffix.lower() not in FORMATS:
        allowed = ", ".join((*FORMATS, ".mbox"))
        raise SourceError(
            f"--source is {shorten(path.name)}, a name that ends in one of {allowed} is needed"
        )
    columns = rows.Columns(options.text_column, options.channel, zone)
    return FileSource(path, partial(rows.pieces, path, columns), secret)


COMMANDS: tuple[click.Command, ...] = (intake,)
