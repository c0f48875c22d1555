"""Licences, the bill of materials, the audit, and the packages that are built."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier import Triage
from tests.show.packaged import TEXT, digests, install, served
from tests.supply import audit, licences
from tests.supply.build import tracked
from tests.supply.sbom import bill

_FLAW = {
    "id": "PYSEC-0000-1", "summary": "a flaw",
    "affected": [{
        "package": {"name": "bad", "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
    }],
}  # fmt: skip


def test_every_licence_is_allowed_and_listed() -> None:
    """A package with a new licence, or one that is not in docs/licences.md, fails here."""
    run = CliRunner().invoke(licences.main)
    assert run.exit_code == 0, run.output


def test_a_strong_copyleft_package_is_refused() -> None:
    """Neither GPL nor a licence that nobody knows passes, alone or among others."""
    rules = licences.load_rules()
    for said in ("GPL-3.0-only", "AGPL-3.0-or-later AND MIT", "", "Proprietary", "MPL-2.0"):
        assert licences.fault(licences.Package("new", said, ("service",)), rules), said


def test_the_bill_holds_what_is_served_and_no_tools() -> None:
    """The parts of the service with versions and licences, and the same bill each time."""
    found = bill(["service"])
    components = {one["name"].lower(): one for one in found["components"]}
    assert {"flask", "numpy", "psycopg-binary"} <= set(components)
    assert not {"pytest", "mypy", "pip-audit"} & set(components)
    assert components["numpy"]["purl"].startswith("pkg:pypi/numpy@")
    assert components["numpy"]["licenses"]
    assert found == bill(["service"])


class _Osv(BaseHTTPRequestHandler):
    """Answers as the service OSV: it knows one flaw, of the package `bad`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [_FLAW]} if asked["package"]["name"] == "bad" else {}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def osv() -> Iterator[str]:
    """The address of a service that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def _audit(lock: Path, address: str, *names: str) -> tuple[int, str]:
    hashed = f" --hash=sha256:{'0' * 64}\n"
    lock.write_text("".join(f"{name}==1.0 \\\n   {hashed}" for name in names), encoding="utf-8")
    options = ["--lock", str(lock), "--service", "osv", "--osv-url", address]
    run = CliRunner().invoke(audit.main, options)
    return run.exit_code, run.output


def test_the_audit_tells_flaws_from_silence(osv: str, tmp_path: Path) -> None:
    """0: none known; 1: some are, and where they are mended; 2: nobody answered."""
    lock = tmp_path / "lock.txt"
    assert _audit(lock, osv, "good", "fine") == (0, "2 packages, 0 known vulnerabilities\n")
    status, said = _audit(lock, osv, "good", "bad")
    assert (status, said.splitlines()[0]) == (1, "bad 1.0: PYSEC-0000-1, mended in 1.1")
    status, said = _audit(lock, "http://127.0.0.1:9/v1/query", "good")
    assert status == 2
    assert said.startswith("NOT AUDITED: the service osv does not answer")


def test_the_packages_hold_all_and_are_the_same_each_time(
    toy_folder: Path, toy: Triage, tmp_path: Path
) -> None:
    """Twice the same bytes, every file of the source, loops, and a wheel that works elsewhere."""
    first, second = tmp_path / "first", tmp_path / "second"
    assert digests(first) == digests(second)
    wheel = next(first.glob("*.whl"))
    packages = ("classifier/", "training/", "service/")
    wanted = {path for path in tracked() if path.startswith(packages)}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(packages)}
    loops = {path.removesuffix(".pyx") for path in wanted if path.endswith(".pyx")}
    compiled = {path for path in packed if path.endswith((".so", ".pyd"))}
    assert {path.partition(".")[0] for path in compiled} == loops
    assert packed - compiled == wanted - {"training/EXPERIMENTS.md"}
    python = install(wheel, tmp_path / "environment", is_offline=True)
    answer = served(python, toy_folder.parent, tmp_path)
    assert answer["model_version"] == toy_folder.name
    category = toy.predict([TEXT])[0].category
    assert category is not None
    assert dict(answer["category"])["code"] == category.code
