"""The real gunicorn server with the fake model, asked over real connections."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

import orjson
import pytest

from tests.service.fakes import make_model

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0
KEPT_ALIVE_SECONDS = 15.0
TEXT = "等了四十分钟才上菜，我要举报"
Answer = tuple[int, dict[str, str], bytes]


def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so; the server is another process, there is no clock to move."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server process with its folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port, self.settings = folder, free_port(), settings
        self.process: subprocess.Popen[bytes] | None = None
        self.key = ""

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the process."""
        return {
            **os.environ,
            "TRIAGE_HOME": str(self.folder / "home"),
            "TRIAGE_MODELS": str(self.folder / "models"),
            "TRIAGE_PORT": str(self.port),
            "TRIAGE_REQUEST_SECONDS": "2",
            "TRIAGE_THREADS": "2",
            "TRIAGE_MAX_BODY_BYTES": "1000000",
            "TMPDIR": str(self.folder),
            **self.settings,
        }

    def start(self, command: Sequence[str] = ()) -> None:
        """Start, by another command in front, and wait until it is ready."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [*command, sys.executable, "-m", "tests.service.serve_fake"],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=err,
            )
        until(self.is_ready)
        found = re.search(r"ct_[0-9a-f]{12}_[0-9a-f]{64}", self.printed)
        self.key = found.group() if found else self.key

    def is_ready(self) -> bool:
        """Whether it answers; fails when it has ended."""
        assert self.process is not None
        assert self.process.poll() is None, self.logged
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End what a failed test has left running."""
        if self.process is not None and self.process.poll() is None:
            self.stop()

    @property
    def printed(self) -> str:
        """Its standard output."""
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def logged(self) -> str:
        """Its standard error."""
        return (self.folder / "err").read_text(encoding="utf-8")

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One request on a new connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def classify(self, text: str = TEXT) -> Answer:
        """POST one text."""
        return self.ask("POST", "/v1/classify", orjson.dumps({"text": text}))

    def send(self, content: bytes) -> socket.socket:
        """A connection on which some bytes were sent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        client.sendall(content)
        return client

    def answer_to(self, content: bytes) -> bytes:
        """Everything the server answers to some bytes until it closes."""
        with self.send(content) as client:
            return b"".join(iter(lambda: client.recv(65_536), b""))

    def model_versions(self) -> set[str]:
        """The versions that answer, asked often enough to meet every worker."""
        replies = [orjson.loads(self.classify()[2]) for _ in range(20)]
        return {reply["model_version"] for reply in replies}


def sockets(server: Running) -> dict[int, int]:
    """How many sockets each worker process has open."""
    assert server.process is not None
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has ended
            continue
        if parent == server.process.pid:
            found[int(stat.parent.name)] = sum(map(is_socket, stat.with_name("fd").iterdir()))
    return found


def is_socket(file: Path) -> bool:
    """Whether an open file of a process is one; not if it has just been closed."""
    try:
        return str(file.readlink()).startswith("socket:")
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests that leave it running."""
    running = Running(tmp_path_factory.mktemp("server"))
    make_model(running.folder / "models", "v1")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Running]:
    """A server for one test that stops it."""
    running = Running(tmp_path)
    make_model(tmp_path / "models", "v1")
    yield running
    running.kill()


def test_the_printed_key_classifies(server: Running) -> None:
    """The first start prints one key, and it works."""
    status, headers, body = server.classify()
    assert status == 200
    assert orjson.loads(body)["signals"][0]["text"] == "举报"
    assert headers["X-Request-ID"] == orjson.loads(body)["request_id"]
    assert server.printed.count(server.key) == 2  # alone, and in the curl line


def test_the_home_is_its_owners_alone(server: Running) -> None:
    """No file in TRIAGE_HOME can be read by others."""
    home = server.folder / "home"
    assert home.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.iterdir())


def test_metrics_sum_over_the_workers(server: Running) -> None:
    """However many workers answered, each request is counted once."""

    def count() -> float:
        text = server.ask("GET", "/metrics")[2].decode()
        found = re.search(r'triage_requests_total{.*"/livez",status="200"} (\S+)', text)
        return float(found.group(1)) if found else 0.0

    before = count()
    for _ in range(30):
        server.ask("GET", "/livez")
    assert count() - before == 30


def test_logs_are_json_lines_without_text_or_key(server: Running) -> None:
    """Every line is an event; neither complaint text nor the secret is in any."""
    server.classify("这家店的服务太差了")
    until(lambda: "request_answered" in server.logged)
    events = [orjson.loads(line) for line in server.logged.splitlines()]
    assert all({"event", "level", "timestamp", "model_version"} <= set(e) for e in events)
    assert "服务" not in server.logged
    assert server.key not in server.logged


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 5000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 60 + b"\r\n", b"431"),
        (b"x" * 80_000, b"414"),
    ],
)
def test_what_is_not_http_gets_the_one_error_shape(
    server: Running, content: bytes, status: bytes
) -> None:
    """Broken requests are answered as JSON, not as a page."""
    answer = server.answer_to(content)
    assert answer.startswith(b"HTTP/1.1 " + status)
    error = orjson.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]
    assert {"code", "message", "request_id"} == set(error)


def posting(server: Running, *headers: str) -> bytes:
    """The head of a POST to /v1/classify."""
    lines = ["POST /v1/classify HTTP/1.1", "Host: x", "Connection: close",
             f"Authorization: Bearer {server.key}", "Content-Type: application/json",
             *headers, "", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_a_chunked_body_is_read_and_limited(server: Running) -> None:
    """Chunks make a request as any other; broken and endless ones are client errors."""
    head = posting(server, "Transfer-Encoding: chunked")
    body = orjson.dumps({"text": TEXT})
    good = head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    assert server.answer_to(good).startswith(b"HTTP/1.1 200")
    assert server.answer_to(head + b"zz\r\n{}\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400")
    endless = head + (b"10000\r\n" + b"x" * 65_536 + b"\r\n") * 16 + b"0\r\n\r\n"
    assert server.answer_to(endless).startswith(b"HTTP/1.1 413")


def test_a_body_that_is_announced_too_large_is_refused_unread(server: Running) -> None:
    """The answer comes before the body is sent."""
    assert server.answer_to(posting(server, "Content-Length: 9999999")).startswith(b"HTTP/1.1 413")


def test_a_client_that_expects_to_be_told_to_go_on_is_told(server: Running) -> None:
    """100 Continue comes first, the reply after the body."""
    body = orjson.dumps({"text": TEXT})
    head = posting(server, f"Content-Length: {len(body)}", "Expect: 100-continue")
    with server.send(head) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(body)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")


def test_two_requests_sent_at_once_are_both_answered(server: Running) -> None:
    """Pipelined requests on one connection are answered in order."""
    one = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert server.answer_to(one + last).count(b"HTTP/1.1 200") == 2


def test_many_slow_clients_do_not_stop_the_others(server: Running) -> None:
    """Ten times as many stalled clients as threads: others are served, the stalled get 408."""
    body_missing = posting(server, "Content-Length: 100")
    beginnings = [b"POST /v1/cl", body_missing, body_missing + b"{", b""] * 10
    stalled = [server.send(beginning) for beginning in beginnings]
    started = time.monotonic()
    for _ in range(5):
        assert server.classify()[0] == 200
    assert time.monotonic() - started < 1.5  # they are dropped only after two seconds
    for client, beginning in zip(stalled, beginnings, strict=True):
        answer = client.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 408") if beginning else answer == b""
        client.close()


def test_clients_that_do_not_close_do_not_stop_the_others(server: Running) -> None:
    """A client that keeps its side open after the last answer holds nobody up."""
    open_ends = [
        server.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for _ in range(20)
    ]
    started = time.monotonic()
    for _ in range(5):
        assert server.classify()[0] == 200
    assert time.monotonic() - started < 20  # one after the other they took 40 s
    for client in open_ends:
        client.close()


def test_a_client_that_goes_away_is_forgotten(server: Running) -> None:
    """Half a request and a closed connection leave nothing behind."""
    for _ in range(20):
        server.send(b"POST /v1/classify HTTP/1.1\r\nHost").close()
    assert server.classify()[0] == 200


def test_a_revoked_key_stops_within_seconds(server: Running) -> None:
    """A key made and revoked by commands of another process."""

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "service", *words],
            cwd=ROOT, env=server.environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return done.stdout.splitlines()[-1]

    first, server.key = server.key, command("create-key", "--name", "b", "--scope", "classify")
    try:
        assert server.classify()[0] == 200
        command("revoke-key", server.key.split("_")[1])
        until(lambda: all(server.classify()[0] == 401 for _ in range(10)))
    finally:
        server.key = first


def test_models_are_swapped_without_dropping_a_request(own_server: Running) -> None:
    """Publishing, a damaged model, SIGHUP, a second start and a graceful stop, under load."""
    server, models = own_server, own_server.folder / "models"
    server.start()
    statuses: list[int] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            statuses.append(server.classify()[0])

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        make_model(models, "v2")
        until(lambda: server.model_versions() == {"v2"})
        make_model(models, "v3", is_damaged=True)
        until(lambda: "model_refused" in server.logged)
        assert server.model_versions() == {"v2"}
        make_model(models, "v4")
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.model_versions() == {"v4"})
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}
    key = server.key
    assert server.stop() == 0
    assert not list(server.folder.glob("triage-metrics-*"))
    server.start()
    assert server.printed == ""  # nothing is made or shown again
    assert server.classify()[0] == 200
    assert server.key == key
    server.stop()


def test_a_stopping_server_finishes_what_it_has_begun(own_server: Running) -> None:
    """A request whose body is still under way when SIGTERM comes is answered."""
    server = own_server
    server.start()
    body = orjson.dumps({"text": TEXT})
    head = posting(server, f"Content-Length: {len(body)}", "Expect: 100-continue")
    with server.send(head) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        client.sendall(body)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
    assert server.process.wait(PATIENCE_SECONDS) == 0


def test_workers_without_a_parent_let_the_address_go(own_server: Running) -> None:
    """A killed parent leaves workers; a client that asks on keeps no port from the next parent."""
    server, asking = own_server, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    server.start()
    assert server.process is not None
    with server.send(asking) as client:
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        server.process.kill()
        server.process.wait()
        started = time.monotonic()
        while not is_free(server.port):
            assert time.monotonic() - started < KEPT_ALIVE_SECONDS / 2
            with contextlib.suppress(ConnectionError):  # told to go, and gone
                client.sendall(asking)
                client.recv(65_536)
            time.sleep(0.05)


def is_free(port: int) -> bool:
    """Whether somebody could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def test_a_server_told_to_stop_while_it_starts_stops(own_server: Running) -> None:
    """Whatever it is doing at that moment, no worker outlives the signal."""
    for pause in (0.0, 0.02, 0.05, 0.1):
        own_server.start()
        time.sleep(pause)
        started = time.monotonic()
        own_server.stop()
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("model", "variables", "part"),
    [
        (None, {}, "make train"),
        ("damaged", {}, "is damaged"),
        ("good", {"TRIAGE_POLICY": __file__}, "policy"),
        ("good", {"TRIAGE_HOST": "192.0.2.1"}, "cannot listen"),
    ],
)
def test_a_start_that_cannot_be_is_one_sentence(
    tmp_path: Path, model: str | None, variables: dict[str, str], part: str
) -> None:
    """Nothing is printed but the reason, nothing stays behind."""
    if model:
        make_model(tmp_path / "models", "v1", is_damaged=model == "damaged")
    running = Running(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.service.serve_fake"],
        cwd=ROOT, env={**running.environment, **variables}, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert part in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert not list(tmp_path.glob("triage-metrics-*"))
