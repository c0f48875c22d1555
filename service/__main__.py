"""The operator's commands: serve, keys, the API document, and those of `service.commands`."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import click
import orjson

from classifier.errors import TriageError
from service import keys
from service.commands import COMMANDS, open_database, operator_trail
from service.settings import read_settings
from service.tables import Scope

# Commands by the module that has them, which is imported when one of them is called.
_ELSEWHERE = {
    "worker": "service.outbox.commands",
    "targets": "service.outbox.commands",
    "outbox": "service.outbox.commands",
    "adapters": "service.adapters.commands",
    "intake": "service.intake.commands",
    "shadow": "service.shadow.commands",
    "insight": "service.insight.commands",
    "weekly-report": "service.weekly.commands",
    "purge": "service.privacy.commands",
    "erase-customer": "service.privacy.commands",
    "export-customer": "service.privacy.commands",
    "apply-keep-text": "service.privacy.commands",
    "create-text-key": "service.privacy.commands",
    "backup": "service.backup.commands",
    "restore": "service.backup.commands",
}


class _Commands(click.Group):
    """Errors that the project raises on purpose end a command with one sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            commands: tuple[click.Command, ...] = import_module(_ELSEWHERE[cmd_name]).COMMANDS
            return next(command for command in commands if command.name == cmd_name)
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TriageError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Complaint triage: the web service and its operation."""


for _command in COMMANDS:
    main.add_command(_command)


@main.command()
def serve() -> None:
    """Serve the API; the first start makes a key and an admin and shows them once."""
    from service.server import serve  # noqa: PLC0415  (gunicorn is slow to import for the others)

    serve(read_settings(os.environ))


@main.command()
@click.option("--name", required=True, help="Who the key is for.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; may be given several times.",
)
@click.option("--expires-days", type=click.IntRange(1, 3650), help="Days until it expires.")
def create_key(name: str, scopes: tuple[str, ...], expires_days: int | None) -> None:
    """Make an API key; it is printed alone on the last line and cannot be shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=expires_days) if expires_days else None
    key = keys.create_key(
        open_database(),
        name,
        [Scope(scope) for scope in scopes],
        expires_at=expires_at,
        trail=operator_trail(),
    )
    click.echo("API key, shown this once only:")
    click.echo(key)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_keys(*, as_json: bool) -> None:
    """List all API keys without their secrets."""
    now = datetime.now(UTC)
    for key in keys.list_keys(open_database()):
        state = key.state(now)
        if as_json:
            click.echo(orjson.dumps({**_shown(key), "state": state}))
        else:
            ends = key.expires_at.isoformat(timespec="seconds") if key.expires_at else "never"
            used = key.last_used_at.isoformat(timespec="seconds") if key.last_used_at else "never"
            scopes = ",".join(sorted(key.scopes))
            click.echo(f"{key.id}  {state:<7}  {scopes}  expires {ends}  used {used}  {key.name}")


@main.command()
@click.argument("key_id", metavar="ID")
def revoke_key(key_id: str) -> None:
    """End an API key for good; the service stops taking it within a second."""
    keys.revoke_key(open_database(), key_id, trail=operator_trail())
    click.echo(f"revoked {key_id}")


@main.command("openapi")
@click.option("--output", type=click.Path(path_type=Path), help="File; standard output if absent.")
def write_openapi(output: Path | None) -> None:
    """Write the OpenAPI document."""
    from service import openapi  # noqa: PLC0415  (loads the whole application)

    content = openapi.text()
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_text(content, encoding="utf-8")


def _shown(key: keys.Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


if __name__ == "__main__":
    main(prog_name="python -m service")
