"""The real server over a temporary home with demo cases and people, and a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from classifier.artifact import current_version
from service.db import Database, upgrade
from service.settings import read_settings
from service.tables import Role
from service.users import create_user
from tests.conftest import ROOT

PASSWORD = "correct horse battery 1"
PEOPLE = {
    "王敏": Role.REVIEWER,
    "李强": Role.REVIEWER,
    "赵云": Role.ADJUDICATOR,
    "admin": Role.ADMIN,
}
_START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """A running service, and its commands."""

    address: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run one of the service's commands."""
        return _service(self.environment, *arguments)


def missing(what: str) -> None:
    """Skip without something; in CI it must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing: CI tests in a browser too")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("chromium")
    return str(path)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Site]:
    """A service with 150 demo cases; it ends with the tests."""
    assert chromium
    if current_version(ROOT / "models") is None:
        missing("models/CURRENT")
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")},
        "TRIAGE_HOME": str(home),
        "TRIAGE_MODELS": str(ROOT / "models"),
        "TRIAGE_PORT": str(port),
        "TRIAGE_WORKERS": "1",
        "TRIAGE_LOG_LEVEL": "WARNING",
    }
    database = Database(read_settings(environment).database_url)
    upgrade(database)
    for name, role in PEOPLE.items():
        create_user(database, name, role, PASSWORD)
    database.close()
    _service(environment, "demo", "--cases", "150")
    found = Site(f"http://127.0.0.1:{port}", environment)
    with (home / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait(found.address, server)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=40)


def _service(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until the service is ready."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, "the service ended"
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310  (our own address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the service did not become ready")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: TRIAGE_SCREENSHOTS, or a temporary folder."""
    named = os.environ.get("TRIAGE_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
