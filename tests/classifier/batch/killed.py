"""Classifies a file, killed by kill -9 at one touch of a file, then at a later one, and so on.

`python -m tests.classifier.batch.killed MODEL INPUT OUTPUT JOBS STEP`; prints how often it was
killed. A touch is an open, rename, removal or cut of a file as Python's audit events tell.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pyarrow.parquet  # noqa: F401  (its own files are not what is counted)

from classifier import load
from classifier.batch.run import Plan, classify_file
from classifier.policy_file import load_policy

_TOUCHES = {"open", "os.rename", "os.remove", "os.truncate"}


def killed_at(last: int) -> None:
    """From here on, end this process at its touch of this number."""
    left, own = last, os.getpid()

    def count(event: str, _values: tuple[object, ...]) -> None:
        nonlocal left
        if event in _TOUCHES and os.getpid() == own:
            left -= 1
            if left == 0:
                os.kill(own, signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    model, source, target, jobs, step = sys.argv[1:]
    loaded = load(model), load_policy()
    loaded[0].predict(["退款一直没有到账"])  # makes its tables once, for all the children
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            killed_at(kills * int(step) + 1)
            classify_file(loaded, Path(source), Path(target), Plan(jobs=int(jobs)))
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
        kills += 1
    print(kills)  # noqa: T201
