"""The sdist and the wheel of the last commit, byte for byte the same each time: `make dist`.

Only files that git knows are packed, from a folder of their own, and the only date in them is the
commit's (SOURCE_DATE_EPOCH). The wheel is built from the sdist.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from tests.conftest import ROOT


def git(*words: str) -> str:
    """What git prints about the checkout."""
    ran = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout


def tracked() -> list[str]:
    """Paths of the files that git knows and that are there."""
    return [path for path in git("ls-files", "-z").split("\0") if path and (ROOT / path).is_file()]


def build(target: Path) -> list[Path]:
    """Builds the sdist and the wheel into the folder, without the internet.

    Raises:
        subprocess.CalledProcessError: the build failed; `output` says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path in tracked():
            copy = Path(folder) / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy)
        epoch = git("log", "-1", "--format=%ct").strip()
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), folder]
        subprocess.run(
            command, env={**os.environ, "SOURCE_DATE_EPOCH": epoch}, check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return sorted(target.glob("complaint_triage-*"))


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "dist")
def main(output: Path) -> None:
    """Build the last commit; print names and SHA-256."""
    if changed := git("status", "--porcelain", "--untracked-files=no").splitlines():
        sys.exit(f"{len(changed)} files are changed since the last commit: commit them first")
    output.mkdir(parents=True, exist_ok=True)
    try:
        made = build(output)
    except subprocess.CalledProcessError as error:
        sys.exit(error.output)
    for file in made:
        click.echo(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}")


if __name__ == "__main__":
    main()
