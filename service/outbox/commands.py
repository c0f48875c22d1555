"""The operator's commands on events: the worker, targets, and what was not delivered."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click
import orjson

from classifier.policy_file import load_policy
from service import logs
from service.adapters.file import load_adapters
from service.adapters.writer import TicketWriter
from service.commands import open_database, operator_trail
from service.drift.alarm import CHECK_SECONDS as DRIFT_SECONDS
from service.drift.alarm import DriftWatch
from service.insight.nightly import NightlyRebuild
from service.insight.surge_watch import CHECK_SECONDS as SURGE_SECONDS
from service.insight.surge_watch import SurgeWatch
from service.nightly import CHECK_SECONDS as NIGHTLY_SECONDS
from service.outbox.configuration import Escalation
from service.outbox.letters import MAX_LETTERS, STATES, LetterQuery, list_letters, replay
from service.outbox.promotion import CHECK_SECONDS, PromotionWatch
from service.outbox.runner import Runner, send
from service.outbox.sample import sample
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import TargetsError, load_targets
from service.outbox.targets_file import TargetsFile
from service.policy_watch import PolicyWatch
from service.privacy.nightly import NightlyPurge
from service.secret import load_secret
from service.settings import Settings, read_settings

_LOCK_NAME = "event-worker.lock"
_LOOK_SECONDS = 1.0


@click.command()
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
@click.option("--companion", type=int, hidden=True, help="The process of `serve` that started it.")
def worker(*, once: bool, companion: int | None) -> None:
    """Deliver events to the targets of TRIAGE_TARGETS and escalate cases, until stopped."""
    settings = read_settings(os.environ)
    database, secret = open_database(), load_secret(settings.home)
    adapters = load_adapters(settings.adapters, os.environ)
    file = TargetsFile(settings.targets, TicketWriter(adapters, database, secret))
    rules = PolicyWatch(settings.policy)
    writer = logs.configure(settings, lambda: ("", rules.current.version))
    runner = Runner(database, secret, file, rules)
    runner.every(CHECK_SECONDS, PromotionWatch(database, settings.models).check)
    drift = DriftWatch(database, settings.models, settings.drift_hours)
    runner.every(DRIFT_SECONDS, drift.check)
    runner.every(SURGE_SECONDS, SurgeWatch(database).check)
    runner.every(NIGHTLY_SECONDS, NightlyRebuild(database).check)
    runner.every(NIGHTLY_SECONDS, NightlyPurge(settings.retention).check)
    stop = threading.Event()
    _stop_on_signals(stop, runner)
    with ExitStack() as stack:
        stack.callback(writer.flush)
        stack.callback(database.close)
        if companion is not None:
            _watch_parent(companion, stop, runner)
            if not _lock(settings, stop, stack):
                return
        runner.run(stop, once=once)


@click.group()
def targets() -> None:
    """Check and try the targets of events."""


@targets.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_targets(file: Path) -> None:
    """Check a file of targets: OK, or every mistake on a line of its own (exit code 1)."""
    try:
        found = load_targets(file, os.environ)
    except TargetsError as error:
        for mistake in error.mistakes:
            click.echo(mistake, err=True)
        raise click.exceptions.Exit(1) from None
    for target in found.by_name.values():
        events = ", ".join(target.settings.events)
        click.echo(f"{target.name}  {target.settings.kind}  {events}")
    escalation = found.settings.escalation
    for note in _notes(escalation) if escalation else ():
        click.echo(f"note: {note}")
    clocks = "cases escalate" if escalation else "cases do not escalate"
    click.echo(f"OK: {len(found.by_name)} targets, {clocks}")


@targets.command("test")
@click.argument("name")
def test_target(name: str) -> None:
    """Send a sample event, marked as a test, to one target of TRIAGE_TARGETS."""
    settings = read_settings(os.environ)
    found = load_targets(settings.targets, os.environ)
    target = found.by_name.get(name)
    if target is None:
        known = ", ".join(found.by_name) or "none"
        raise click.ClickException(f"there is no target {name!r}, TRIAGE_TARGETS has {known}")
    now = datetime.now(UTC)
    message = sample(target, found.settings, load_policy(settings.policy), now)
    try:
        send(target, message, now, Deadline(target.settings.timeout_seconds))
    except SendError as error:
        raise click.ClickException(f"{name} did not take it: {error.reason}") from None
    click.echo(f"{name} took {message.event_id}")


@click.group()
def outbox() -> None:
    """Look at deliveries and repeat them."""


@outbox.command("list")
@click.option("--state", type=click.Choice(STATES), default="dead", show_default=True)
@click.option("--target", default="", help="Only to this target.")
@click.option("--limit", type=click.IntRange(1, MAX_LETTERS), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_outbox(state: str, target: str, limit: int, *, as_json: bool) -> None:
    """List deliveries, the newest first: those that were given up, or in another state."""
    page = list_letters(open_database(), LetterQuery(state, target, limit=limit))
    for letter in page.items:
        if as_json:
            click.echo(orjson.dumps(letter))
            continue
        names = ("event_id", "type", "case_id", "target", "state", "attempts", "last_error")
        click.echo("  ".join(str(letter[name]) for name in names))


@outbox.command("replay")
@click.option("--target", default="", help="Only to this target.")
@click.option("--event", "event_id", default="", help="Only this event, delivered or not.")
@click.option("--all", "is_all", is_flag=True, help="Everything that was given up.")
def replay_outbox(target: str, event_id: str, *, is_all: bool) -> None:
    """Deliver again what was given up; the worker does it with its next look."""
    if not (target or event_id or is_all):
        raise click.UsageError("name a --target, an --event, or --all")
    query = LetterQuery(target=target, event_id=event_id)
    done = replay(open_database(), query, operator_trail(), datetime.now(UTC))
    click.echo(f"{done} deliveries to be made again")


COMMANDS: tuple[click.Command, ...] = (worker, targets, outbox)


def _notes(escalation: Escalation) -> Iterator[str]:
    """What a right file may have wrong beside the policy, which may change after it."""
    policy = load_policy(read_settings(os.environ).policy)
    known = list(policy.ladder) or sorted({*policy.tiers.values()})
    listed = ", ".join(known)
    for tier in escalation.on_call:
        if tier not in known:
            yield f"escalation.on_call.{tier} is no tier of the policy, which has {listed}"


def _stop_on_signals(stop: threading.Event, runner: Runner) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        runner.wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _watch_parent(parent: int, stop: threading.Event, runner: Runner) -> None:
    """Stops when `serve` is gone, even if that was killed."""

    def look() -> None:
        while os.getppid() == parent and not stop.wait(_LOOK_SECONDS):
            pass
        stop.set()
        runner.wake()

    threading.Thread(target=look, name="parent-watch", daemon=True).start()


def _lock(settings: Settings, stop: threading.Event, stack: ExitStack) -> bool:
    """Waits until no other `serve` of this TRIAGE_HOME has a worker; whether it was worth it."""
    file = stack.enter_context((settings.home / _LOCK_NAME).open("ab"))
    while not stop.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop.wait(_LOOK_SECONDS)
        else:
            return True
    return False
