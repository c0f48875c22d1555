"""Which packages the product needs, and for which of its parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

LIBRARY = "library"
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)


def parts() -> dict[str, set[str]]:
    """Names of all packages that each part needs, directly or not: the library, then the extras.

    Packages that only another system or Python needs are left out.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {LIBRARY: project["dependencies"], **project["optional-dependencies"]}
    return {part: closure(map(Requirement, lines)) for part, lines in wanted.items()}


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """Names of the packages and of all that they need, as installed here."""
    found: set[str] = set()
    asked: set[tuple[str, str]] = set()
    waiting = [one for one in wanted if _applies(one, "")]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        found.add(name)
        for extra in ("", *one.extras):
            if (name, extra) not in asked:
                asked.add((name, extra))
                waiting += [r for r in _required(name) if _applies(r, extra)]
    return found


@cache
def _required(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        raise SystemExit(f"{name} is needed but not installed: pip install -e .[dev]") from None


def _applies(one: Requirement, extra: str) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": extra})


def locked() -> set[str]:
    """Names of all packages of the lock file, those of other systems too."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {canonicalize_name(name) for name in _LOCKED.findall(text)}
