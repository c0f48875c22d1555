"""Attacks the API with what its own document allows and forbids.

`python -m tests.show.attack --requests 20000` starts the real server over the fake model on
127.0.0.1 and lets schemathesis send generated requests to every operation of the OpenAPI document,
with a key of all scopes and without one, under all of schemathesis's checks. It prints how many
requests were sent, what was answered and every failure; it ends with 1 if there was one.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import orjson
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from service.db import Database
from service.keys import create_key
from service.settings import read_settings
from service.tables import Scope
from tests.service.fakes import make_model
from tests.service.test_server import Running

# Rules of a field that JSON Schema cannot say; the document says them in words. A request that
# breaks one is valid by the schema and is still refused, with 422 and the name of the field.
RULES_IN_WORDS = {
    "POST /v1/classify": {"messages", "occurred_at", "Idempotency-Key"},
    "POST /v1/classify/batch": {"Idempotency-Key"},  # used for another body before
    "GET /v1/cases": {"q", "cursor", "created_after", "created_before", "actor"},
    "GET /v1/cases/export.csv": {"q", "created_after", "created_before", "actor"},
    "GET /v1/outbox": {"after"},
    "GET /v1/audit": {"subject", "actor"},
    "GET /v1/insight/weekly": {"week"},
    "POST /v1/cases/{case_id}/feedback": {"at", "Idempotency-Key"},  # not in the future
    "POST /v1/cases/{case_id}/note": {"note"},  # more than spaces
    "POST /v1/cases/{case_id}/resolve": {"note"},
    "POST /v1/cases/{case_id}/dismiss": {"note"},
    "POST /v1/cases/{case_id}/reopen": {"note"},
    "POST /v1/cases/{case_id}/snooze": {"until"},  # within 90 days
    "POST /v1/cases/{case_id}/verdict": {"category", "level", "signals", "reason"},  # known ones
    "POST /v1/users": {"name"},  # visible characters
    "POST /v1/keys": {"name", "expires_at"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed check, with how to see it again."""

    operation: str
    check: str
    message: str
    command: str


@dataclass
class Found:
    """What an attack came to."""

    tries: Counter[str] = field(default_factory=Counter)  # by phase
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    failures: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.tries.total()


def attack(server: Running, key: str | None, *, examples: int, seed: int, every: bool) -> Found:
    """Sends `examples` requests to each operation; `every` adds the phases that try each limit."""
    config = SchemathesisConfig(seed=seed)
    schema = schemathesis.openapi.from_url(
        f"http://127.0.0.1:{server.port}/openapi.json", config=config
    )
    if key is not None:
        schema.config.update(headers={"Authorization": f"Bearer {key}"})
        schema.config.generation.update(with_security_parameters=False)  # no other in its place
    refused = schema.config.checks.negative_data_rejection.expected_statuses
    schema.config.checks.negative_data_rejection.expected_statuses = [*refused, "414", "431"]
    schema.config.generation.update(max_examples=examples, no_shrink=True, database="none")
    for phase in (schema.config.phases.examples, schema.config.phases.coverage):
        phase.enabled = every
    schema.config.phases.stateful.enabled = every
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            found.errors.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            found.errors.append(repr(event.exception))
        elif isinstance(event, events.ScenarioFinished):
            _count(found, event.phase.value, event.recorder)
    return found


def _count(found: Found, phase: str, recorder: ScenarioRecorder) -> None:
    found.tries[phase] += len(recorder.interactions)
    answered = (one.response for one in recorder.interactions.values())
    found.statuses.update(one.status_code if one else 0 for one in answered)
    for case, nodes in recorder.checks.items():
        for node in nodes:
            operation = recorder.cases[case].value.operation.label
            if node.failure_info is None or _is_right(recorder, case, operation, node.name):
                continue
            found.failures += 1
            failure: Failure = node.failure_info.failure
            message = re.sub(r"\s+", " ", f"{failure.title}: {failure.message}")
            fault = Fault(operation, node.name, message, node.failure_info.code_sample)
            found.faults.setdefault((operation, node.name), fault)


def _is_right(recorder: ScenarioRecorder, case: str, operation: str, check: str) -> bool:
    """Whether what schemathesis calls a failure is not one."""
    response = recorder.interactions[case].response
    status = response.status_code if response else 0
    if check == "ignored_auth":
        return status == 429  # so many wrong keys have to wait
    if check != "positive_data_acceptance" or response is None or status != 422:
        return False
    told = orjson.loads(response.content)["error"].get("field", "")
    return told.partition(".")[0].partition("[")[0] in RULES_IN_WORDS.get(operation, set())


def admin_key(server: Running) -> str:
    """A key that may do everything."""
    database = Database(read_settings(server.environment).database_url)
    try:
        return create_key(database, "attack", list(Scope))
    finally:
        database.close()


def crashes(server: Running) -> Iterator[str]:
    """Where the server's own code failed, by its log: types and frames, no values."""
    for line in server.logged.splitlines():
        event = orjson.loads(line)
        if event["event"] in {"unexpected_error", "server_error"}:
            yield f"{event.get('error')} at {event.get('frames', ['?'])[-1]}"


@click.command()
@click.option("--requests", type=int, default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(requests: int, seed: int) -> None:
    """Attack the API; print tries and failures."""
    with tempfile.TemporaryDirectory() as place:
        server = Running(Path(place))
        make_model(server.folder / "models", "v1")
        server.start()
        try:
            started, whole = time.monotonic(), _attacks(server, requests, seed)
            seconds = time.monotonic() - started
            broken = Counter(crashes(server))
        finally:
            server.kill()
    for fault in whole.faults.values():
        click.echo(f"{fault.operation}  {fault.check}\n  {fault.message}\n  {fault.command}")
    for line in (*whole.errors, *(f"{number} × {one}" for one, number in broken.items())):
        click.echo(line)
    statuses = {str(status): number for status, number in sorted(whole.statuses.items())}
    shown = {"requests": whole.requests, "failures": whole.failures, "kinds": len(whole.faults),
             "errors": len(whole.errors), "crashes": broken.total(), "statuses": statuses,
             "seconds": round(seconds)}  # fmt: skip
    click.echo(orjson.dumps(shown).decode())
    sys.exit(bool(whole.failures or whole.errors or broken))


def _attacks(server: Running, requests: int, seed: int) -> Found:
    """All phases with a key, then without, then more examples until there were enough."""
    whole, key = Found(), admin_key(server)
    for turn, asked in enumerate([key, None] + [key] * 1000):
        if turn >= 2 and whole.requests >= requests:
            break
        one = attack(server, asked, examples=20, seed=seed + turn, every=turn < 2)
        whole.tries += one.tries
        whole.statuses += one.statuses
        whole.failures += one.failures
        whole.faults |= one.faults
        whole.errors += one.errors
    return whole


if __name__ == "__main__":
    main()
