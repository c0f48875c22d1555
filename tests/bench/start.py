"""Memory and time of a process that loads the model: what each worker of a service costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from tests.bench.library import Measure
from tests.conftest import ROOT

_ROUNDS = 5
_LIMIT_MB, _LIMIT_SECONDS = 150, 1.0
_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
from classifier.triage import load
imported = resident()
triage = load(models=Path(sys.argv[1]))
triage.predict(["等了四十分钟才上菜，菜还是凉的"])
seconds, whole = time.process_time(), resident()
print(json.dumps([seconds, whole - imported, whole]))
"""


def measure_start(models: Path) -> list[Measure]:
    """Medians over fresh processes. Linux only.

    Seconds are the processor's: another process that wants it does not count. The memory of a model
    is all that is added after the imports.
    """
    runs = [_run(models) for _ in range(_ROUNDS)]
    seconds, growth, whole = (median(column) for column in zip(*runs, strict=True))
    return [
        Measure("import, load, first text", seconds, "s", _LIMIT_SECONDS / seconds, 1.0),
        Measure("memory of a loaded model", growth, "MB", _LIMIT_MB / growth, 1.0),
        Measure("memory of the whole process", whole, "MB"),
    ]


def _run(models: Path) -> list[float]:
    command = [sys.executable, "-c", _PROGRAM, str(models)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(ran.stdout)
    return found
