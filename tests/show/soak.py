"""Half an hour at 70 % of what the service can do: whether memory or waiting grow.

`python -m tests.show.soak --minutes 30` starts the service with the current model and SQLite, asks
as fast as it answers for a while to learn its capacity, then sends requests at a steady share of
that, whether it answers or not: every tenth becomes a stored case. A request waits from the moment
when it was due, so that a service that stalls is not asked less. Prints each minute's requests,
waiting and memory (what processes share counts once). The exit status is 1 if a request failed, or
if in the last third memory is a tenth, or the median wait a half, above the first third, whose
first two minutes are left out.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import click
import psutil

from tests.bench.server import is_whole, requests_of, run_client, service
from tests.bench.texts import rows

_TEXTS, _CONNECTIONS, _STORED_EACH = 500, 64, 10
_WARM_UP_MINUTES = 2
_MOST_MEMORY, _MOST_WAIT = 1.10, 1.50


@dataclass(frozen=True, slots=True)
class Minute:
    """What was seen in one stretch of time: waits in milliseconds, memory in MB, answers 503."""

    requests: int
    median: float
    p99: float
    memory: float
    refused: int = 0


class Sent(NamedTuple):
    """The wait of each request from when it was due, in seconds, and how many got 503."""

    waits: list[float]
    refused: int


def send_steadily(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Sent:
    """Send at a rate, in requests per second, over connections of its own.

    Requests that are not answered at the end have waited until then.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())

        def connect() -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(connection, selectors.EVENT_READ, bytearray())
            return connection

        return _sent(selector, connect, requests, rate, seconds)


def _sent(
    selector: selectors.BaseSelector,
    connect: Callable[[], socket.socket],
    requests: Sequence[bytes],
    rate: float,
    seconds: float,
) -> Sent:
    free = deque(connect() for _ in range(_CONNECTIONS))
    due_of: dict[socket.socket, float] = {}
    waits: list[float] = []
    refused = 0
    start, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) - start < seconds:
        while free and start + sent / rate <= now:
            connection = free.popleft()
            due_of[connection] = start + sent / rate
            connection.sendall(requests[sent % len(requests)])
            sent += 1
        pause = max(0.0, start + sent / rate - now) if free else 0.1
        for entry, _ in selector.select(min(pause, 0.1)):
            connection, buffer = entry.fileobj, entry.data
            buffer += connection.recv(1 << 16)
            if not is_whole(buffer, (200, 503)):
                continue
            waits.append(time.perf_counter() - due_of.pop(connection))
            if buffer.startswith(b"HTTP/1.1 503"):  # and the server has closed it
                refused += 1
                selector.unregister(connection)
                connection.close()
                connection = connect()
            buffer.clear()
            free.append(connection)
    end = time.perf_counter()
    never_sent = [start + number / rate for number in range(sent, int(seconds * rate))]
    return Sent(waits + [end - due for due in (*due_of.values(), *never_sent)], refused)


def memory_of(parent: int) -> float:
    """MB of a process and its children, what they share counted once."""
    process = psutil.Process(parent)
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in family) / 2**20


def judged(minutes: Sequence[Minute]) -> list[str]:
    """What grew, and whether requests were refused; empty if nothing is amiss."""
    seen = minutes[_WARM_UP_MINUTES:] if len(minutes) > 5 * _WARM_UP_MINUTES else minutes
    third = max(1, len(seen) // 3)
    found = []
    for name, most in (("memory", _MOST_MEMORY), ("median", _MOST_WAIT)):
        first, last = (
            median(getattr(one, name) for one in part) for part in (seen[:third], seen[-third:])
        )
        if last > most * first:
            found.append(f"{name} grew from {first:.2f} to {last:.2f}")
    if refused := sum(one.refused for one in minutes):
        found.append(f"{refused} requests were answered 503")
    return found


@click.command()
@click.option("--minutes", type=click.IntRange(1, 600), default=30, show_default=True)
@click.option("--load", type=click.FloatRange(0.05, 1.0), default=0.7, show_default=True)
@click.option("--seconds", type=click.IntRange(1, 60), default=60, hidden=True)
def main(minutes: int, load: float, seconds: int) -> None:
    """Ask steadily for a while and print what each minute was like."""
    corpus = rows(_TEXTS)
    texts = corpus.text.tolist()
    furious = corpus[corpus.intensity.isin(["4", "5"])].text.tolist()
    with (
        tempfile.TemporaryDirectory() as home,
        service(Path(home)) as (port, key),
        multiprocessing.get_context("spawn").Pool(1) as client,
    ):
        plain = requests_of("/v1/classify", key, texts)
        stored = requests_of("/v1/classify", key, furious, store=True)
        mixed = [
            stored[n % len(stored)] if n % _STORED_EACH == 0 else plain[n % len(plain)]
            for n in range(_STORED_EACH * len(stored))
        ]
        capacity = max(client.apply(run_client, (port, mixed))[0] for _ in range(3))
        rate = load * capacity
        click.echo(f"capacity {capacity:,.0f} requests/s, sent {rate:,.0f} requests/s")
        click.echo(
            f"{'minute':>6} {'requests':>9} {'p50 ms':>7} {'p99 ms':>7} {'MB':>7} {'503':>5}"
        )
        parent = _listener(port)
        seen: list[Minute] = []
        for number in range(1, minutes + 1):
            waits, refused = client.apply(send_steadily, (port, mixed, rate, seconds))
            cuts = [1000 * one for one in quantiles(waits, n=100)]
            seen.append(Minute(len(waits), cuts[49], cuts[98], memory_of(parent), refused))
            one = seen[-1]
            click.echo(
                f"{number:>6} {one.requests:>9,} {one.median:>7.2f} {one.p99:>7.2f} "
                f"{one.memory:>7.0f} {one.refused:>5}"
            )
    faults = judged(seen)
    click.echo("; ".join(faults) or "nothing grew")
    sys.exit(bool(faults))


def _listener(port: int) -> int:
    """The parent of the processes that listen on a port."""
    me = psutil.Process()
    for one in me.children(recursive=True):
        if any(c.laddr.port == port and c.status == "LISTEN" for c in one.net_connections()):
            return one.pid
    raise RuntimeError(f"nobody listens on port {port}")


if __name__ == "__main__":
    main()
