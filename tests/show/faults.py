"""Faults of machine and disk under a real service with a fake model that is asked all the time.

`python -m tests.show.faults` kills workers and the parent (kill -9), and copies the database at
the moment of a power cut. After each fault the service must be ready again within five
seconds; at the end each request that was accepted is in the database once, and the audit chain
holds. The exit status is 1 if not.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import click
import orjson
import psutil
from sqlalchemy import func, select

from service.audit import verify
from service.cases.tables import Case
from service.db import Database
from service.secret import load_secret
from tests.bench.server import free_port
from tests.conftest import ROOT
from tests.service.fakes import make_model

_CLIENTS, _ANSWER_SECONDS, _START_SECONDS = 4, 5.0, 60.0
_READY_SECONDS = 5.0
_FILE = "triage.sqlite3"


@dataclass
class Service:
    """The service in a folder, and the cases that it said it had stored."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    key: str = ""
    accepted: dict[int, int] = field(default_factory=dict)  # number of the request, of the case
    clients: list[threading.Thread] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def home(self) -> Path:
        """Where its database lies."""
        return self.folder / "home"

    @property
    def env(self) -> dict[str, str]:
        """Its settings."""
        own = {"TRIAGE_HOME": str(self.home), "TRIAGE_MODELS": str(self.folder / "models"),
               "TRIAGE_PORT": str(self.port), "TRIAGE_LOG_LEVEL": "ERROR", "TRIAGE_THREADS": "2",
               "TRIAGE_EVENT_WORKER": "false"}  # fmt: skip
        return {**os.environ, **own}

    def start(self) -> None:
        """Start without waiting."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-m", "tests.service.serve_fake"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, **quiet)

    def ready_after(self, patience: float) -> float:
        """Seconds until it answers; it is started again when it has ended."""
        start = time.monotonic()
        while time.monotonic() - start < patience:
            assert self.process is not None
            if self.process.poll() is not None:
                self.start()
            with suppress(OSError, HTTPException):
                if self.ask("GET", "/readyz")[0] == 200:
                    return time.monotonic() - start
            time.sleep(0.02)
        return float("inf")

    def ask(
        self, method: str, path: str, body: bytes | None = None, once: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of one answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request(
                method, path, body, headers | ({"Idempotency-Key": once} if once else {})
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        """Let each client have its last request answered, then stop."""
        self.done.set()
        for client in self.clients:
            client.join()
        assert self.process is not None
        self.process.terminate()
        self.process.wait()

    def processes(self) -> list[psutil.Process]:
        """The parent, then its workers."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children()]


@contextmanager
def serving() -> Iterator[Service]:
    """A service that is asked all the time by clients that send again until they are answered."""
    with tempfile.TemporaryDirectory() as place:
        service = Service(Path(place))
        make_model(service.folder / "models", "v1")
        make = [
            sys.executable,
            "-m",
            "service",
            "create-key",
            "--name",
            "faults",
            "--scope",
            "classify",
        ]
        made = subprocess.run(
            make, cwd=ROOT, env=service.env, capture_output=True, text=True, check=True
        )
        service.key = made.stdout.strip().splitlines()[-1]
        service.start()
        if service.ready_after(_START_SECONDS) > _START_SECONDS:
            sys.exit("the service did not start")
        service.clients = [
            threading.Thread(target=_client, args=(service, n)) for n in range(_CLIENTS)
        ]
        for client in service.clients:
            client.start()
        try:
            yield service
        finally:
            service.stop()


def _client(service: Service, first: int) -> None:
    """Sends its requests one after the other; after the end it still has its last one answered."""
    number = first
    while not service.done.is_set():
        body = orjson.dumps({"text": f"等了四十分钟，我要举报，{number}", "store": True})
        while True:
            with suppress(OSError, HTTPException):
                status, answer = service.ask("POST", "/v1/classify", body, f"request-{number}")
                if status == 200:
                    service.accepted[number] = orjson.loads(answer)["case_id"]
                    break
            time.sleep(0.02)
        number += _CLIENTS


def kill(service: Service, draws: random.Random) -> float:
    """Kill -9 of a worker or of the parent at a random moment; seconds until it is ready."""
    time.sleep(draws.uniform(0, 0.2))
    victims = service.processes()
    with suppress(psutil.NoSuchProcess):
        draws.choice(victims).kill()
    return service.ready_after(_START_SECONDS)


def cut_power(service: Service, draws: random.Random) -> float:
    """The files at one moment, opened elsewhere: whole, and with all that was accepted; no seconds.

    All processes stand still while the files are copied. What the kernel would not have written yet
    is copied too: only a real power cut tells of that.
    """
    time.sleep(draws.uniform(0, 0.2))
    running = service.processes()
    for one in running:
        one.send_signal(signal.SIGSTOP)
    before = dict(service.accepted)
    with tempfile.TemporaryDirectory() as place:
        for file in service.home.glob(f"{_FILE}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, place)
        for one in running:
            one.send_signal(signal.SIGCONT)
        is_whole = check(Path(place) / _FILE, service.home, before, is_end=False)
    return 0.0 if is_whole else float("inf")


def check(file: Path, home: Path, accepted: dict[int, int], *, is_end: bool) -> bool:
    """Whether a database is whole and holds each accepted request once."""
    with sqlite3.connect(file) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    database = Database(f"sqlite:///{file}")
    with database.session() as session:
        stored = set(session.scalars(select(Case.id)))
        count = session.scalar(select(func.count()).select_from(Case))
    chain = verify(database, load_secret(home))
    database.close()
    wanted = set(accepted.values())
    return (
        whole
        and chain.broken is None
        and len(wanted) == len(accepted)
        and wanted <= stored
        and (not is_end or count == len(accepted))
    )


FAULTS = {"kill -9": kill, "power cut": cut_power}


def run(name: str, times: int, seed: int = 1) -> tuple[float, int, int, bool]:
    """Slowest return in seconds, requests accepted, faults not survived, whether all is there."""
    draws = random.Random(seed)  # noqa: S311
    with serving() as service:
        seconds = []
        for _ in range(times):
            seconds.append(FAULTS[name](service, draws))
            time.sleep(draws.uniform(0.05, 0.3))
        late = sum(one > _READY_SECONDS for one in seconds)
        service.stop()
        is_right = check(service.home / _FILE, service.home, service.accepted, is_end=True)
    return max(seconds), len(service.accepted), late, is_right


@click.command()
@click.option("--times", type=click.IntRange(1, 1000), default=200, show_default=True)
@click.option("--only", type=click.Choice(list(FAULTS)), multiple=True)
def main(times: int, only: tuple[str, ...]) -> None:
    """Let the faults come, one kind after the other, and print a table."""
    click.echo(
        f"{'fault':<10} {'tries':>6} {'accepted':>9} {'slowest':>9} {'late':>5}  all there once"
    )
    good = True
    for name in only or FAULTS:
        slowest, accepted, late, is_right = run(name, times)
        good = good and is_right and not late
        click.echo(f"{name:<10} {times:>6} {accepted:>9} {slowest:>7.1f} s {late:>5}  {is_right}")
    sys.exit(not good)


if __name__ == "__main__":
    main()
