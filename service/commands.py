"""The operator's commands on people and cases."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click
import orjson

from service import audit, users
from service.account import Accounts
from service.actors import Actor
from service.audit import Trail
from service.cases import feedback
from service.db import Database, upgrade
from service.logins import Logins
from service.privacy.text_keys import confirm
from service.secret import load_secret
from service.settings import read_settings
from service.tables import Role

ROLES = [role.name.lower() for role in Role]
_ROLE = click.option("--role", required=True, type=click.Choice(ROLES))
_STDIN = click.option("--password-stdin", is_flag=True, help="Read it from standard input.")


@click.command()
@click.option("--name", required=True, help="The name to log in with.")
@_ROLE
@_STDIN
def create_user(name: str, role: str, *, password_stdin: bool) -> None:
    """Make a user; without --password-stdin a password is made and printed once."""
    given, password = _password(is_given=password_stdin)
    users.create_user(open_database(), name, Role[role.upper()], password, trail=operator_trail())
    _tell(given, password, f"made user {name}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_users(*, as_json: bool) -> None:
    """List all users with their roles."""
    for user in users.list_users(open_database()):
        state = "disabled" if user.disabled_at else "active"
        shown = {"id": user.id, "name": user.name, "role": user.role.name.lower(), "state": state}
        click.echo(orjson.dumps(shown) if as_json else "  ".join(map(str, shown.values())))


@click.command()
@click.argument("name")
@_ROLE
def set_role(name: str, role: str) -> None:
    """Give a user another role; the user is logged out everywhere."""
    users.set_role(open_database(), name, Role[role.upper()], operator_trail())
    click.echo(f"{name} is now {role}")


@click.command()
@click.argument("name")
@_STDIN
def set_password(name: str, *, password_stdin: bool) -> None:
    """Give a user a new password; the user is logged out everywhere."""
    given, password = _password(is_given=password_stdin)
    users.set_password(open_database(), name, password, operator_trail())
    _tell(given, password, f"changed the password of {name}")


@click.command()
@click.argument("name")
def disable_user(name: str) -> None:
    """Shut a user out at once; what the user did stays."""
    users.disable_user(open_database(), name, operator_trail())
    click.echo(f"disabled {name}")


@click.command()
@click.argument("name")
def enable_user(name: str) -> None:
    """Let a disabled user in again."""
    users.enable_user(open_database(), name, operator_trail())
    click.echo(f"enabled {name}")


@click.command()
@click.argument("name")
def end_sessions(name: str) -> None:
    """Log a user out everywhere."""
    database, trail = open_database(), operator_trail()
    ended = Accounts(database, Logins(database, trail.secret)).end_sessions(name, trail)
    click.echo(f"ended {ended} sessions of {name}")


@click.command()
def verify_audit() -> None:
    """Check the audit log: OK, or the first entry that was tampered with (exit code 1)."""
    settings = read_settings(os.environ)
    found = audit.verify(open_database(), load_secret(settings.home, make=False))
    if found.broken is not None:
        raise click.ClickException(f"BROKEN: entry {found.broken} {found.reason}")
    click.echo(f"OK: {found.entries} entries, last link {found.link[:16]}")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/feedback"),
    show_default=True,
    help="Folder, one file a day.",
)
def export_feedback(out: Path) -> None:
    """Write all verdicts as JSON Lines; running it again changes nothing."""
    secret = load_secret(read_settings(os.environ).home)
    try:
        done = feedback.export_feedback(open_database(), secret, out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{done.verdicts} verdicts in {done.files} files, {done.written} written")


@click.command()
@click.option("--cases", "number", type=click.IntRange(1, 50_000), default=2000, show_default=True)
@click.option("--seed", default=7, show_default=True, help="Another seed, another queue.")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("data/corpus"),
    show_default=True,
    help="Folder of CSV files with a text column.",
)
def demo(number: int, seed: int, corpus: Path) -> None:
    """Fill the queue with demo cases, which the current model makes of corpus texts."""
    from service.cases.demo import fill_demo  # noqa: PLC0415  (loads what other commands need not)

    made = fill_demo(read_settings(os.environ), open_database(), corpus, number, seed=seed)
    click.echo(f"{made.cases} cases, {made.closed} closed, {made.verdicts} verdicts")


COMMANDS = (create_user, list_users, set_role, set_password, disable_user, enable_user,
            end_sessions, verify_audit, export_feedback, demo)  # fmt: skip


def open_database() -> Database:
    """The database of the settings, brought up to date."""
    settings = read_settings(os.environ)
    database = Database(settings.database_url, settings.keeping)
    upgrade(database)
    confirm(database)
    return database


def _password(*, is_given: bool) -> tuple[bool, str]:
    if is_given:
        return True, sys.stdin.readline().rstrip("\r\n")
    return False, users.generate_password()


def _tell(given: bool, password: str, done: str) -> None:
    if given:
        click.echo(done)
    else:
        click.echo("password, shown this once only:")
        click.echo(password)


def operator_trail() -> Trail:
    """Changes made at this command line, for the audit log."""
    by = Actor(f"cli:{getpass.getuser()}", Role.ADMIN, "cli")
    return Trail(load_secret(read_settings(os.environ).home), by)
