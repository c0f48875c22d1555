"""Which version is served and how that came about: CURRENT, and the history beside it.

`HISTORY.jsonl` in the models folder has one JSON object a line, only ever added to.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from classifier.artifact import MANIFEST, Json, current_version, set_current
from classifier.errors import ModelError, SettingsError, shorten
from classifier.triage import Triage

HISTORY = "HISTORY.jsonl"
CURRENT = "CURRENT"
FIRST, PROMOTE, ROLLBACK = "first", "promote", "rollback"
_MAX_WHY_CHARS = 500


@dataclass(frozen=True, slots=True)
class Change:
    """Why the served version changes; `gates` is what they said, empty if they did not run."""

    action: str
    why: str
    by: str
    is_forced: bool = False
    gates: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("why", self.why), ("by", self.by)):
            if len(value) > _MAX_WHY_CHARS:
                raise SettingsError(
                    f"--{name} has {len(value)} characters, at most {_MAX_WHY_CHARS} are allowed"
                )


def find_folder(models: Path, name: str) -> Path:
    """The model folder that a version, a path or the word CURRENT names.

    Raises:
        ModelError: there is no such model; says which there are.
    """
    version = current_version(models) if name == CURRENT else name
    if version is None:
        raise ModelError(f"{models / CURRENT} does not exist: no version is current")
    for folder in (models / version, Path(version)):
        if (folder / MANIFEST).is_file():
            return folder
    there = ", ".join(versions(models)) or "none"
    raise ModelError(f"no model {shorten(version)} in {models}; there are {there}")


def find_own(models: Path, name: str) -> Path:
    """The same, if it may become current: a folder of `models` itself.

    Raises:
        ModelError: there is no such model, or it lies elsewhere.
    """
    folder = find_folder(models, name)
    if folder.parent.resolve() != models.resolve():
        raise ModelError(f"{folder} does not lie in {models}: move it there first")
    return folder


def versions(models: Path) -> list[str]:
    """The versions in a models folder, oldest first."""
    return sorted(path.parent.name for path in models.glob(f"[!.]*/{MANIFEST}"))


def read_history(models: Path) -> list[Json]:
    """What changed, oldest first; none without the file.

    Raises:
        ModelError: a line is no JSON object with `action` and `version`; says which.
    """
    path = models / HISTORY
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or not {"action", "version"} <= set(entry):
            raise ModelError(f"{path}: line {number} has no `action` and `version`")
        found.append(entry)
    return found


def switch(
    models: Path,
    triage: Triage,
    change: Change,
    *,
    expected: str | None,
    now: datetime | None = None,
) -> Json:
    """Make a model of the folder current and note it; returns the entry of the history.

    It comes loaded: what cannot be loaded never becomes current. Entry and CURRENT change under one
    lock, the entry first: a change that nobody can explain is worse than an entry for one that was
    cut off.

    Raises:
        ModelError: CURRENT is no longer `expected`.
    """
    entry = _entry(triage, change, expected, now or datetime.now(UTC))
    with _locked(models):
        before = current_version(models)
        if before != expected:
            raise ModelError(
                f"{models / CURRENT} became {before or 'none'} meanwhile, "
                f"{expected or 'none'} was expected: nothing was changed, look again"
            )
        with (models / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        set_current(models, triage.version)
    return entry


def previous_version(history: Sequence[Json], current: str | None) -> str | None:
    """The version that was served before the current one; None if the history knows none.

    A rollback takes back the change before it, so that two in a row go two versions back.

    >>> steps = [("first", "a", None), ("promote", "b", "a"), ("promote", "c", "b"),
    ...          ("rollback", "b", "c")]
    >>> keys = ("action", "version", "before")
    >>> previous_version([dict(zip(keys, step)) for step in steps], "b")
    'a'
    """
    if history and current and history[-1].get("before") == current != history[-1]["version"]:
        history = history[:-1]  # it was cut off before it took effect, or taken back by hand
    served: list[object] = []
    for entry in history:
        before, version = entry.get("before"), entry["version"]
        if before and before != (served[-1] if served else None):
            served.append(before)  # CURRENT was changed by hand
        if entry["action"] == ROLLBACK and version in served:
            while served[-1] != version:
                served.pop()
        else:
            served.append(version)
    if current and current != (served[-1] if served else None):
        served.append(current)
    return str(served[-2]) if len(served) > 1 else None


def default_by() -> str:
    """The name of the account that runs the command, "unknown" if it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _entry(triage: Triage, change: Change, before: str | None, now: datetime) -> Json:
    manifest = triage.describe()
    trained_from = manifest.get("data")
    return {
        "at": now.isoformat(timespec="seconds"),
        "action": change.action,
        "version": triage.version,
        "before": before,
        "by": change.by,
        "why": change.why,
        "forced": change.is_forced,
        "gates": change.gates,
        "digest": manifest.get("digest"),
        "data": trained_from.get("files") if isinstance(trained_from, dict) else None,
        "code": {"trained": manifest.get("code"), "commit": _commit(), "libraries":
                 manifest.get("libraries")},
    }  # fmt: skip


def _commit() -> str | None:
    """The git commit of this program, with "+changes" if files differ; None outside of git."""
    git = shutil.which("git")
    if git is None:
        return None
    root = Path(__file__).resolve().parent
    said = []
    for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        run = subprocess.run(  # noqa: S603  # fixed words, nothing from outside
            [git, "-C", str(root), *command], capture_output=True, text=True, check=False
        )
        if run.returncode:
            return None
        said.append(run.stdout.strip())
    return said[0] + ("+changes" if said[1] else "")


@contextmanager
def _locked(models: Path) -> Iterator[None]:
    """Holds the folder for one change at a time, between processes."""
    with (models / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
