"""The packages are the same each time, and the installed wheel works outside the checkout.

`python -m tests.show.packaged [--offline]`: builds sdist and wheel twice, compares their bytes,
installs the wheel with the extra `service` into a fresh environment, with the versions that are
locked, and there classifies a text and serves a request with the model of models/CURRENT. With
`--offline` the environment borrows the packages of this one, which shows that all files are there,
not that all dependencies are declared.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import site
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from pathlib import Path

import click
import httpx

from classifier.artifact import current_version
from tests.bench.server import free_port, running
from tests.conftest import ROOT
from tests.supply.build import build

TEXT = "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315投诉你们。"
_VERSION = re.compile(r"^([A-Za-z0-9][\w.-]*==[^\\\n]+)", re.MULTILINE)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each package that is built into the folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in build(folder)}


def install(wheel: Path, folder: Path, *, is_offline: bool) -> Path:
    """The Python of a fresh environment in the folder that has the wheel installed."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    pip.append("--disable-pip-version-check")
    if is_offline:
        borrowed = "\n".join(site.getsitepackages())
        (Path(own) / "borrowed.pth").write_text(borrowed, encoding="utf-8")
        _run([*pip, "--no-deps", "--no-index", str(wheel)], folder)
    else:
        lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        versions = folder / "versions.txt"
        versions.write_text("\n".join(_VERSION.findall(lock)), encoding="utf-8")
        _run([*pip, "--constraint", str(versions), f"{wheel}[service]"], folder)
    return python


def classified(python: Path, model: Path, folder: Path) -> dict[str, object]:
    """What the installed command line says of a text."""
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text(json.dumps({"text": TEXT}, ensure_ascii=False), encoding="utf-8")
    options = ["--input", str(source), "--output", str(target), "--model", str(model)]
    _run([str(python), "-m", "classifier", "classify", *options], folder)
    return dict(json.loads(target.read_text(encoding="utf-8")))


def served(python: Path, models: Path, folder: Path) -> dict[str, object]:
    """What the installed service answers to a request."""
    port = free_port()
    own = {
        "TRIAGE_HOME": str(folder / "home"),
        "TRIAGE_MODELS": str(models),
        "TRIAGE_PORT": str(port),
    }
    env = {**clean_environment(), **own, "TRIAGE_WORKERS": "1"}
    command = ["create-key", "--name", "packaged", "--scope", "classify"]
    made = _run([str(python), "-m", "service", *command], folder, env)
    key = made.strip().splitlines()[-1]
    with running([str(python), "-m", "service", "serve"], env, port, folder=folder):
        address = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {key}"}
        page = httpx.get(f"{address}/login", timeout=60)
        answer = httpx.post(
            f"{address}/v1/classify", json={"text": TEXT}, headers=headers, timeout=60
        )
    page.raise_for_status()
    return dict(answer.raise_for_status().json())


def clean_environment() -> dict[str, str]:
    """The environment without what would lead back to the checkout or change the service."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRIAGE_", "PYTHON", "COV_", "VIRTUAL_ENV"))
    }


def _run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> str:
    ran = subprocess.run(
        command, cwd=folder, env=env or clean_environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if ran.returncode:
        sys.exit(f"{command[1:4]} ended with status {ran.returncode}\n{ran.stderr}")
    return ran.stdout


@click.command()
@click.option("--offline", is_flag=True, help="Borrow this environment's packages.")
def main(*, offline: bool) -> None:
    """Build twice, install, classify, serve; say what was found."""
    version = current_version(ROOT / "models")
    if version is None:
        sys.exit("there is no models/CURRENT: make train")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, second = digests(folder / "first"), digests(folder / "second")
        for file, digest in first.items():
            same = "the same twice" if second[file] == digest else "NOT THE SAME TWICE"
            click.echo(f"{digest[:16]}  {file}  {same}")
        wheel = next((folder / "first").glob("*.whl"))
        start = time.perf_counter()
        python = install(wheel, folder / "environment", is_offline=offline)
        click.echo(f"installed in {time.perf_counter() - start:.0f} s")
        start = time.perf_counter()
        reply = classified(python, ROOT / "models" / version, folder)
        click.echo(f"classified in {time.perf_counter() - start:.0f} s: {_summary(reply)}")
        start = time.perf_counter()
        answer = served(python, ROOT / "models", folder)
        click.echo(f"served in {time.perf_counter() - start:.0f} s: {_summary(answer)}")
    is_right = first == second and _summary(reply) == _summary(answer)
    click.echo("as it should be" if is_right else "NOT AS IT SHOULD BE")
    sys.exit(not is_right)


def _summary(reply: dict[str, object]) -> str:
    found = {head: reply[head] for head in ("category", "intensity", "priority")}
    return json.dumps(
        [found["category"]["code"], found["intensity"]["score"], found["priority"]["level"]]  # type: ignore[index]
    )


if __name__ == "__main__":
    main()
