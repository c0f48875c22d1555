"""The service against a bare Flask JSON echo under the same gunicorn settings."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.library import Measure, ratio
from tests.conftest import ROOT

_SECONDS = 2.0
_CONNECTIONS = 8
_ROUNDS = 9
_START_SECONDS = 60


def measure_server(texts: list[str], furious: list[str]) -> list[Measure]:
    """Requests per second of each, measured in turns.

    `furious` are texts that become cases: they are classified without storing, and stored.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        service(Path(home)) as (port, key),
        _echo() as other,
        multiprocessing.get_context("spawn").Pool(1) as client,
    ):
        ask = partial(requests_of, "/v1/classify", key)
        loads = [
            (other, requests_of("/echo", "", texts)),
            (port, ask(texts)),
            (port, ask(furious)),
            (port, ask(furious, store=True)),
        ]
        for load in loads:
            client.apply(run_client, load)  # what is made at first is not measured
        rounds = [[client.apply(run_client, load) for load in loads] for _ in range(_ROUNDS)]
    echo, classify, unstored, stored = zip(*rounds, strict=True)
    return [
        Measure("bare Flask JSON echo", median(echo), "requests/s"),
        Measure(
            "POST /v1/classify, against echo", median(classify), "requests/s",
            ratio(classify, echo), 0.5,
        ),
        Measure(
            "with a stored case, against without", median(stored), "requests/s",
            ratio(stored, unstored), 0.4,
        ),
    ]  # fmt: skip


@contextmanager
def service(home: Path) -> Iterator[tuple[int, str]]:
    """The service with the current model and an SQLite database: its port and a key."""
    port = free_port()
    env = {**os.environ, "TRIAGE_HOME": str(home), "TRIAGE_PORT": str(port)}
    env["TRIAGE_LOG_LEVEL"] = "warning"
    make = [sys.executable, "-m", "service", "create-key", "--name", "bench", "--scope", "classify"]
    made = subprocess.run(make, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    key = made.stdout.strip().splitlines()[-1]
    with running([sys.executable, "-m", "service", "serve"], env, port):
        yield port, key


@contextmanager
def _echo() -> Iterator[int]:
    """The echo under the same server settings: worker class, workers and threads."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers, threads = os.environ.get("TRIAGE_WORKERS", "2"), os.environ.get("TRIAGE_THREADS", "8")
    command = [sys.executable, "-m", "gunicorn", "--preload"]
    command += ["--worker-class", "service.worker.TriageWorker"]
    command += ["--workers", workers, "--threads", threads, "--bind", f"127.0.0.1:{port}"]
    with running([*command, "--log-level", "warning", "tests.bench.echo:app"], env, port):
        yield port


@contextmanager
def running(
    command: list[str], env: dict[str, str], port: int, *, folder: Path = ROOT
) -> Iterator[None]:
    """A server, started in a folder, that listens on the port, until the block ends."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, env=env, **quiet) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_START_SECONDS * 10):
        if process.poll() is not None:
            sys.exit(f"{process.args} ended with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"nothing listens on port {port} after {_START_SECONDS} s")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_client(port: int, requests: list[bytes]) -> float:
    """Send for some seconds over several connections at once; returns answers per second."""
    import selectors  # noqa: PLC0415  (only the client process needs it)

    selector = selectors.DefaultSelector()
    done = sent = 0
    for _ in range(_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        selector.register(connection, selectors.EVENT_READ, bytearray())
        connection.sendall(requests[sent % len(requests)])
        sent += 1
    start = time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        for entry, _ in selector.select(1):
            connection, buffer = entry.fileobj, entry.data
            buffer += connection.recv(1 << 16)
            if is_whole(buffer):
                buffer.clear()
                done += 1
                connection.sendall(requests[sent % len(requests)])
                sent += 1
    return done / (time.perf_counter() - start)


def requests_of(path: str, key: str, texts: list[str], *, store: bool = False) -> list[bytes]:
    """A whole HTTP request for each text."""
    found = []
    for text in texts:
        body = json.dumps({"text": text, "store": store}, ensure_ascii=False).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        fields = f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        found.append(f"{head}{fields}".encode() + body)
    return found


def is_whole(buffer: bytearray) -> bool:
    """Whether the buffer holds one whole answer.

    Raises:
        RuntimeError: the answer is no success.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return False
    if not buffer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server answered {bytes(buffer[:60])!r}")
    length = re.search(rb"content-length: (\d+)", bytes(buffer[:end]).lower())
    return length is not None and len(buffer) >= end + 4 + int(length.group(1))
