"""Three instances of the service over one PostgreSQL behind nginx, one killed, one upgraded.

`python -m tests.show.instances`: a client sends a bounded number of complaints by the proxy of
docs/nginx.conf, half of them with an Idempotency-Key of their own. Meanwhile one instance is
killed with kill -9 and later started again, another model becomes current, and one instance is
stopped and started anew. Prints what the client got and what is stored, as JSON; exit status 1 if
a request failed or a complaint is not stored exactly once. Needs nginx, and
TRIAGE_TEST_POSTGRES_URL.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import click
from sqlalchemy import select

from classifier.artifact import current_version, set_current
from service.cases.tables import Case
from service.db import Database
from service.keys import create_key
from service.secret import load_secret
from service.tables import Scope
from tests.bench.server import free_port
from tests.builders import renamed
from tests.conftest import ROOT
from tests.service.postgres import drop_template, postgres_server

_TEXT = "等了四十分钟还没人理，你们这帮混蛋，再不退款我就打12315举报，第{}次了！！！"
_SENDERS = 6
_READY_SECONDS = 90
_NEW_VERSION = "upgraded"
SERVE = (sys.executable, "-m", "service", "serve")


@dataclass
class Instance:
    """One service process with a home of its own."""

    home: Path
    environment: dict[str, str]
    command: Sequence[str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a process group of its own, and wait until it is ready."""
        own = {"TRIAGE_HOME": str(self.home), "TRIAGE_PORT": str(self.port)}
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env={**os.environ, **self.environment, **own},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + _READY_SECONDS
        while not _is_ready(self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the instance on port {self.port} does not start")
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> None:
        """Kill its whole group by SIGKILL, or ask its main process to stop; wait for the end."""
        if self.process is not None and self.process.poll() is None:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
            self.process.wait(60)


def _is_ready(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def nginx_command(folder: Path, port: int, ports: Sequence[int]) -> list[str]:
    """The documented configuration, in the foreground, with other addresses and folders."""
    servers = [f"server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;" for one in ports]
    text = (ROOT / "docs" / "nginx.conf").read_text(encoding="utf-8")
    text, lines = re.subn(
        r"( +server 10\.0\.0\.\d+:8000 [^\n]*\n)+", "\n".join(servers) + "\n", text
    )
    text, listens = re.subn(r"listen 80;", f"listen 127.0.0.1:{port};", text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text, blocks = re.subn(r"http \{\n", f"http {{\n{paths}", text)
    if (lines, listens, blocks) != (1, 1, 1):
        sys.exit("docs/nginx.conf has not the lines that are replaced here")
    # Started as root, its workers would be somebody who cannot enter a temporary folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = f"{user}pid {folder}/pid;\ndaemon off;\nerror_log {folder}/errors;\n" + text
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    return [
        "nginx",
        "-p",
        str(folder),
        "-e",
        str(folder / "errors"),
        "-c",
        str(folder / "nginx.conf"),
    ]


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A proxy that answers on the port, until the block ends."""
    with subprocess.Popen(command) as process:
        try:
            end = time.monotonic() + _READY_SECONDS
            while not _is_ready(port):
                if process.poll() is not None or time.monotonic() > end:
                    sys.exit("nginx does not start")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


@dataclass
class Client:
    """Sends numbered complaints from several threads, each once, and never again by itself."""

    port: int
    key: str
    requests: int
    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    cases: list[int] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sent: int = 0

    def run(self, steps: dict[int, Callable[[], None]]) -> None:
        """Send everything; `steps` happen beside it when so many requests were answered."""
        with ThreadPoolExecutor(_SENDERS + 1) as pool:
            done = [pool.submit(self._send_all) for _ in range(_SENDERS)]
            done.append(pool.submit(self._take_steps, steps))
            for one in done:
                one.result()

    def _take_steps(self, steps: dict[int, Callable[[], None]]) -> None:
        for number, step in sorted(steps.items()):
            while sum(self.statuses.values()) < number:
                time.sleep(0.02)
            step()

    def _send_all(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        while True:
            with self._lock:
                number = self._sent
                if number == self.requests:
                    connection.close()
                    return
                self._sent += 1
            start = time.perf_counter()
            status, answer = self._send(connection, number)
            with self._lock:
                self.slowest_seconds = max(self.slowest_seconds, time.perf_counter() - start)
                self.statuses[status] += 1
                if status == 200:
                    self.versions[answer["model_version"]] += 1
                    self.cases.append(answer["case_id"])

    def _send(self, connection: HTTPConnection, number: int) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if number % 2:
            headers["Idempotency-Key"] = f"complaint-{number}"
        body = json.dumps({"text": _TEXT.format(number), "id": f"N-{number}"}).encode()
        try:
            connection.request("POST", "/v1/classify", body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException):  # not reached, or an answer that was cut off
            connection.close()
            return 0, {}
        return response.status, json.loads(content) if response.status == 200 else {}


def show(
    folder: Path, models: Path, new_model: Callable[[], None], command: Sequence[str], requests: int
) -> dict[str, object]:
    """What the client got and what the database holds after everything that happened."""
    with postgres_server().database() as url:
        database = Database(url)
        key = create_key(database, "client", [Scope.CLASSIFY])
        load_secret(folder / "shared", make=True)
        environment = {
            "TRIAGE_DATABASE_URL": url, "TRIAGE_MODELS": str(models), "TRIAGE_WORKERS": "1",
            "TRIAGE_THREADS": "4", "TRIAGE_PROXIES": "1", "TRIAGE_LOG_LEVEL": "warning",
        }  # fmt: skip
        instances = [Instance(folder / f"home{n}", environment, command) for n in range(3)]
        for one in instances:
            one.home.mkdir()
            shutil.copyfile(folder / "shared" / "secret.key", one.home / "secret.key")
            (one.home / "secret.key").chmod(0o600)
        port = free_port()
        client = Client(port, key, requests)

        def upgrade() -> None:
            new_model()
            instances[1].end(signal.SIGTERM)
            instances[1].start()

        try:
            with ThreadPoolExecutor(len(instances)) as pool:
                list(pool.map(Instance.start, instances))
            proxy = nginx_command(folder, port, [one.port for one in instances])
            with running(proxy, port):
                client.run({
                    requests // 5: lambda: instances[0].end(signal.SIGKILL),
                    2 * requests // 5: instances[0].start,
                    3 * requests // 5: upgrade,
                })  # fmt: skip
                # The model may become current after the last request of a short run.
                new = [_version(one.port, key) for one in instances]
        finally:
            for one in instances:
                one.end(signal.SIGTERM)
        with database.session() as session:
            stored = [tuple(row) for row in session.execute(select(Case.id, Case.client_id))]
        database.close()
    return {
        "requests": requests, "failed": requests - client.statuses[200],
        "statuses": dict(client.statuses), "slowest_seconds": round(client.slowest_seconds, 2),
        "cases_stored": len(stored), "stored_twice": len(stored) - len({own for _, own in stored}),
        "accepted_not_stored": len(set(client.cases) - {case for case, _ in stored}),
        "model_versions": dict(client.versions), "versions_at_the_end": sorted(set(new)),
    }  # fmt: skip


def _version(port: int, key: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    deadline = time.monotonic() + 15
    version = ""
    while version != _NEW_VERSION and time.monotonic() < deadline:
        connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {key}"})
        version = json.loads(connection.getresponse().read())["model_version"]
        time.sleep(0.2)
    connection.close()
    return version


def is_good(found: dict[str, object]) -> bool:
    """Whether nothing failed and everything that was accepted is stored once."""
    return (
        found["failed"] == found["stored_twice"] == found["accepted_not_stored"] == 0
        and found["cases_stored"] == found["requests"]
        and found["versions_at_the_end"] == [_NEW_VERSION]
    )


@click.command()
@click.option("--requests", type=click.IntRange(20, 20_000), default=3000, show_default=True)
def main(requests: int) -> None:
    """Hammer three instances while one is killed and one upgraded."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        models, version = folder / "models", current_version(ROOT / "models")
        if version is None:
            sys.exit("models/CURRENT is missing: run `make train`")
        for name in (version, _NEW_VERSION):
            renamed(ROOT / "models" / version, models / name)
        set_current(models, version)
        found = show(folder, models, lambda: set_current(models, _NEW_VERSION), SERVE, requests)
        drop_template()
    click.echo(json.dumps(found))
    sys.exit(not is_good(found))


if __name__ == "__main__":
    main()
