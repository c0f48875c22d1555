"""Processes that score chunks side by side; what comes out is in the order of what went in.

They are forked after the model is loaded and share its memory. Each has a pipe of its own, and a
thread that hands it one chunk after another: neither side can wait for the other for ever. When
the parent is gone, even by kill -9, the pipes close and they end.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue

from classifier.batch.score import Chunk, Scorer, Tally
from classifier.collection import settle
from classifier.errors import TriageError

Scored = tuple[bytes, Tally]
Score = Callable[[Chunk], Scored]
_AHEAD = 3  # chunks for each process that are read before the first of them is written


class WorkerError(TriageError):
    """A process that scored chunks is gone."""


@contextmanager
def workers(scorer: Scorer, jobs: int) -> Iterator[Callable[[Iterable[Chunk]], Iterator[Scored]]]:
    """A function that scores chunks in `jobs` processes; with 1 it does so in this one."""
    scorer.score(Chunk(1, ["退款一直没有到账"], {}))  # what is made at first use is made once
    settle()
    if jobs == 1:
        yield lambda chunks: map(scorer.score, chunks)
        return
    context = get_context("fork")
    free: SimpleQueue[Connection] = SimpleQueue()
    ends: list[Connection] = []
    processes = []
    for _ in range(jobs):
        here, there = context.Pipe()
        ends.append(here)
        # A child that kept the parent's end of a pipe would keep that pipe's reader alive.
        process = context.Process(target=_work, args=(scorer, there, tuple(ends)), daemon=True)
        process.start()
        there.close()
        processes.append(process)
        free.put(here)
    try:
        yield lambda chunks: _in_order(chunks, lambda chunk: _ask(free, chunk), jobs)
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.join()


def _in_order(chunks: Iterable[Chunk], score: Score, jobs: int) -> Iterator[Scored]:
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Scored]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(score, chunk))
            if len(waiting) > _AHEAD * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _ask(free: SimpleQueue[Connection], chunk: Chunk) -> Scored:
    pipe = free.get()
    try:
        pipe.send(chunk)
        found: Scored = pipe.recv()
    except (EOFError, OSError) as error:
        raise WorkerError(
            "a process that scored rows was ended from outside (was there enough memory?); "
            "the same command goes on where it stopped"
        ) from error
    finally:
        free.put(pipe)
    return found


def _work(scorer: Scorer, pipe: Connection, others: tuple[Connection, ...]) -> None:
    for end in others:
        end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    while True:
        try:
            chunk = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(scorer.score(chunk))
        except BrokenPipeError:
            return
