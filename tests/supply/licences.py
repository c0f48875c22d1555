"""The licences of all packages: `python -m tests.supply.licences` checks, `--write` lists them.

A package's licence is what its metadata says: the SPDX expression, or else its classifiers, or else
what `licences.toml` states. The list goes into docs/licences.md and docs/licences.zh.md.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import click

from tests.conftest import ROOT
from tests.supply.packages import locked, parts

_RULES = Path(__file__).with_suffix(".toml")
_DOCUMENTS = {
    ROOT / "docs" / "licences.md": ("package", "licence", "needed by", "only on other systems"),
    ROOT / "docs" / "licences.zh.md": ("软件包", "许可证", "用于", "仅其他系统"),
}
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Licences that are allowed for all, packages that may have others, and what is stated here."""

    permissive: tuple[str, ...]
    weak: dict[str, str]
    stated: dict[str, str]


@dataclass(frozen=True, slots=True)
class Package:
    """A package, its licence as an SPDX expression ('' if nobody says), and who needs it."""

    name: str
    licence: str
    needed_by: tuple[str, ...]


def load_rules() -> Rules:
    """The rules of `licences.toml`."""
    values = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    return Rules(tuple(values["permissive"]), values["weak"], values["stated"])


def packages(rules: Rules) -> list[Package]:
    """Every package of the lock file or of this environment's parts, by name."""
    needed = parts()
    names = locked().union(*needed.values())
    return [
        Package(name, licence(name, rules), tuple(p for p, them in needed.items() if name in them))
        for name in sorted(names)
    ]


def licence(name: str, rules: Rules) -> str:
    """What a package says of its licence, as an SPDX expression; '' if nobody says."""
    if name in rules.stated:
        return rules.stated[name]
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    if expression := said.get("License-Expression"):
        return str(expression)
    named = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier") or () if "License ::" in c]
    known = [_CLASSIFIERS[one] for one in named if one in _CLASSIFIERS]
    if known:
        return " OR ".join(dict.fromkeys(known))
    first = str(said.get("License") or "").splitlines()[:1]
    return first[0] if first else ""


def fault(package: Package, rules: Rules) -> str:
    """Why a package may not be used, '' if it may.

    >>> rules = Rules(("MIT",), {"weak": "MPL-2.0: unchanged"}, {})
    >>> fault(Package("free", "MIT", ()), rules)
    ''
    >>> fault(Package("weak", "MPL-2.0", ()), rules)
    ''
    >>> fault(Package("strong", "MIT OR GPL-3.0-only", ()), rules)
    'strong: GPL-3.0-only is not allowed by tests/supply/licences.toml'
    """
    if not package.licence:
        return f"{package.name}: nobody says its licence; look it up and state it in {_RULES.name}"
    if rules.weak.get(package.name, "").partition(": ")[0] == package.licence:
        return ""
    named = re.split(r" AND | OR |[()]", package.licence)
    wrong = [one.strip() for one in named if one.strip() and one.strip() not in rules.permissive]
    if not wrong:
        return ""
    return f"{package.name}: {', '.join(wrong)} is not allowed by tests/supply/{_RULES.name}"


def table(found: list[Package], words: tuple[str, ...]) -> str:
    """The packages as a Markdown table with these headings."""
    *heading, elsewhere = words
    lines = [f"| {' | '.join(heading)} |", "|---|---|---|"]
    lines += [
        f"| `{one.name}` | {one.licence} | {', '.join(one.needed_by) or elsewhere} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def written(document: Path, found: list[Package]) -> str:
    """The document with its table, which is its end, made anew."""
    words = _DOCUMENTS[document]
    before = document.read_text(encoding="utf-8").partition(f"| {words[0]} |")[0]
    return before + table(found, words)


def listed(document: Path) -> dict[str, str]:
    """The licence of each package in the table of a document."""
    text = document.read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\S+)` \| ([^|]+) \|", text, re.MULTILINE))


@click.command()
@click.option("--write", is_flag=True, help="Write the lists in docs/.")
def main(*, write: bool) -> None:
    """Check the licences of all packages against the allow list, and the lists in docs/."""
    rules = load_rules()
    found = packages(rules)
    faults = [said for one in found if (said := fault(one, rules))]
    for document in _DOCUMENTS:
        if write:
            document.write_text(written(document, found), encoding="utf-8")
        elif listed(document) != {one.name: one.licence for one in found}:
            faults.append(f"docs/{document.name} is old: python -m tests.supply.licences --write")
    for said in faults:
        click.echo(said, err=True)
    click.echo(f"{len(found)} packages, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
