"""The snippets of docs/clients.md do what they say, where their runtime is present."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Served, answering, losing, runtime
from tests.conftest import ROOT

PATIENCE_SECONDS = 120
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def snippets(name: str) -> dict[str, str]:
    """The code of a page, by language."""
    return dict(FENCE.findall((ROOT / "docs" / name).read_text(encoding="utf-8")))


CODE = snippets("clients.md")


def run(served: Served, *command: str, **more: str) -> str:
    """What a program prints; it must end well."""
    own = {"TRIAGE_URL": served.address, "TRIAGE_KEY": served.key, **more}
    done = subprocess.run(
        command, env={**os.environ, **own}, capture_output=True, check=False,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8")


def is_right(served: Served, printed: str) -> None:
    """The reply is whole, Chinese and all, and every try carried the same key."""
    reply = json.loads(printed)
    assert reply["id"] == "T-1042"
    assert reply["intensity"]["name"] == "愤怒"
    assert reply["suggestion"]["steps"]
    keys = {key for _, _, key in served.seen}
    assert len(keys) == 1
    assert all(keys)


def test_both_languages_show_the_same_code() -> None:
    """The Chinese page is no older than the English one."""
    assert set(CODE) == {"python", "sh", "java", "js"}
    assert snippets("clients.zh.md") == CODE


def test_python(served: Served) -> None:
    """A reply, a suggestion, and a batch."""
    folder = str(ROOT / "clients" / "python" / "src")
    code = "import sys; sys.stdout.reconfigure(encoding='utf-8')\n" + CODE["python"]
    lines = run(served, sys.executable, "-c", code, PYTHONPATH=folder).splitlines()
    assert lines[0].startswith("P2 ")
    assert lines[1:] == ["ok", "ok"]


def test_curl(served: Served, tmp_path: Path) -> None:
    """Also when the first answer is lost on the way."""
    runtime("curl")
    served.faults += [losing]
    script = f"cd {shlex.quote(str(tmp_path))} && {CODE['sh']}"
    is_right(served, run(served, runtime("sh"), "-c", script))
    assert len(served.seen) == 2


def test_java(served: Served, tmp_path: Path) -> None:
    """Busy, then lost, then answered."""
    java = runtime("java")
    served.faults += [answering("503 Service Unavailable", Retry_After="1"), losing]
    source = tmp_path / "Classify.java"
    source.write_text(CODE["java"], encoding="utf-8")
    is_right(served, run(served, java, "-Dfile.encoding=UTF-8", str(source)))
    assert len(served.seen) == 3


def test_node(served: Served, tmp_path: Path) -> None:
    """Busy, then lost, then answered."""
    node = runtime("node")
    version = run(served, node, "--version").strip()
    if int(version.lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"node {version} has no fetch")
    served.faults += [answering("503 Service Unavailable", Retry_After="1"), losing]
    source = tmp_path / "classify.mjs"
    source.write_text(CODE["js"], encoding="utf-8")
    is_right(served, run(served, node, str(source)))
    assert len(served.seen) == 3
