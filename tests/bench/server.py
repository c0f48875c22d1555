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
from collections import deque
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from tests.bench.library import Measure, ratio
from tests.conftest import ROOT

_SECONDS = 2.0
_CONNECTIONS = 8
_ROUNDS = 9
_START_SECONDS = 60
_BATCH_TEXTS = 200  # the most that one request may hold
_BATCH_FLOOR = 8000  # texts a second
_SLOW_CLIENTS = 1000
_CROWD = 400  # more than five seconds of work for the batches that they ask for
_CROWD_SECONDS = 8.0
_RETRY_AFTER = 1.0
_RECOVERY_SECONDS = 3.0  # what was accepted is answered first
_SLOW_HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: bench\r\nContent-Le"  # the rest never comes


def measure_server(texts: list[str], furious: list[str]) -> list[Measure]:
    """Requests per second of each, measured in turns.

    `furious` are texts that become cases.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        service(Path(home), TRIAGE_QUEUE_SECONDS="2") as (port, key),
        _echo() as other,
        multiprocessing.get_context("spawn").Pool(1) as client,
    ):
        ask = partial(requests_of, "/v1/classify", key)
        loads = [
            (other, requests_of("/echo", "", texts)),
            (port, ask(texts)),
            (port, ask(furious, store=True)),
            (port, batch_requests(key, texts)),
        ]
        for load in loads:
            client.apply(run_client, load)  # what is made at first is not measured
        rounds = [[client.apply(run_client, load) for load in loads] for _ in range(_ROUNDS)]
        hindered = [
            client.apply(_run_client_among_slow_ones, loads[1]) for _ in range(_ROUNDS // 2)
        ]
        crowds = [client.apply(run_crowd, loads[3]) for _ in range(_ROUNDS // 2)]
        time.sleep(_RECOVERY_SECONDS)
        afterwards = [client.apply(run_client, loads[1])[0] for _ in range(_ROUNDS // 2)]
    echo, classify, stored, batch = (
        [rate for rate, _ in column] for column in zip(*rounds, strict=True)
    )
    echo_tail, classify_tail = ([row[place][1] for row in rounds] for place in (0, 1))
    batch_rate = median(batch) * _BATCH_TEXTS
    return [
        Measure("bare Flask JSON echo", median(echo), "requests/s"),
        Measure(
            "POST /v1/classify, against echo", median(classify), "requests/s",
            ratio(classify, echo), 0.6,
        ),
        Measure(
            "its 99th percentile; echo's over it", 1000 * median(classify_tail), "ms",
            ratio(echo_tail, classify_tail), 1 / 3,
        ),
        Measure(
            f"among {_SLOW_CLIENTS} slow clients, against without", median(hindered), "requests/s",
            median(hindered) / median(classify), 0.8,
        ),
        Measure(
            "with a stored case, against echo", median(stored), "requests/s",
            ratio(stored, echo), 0.15,
        ),
        Measure(
            "POST /v1/classify/batch, against 8,000/s", batch_rate, "texts/s",
            batch_rate / _BATCH_FLOOR, 1.0,
        ),
        *_overload(crowds, batch, afterwards, classify),
    ]  # fmt: skip


def _overload(
    crowds: list[Crowd], batch: list[float], afterwards: list[float], before: list[float]
) -> list[Measure]:
    """What a crowd gets, and what is left of it when it has gone."""
    answered = median(crowd.answered for crowd in crowds)
    slowest = max(crowd.slowest for crowd in crowds)
    refused = sum(crowd.refused for crowd in crowds)
    return [
        Measure(
            f"{_CROWD} clients with batches, against {_CONNECTIONS}", answered * _BATCH_TEXTS,
            "texts/s in all", answered / median(batch), 0.7,
        ),
        Measure("the slowest answer among them, limit over it", slowest, "s", 4 / slowest, 1.0),
        Measure("who was told to come again (503)", refused, "requests", refused, 1.0),
        Measure(
            "classify three seconds later, against before", median(afterwards), "requests/s",
            median(afterwards) / median(before), 0.8,
        ),
    ]  # fmt: skip


@contextmanager
def service(home: Path, **settings: str) -> Iterator[tuple[int, str]]:
    """The service with the current model, by default on SQLite: its port and a key."""
    port = free_port()
    env = {**os.environ, "TRIAGE_HOME": str(home), "TRIAGE_PORT": str(port)}
    env |= {"TRIAGE_LOG_LEVEL": "warning", **settings}
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


def run_client(port: int, requests: list[bytes]) -> tuple[float, float]:
    """Send for some seconds over several connections at once.

    Returns answers per second, and the 99th percentile of the time to an answer in seconds.
    """
    import selectors  # noqa: PLC0415  (only the client process needs it)

    selector = selectors.DefaultSelector()
    turns = cycle(requests)
    waits: list[float] = []
    for _ in range(_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        selector.register(connection, selectors.EVENT_READ, [bytearray(), time.perf_counter()])
        connection.sendall(next(turns))
    start = time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        for entry, _ in selector.select(1):
            connection, (buffer, sent_at) = entry.fileobj, entry.data
            buffer += connection.recv(1 << 20)
            if is_whole(buffer):
                buffer.clear()
                waits.append(time.perf_counter() - sent_at)
                entry.data[1] = time.perf_counter()
                connection.sendall(next(turns))
    seconds = time.perf_counter() - start
    for entry in list(selector.get_map().values()):
        entry.fileobj.close()
    return len(waits) / seconds, quantiles(waits, n=100)[98]


class Crowd(NamedTuple):
    """Answers a second and refusals in all, and the longest wait for either, in seconds."""

    answered: float
    refused: int
    slowest: float


def run_crowd(port: int, requests: list[bytes]) -> Crowd:
    """Ask over more connections than can be answered; who is refused comes again as it is told."""
    import selectors  # noqa: PLC0415  (only the client process needs it)

    selector = selectors.DefaultSelector()
    turns = cycle(requests)
    waits: list[float] = []
    later: deque[float] = deque()  # when those who were refused come again
    refused = 0

    def ask() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(next(turns))
        selector.register(connection, selectors.EVENT_READ, [bytearray(), time.perf_counter()])

    for _ in range(_CROWD):
        ask()
    start = now = time.perf_counter()
    n_answered = 0
    while now - start < _CROWD_SECONDS:
        while later and later[0] < now:
            later.popleft()
            ask()
        for entry, _ in selector.select(0.05):
            connection, (buffer, sent_at) = entry.fileobj, entry.data
            buffer += connection.recv(1 << 20)
            if not buffer or not is_whole(buffer, (200, 503)):
                continue
            waits.append(time.perf_counter() - sent_at)
            if buffer.startswith(b"HTTP/1.1 200"):
                n_answered += 1
                entry.data[:] = bytearray(), time.perf_counter()
                connection.sendall(next(turns))
            else:
                refused += 1
                selector.unregister(connection)
                connection.close()
                later.append(time.perf_counter() + _RETRY_AFTER)
        now = time.perf_counter()
    for entry in list(selector.get_map().values()):
        entry.fileobj.close()
    return Crowd(n_answered / (now - start), refused, max(waits))


def _run_client_among_slow_ones(port: int, requests: list[bytes]) -> float:
    """Answers per second while others have begun requests that they do not end."""
    with ExitStack() as stack:
        for _ in range(_SLOW_CLIENTS):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(_SLOW_HEAD)
        return run_client(port, requests)[0]


def batch_requests(key: str, texts: list[str]) -> list[bytes]:
    """Whole HTTP requests for so many texts each as one may hold; nothing is stored."""
    found = []
    for start in range(0, len(texts) - _BATCH_TEXTS + 1, _BATCH_TEXTS):
        items = [{"text": text, "store": False} for text in texts[start : start + _BATCH_TEXTS]]
        found.append(_request("/v1/classify/batch", key, {"items": items}))
    return found


def requests_of(path: str, key: str, texts: list[str], *, store: bool = False) -> list[bytes]:
    """A whole HTTP request for each text."""
    return [_request(path, key, {"text": text, "store": store}) for text in texts]


def _request(path: str, key: str, content: dict[str, object]) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    fields = f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"{head}{fields}".encode() + body


def is_whole(buffer: bytearray, statuses: Container[int] = (200,)) -> bool:
    """Whether the buffer holds one whole answer.

    Raises:
        RuntimeError: the answer has another status than those.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return False
    if int(buffer[9:12]) not in statuses:
        raise RuntimeError(f"the server answered {bytes(buffer[:60])!r}")
    length = re.search(rb"content-length: (\d+)", bytes(buffer[:end]).lower())
    return length is not None and len(buffer) >= end + 4 + int(length.group(1))
