"""Known vulnerabilities of what is locked: `make audit`, `SERVICE=osv` asks the other service.

`pip-audit` asks the service about each package of requirements.lock, by name and version only. It
calls packages that the service did not answer for "skipped" and ends well; here that is a failure
of its own, for nobody has looked. Exit status: 0 none known, 1 some are, 2 not audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tests.conftest import ROOT

_FINE, _VULNERABLE, _NOT_AUDITED = 0, 1, 2


class NoAnswerError(Exception):
    """The service does not answer."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Packages that were looked up, those that the service does not know, and what is known."""

    packages: int
    unknown: tuple[str, ...]
    vulnerabilities: tuple[str, ...]


def audit(lock: Path, options: Sequence[str]) -> Audit:
    """What a service says of the packages of a lock file.

    Raises:
        NoAnswerError: it says nothing; the message is pip-audit's last line.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ran.stdout)["dependencies"]
    except ValueError:
        raise NoAnswerError((ran.stderr.strip().splitlines() or ["no answer"])[-1]) from None
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in found
        for flaw in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    return Audit(len(found), tuple(unknown), tuple(known))


def first_of(lock: Path) -> str:
    """The first requirement of a lock file: enough to see whether anybody answers."""
    lines = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        lines.append(line)
        if not line.endswith("\\"):
            break
    return "\n".join(lines)


def ask_for_one(lock: Path, options: Sequence[str]) -> None:
    """Asks for one package only, so that a service which is not there is not asked for all.

    Raises:
        NoAnswerError: it says nothing.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as probe:
        probe.write(first_of(lock))
        probe.flush()
        if audit(Path(probe.name), options).unknown:
            raise NoAnswerError("it knows nothing of the first package")


@click.command()
@click.option("--lock", type=click.Path(path_type=Path), default=ROOT / "requirements.lock")
@click.option("--service", type=click.Choice(["pypi", "osv"]), default="pypi", show_default=True)
@click.option("--osv-url", help="Address of a mirror of the service osv.")
@click.option("--ignore", "ignored", multiple=True, help="Identifier that was judged harmless.")
def main(lock: Path, service: str, osv_url: str | None, ignored: Sequence[str]) -> None:
    """Ask a service for known vulnerabilities of all locked packages."""
    options = ["--vulnerability-service", service, *(["--osv-url", osv_url] if osv_url else [])]
    options += [word for one in ignored for word in ("--ignore-vuln", one)]
    try:
        ask_for_one(lock, options)
        found = audit(lock, options)
    except NoAnswerError as error:
        click.echo(f"NOT AUDITED: the service {service} does not answer: {error}", err=True)
        sys.exit(_NOT_AUDITED)
    for line in found.vulnerabilities:
        click.echo(line)
    for name in found.unknown:
        click.echo(f"not audited: {name}, which the service {service} does not know", err=True)
    click.echo(f"{found.packages} packages, {len(found.vulnerabilities)} known vulnerabilities")
    if found.vulnerabilities:
        sys.exit(_VULNERABLE)
    sys.exit(_NOT_AUDITED if found.unknown else _FINE)


if __name__ == "__main__":
    main()
