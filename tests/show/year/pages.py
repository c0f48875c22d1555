"""How long the pages take at full size, through a real server, and what they look like."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from service.db import Database
from service.keys import create_key
from service.settings import Settings
from service.tables import Scope
from tests.bench.server import free_port, running

PASSWORD = "a year of cases 2026"
ADMIN = "admin"
_REQUESTS = 20
_CSRF = re.compile(r'name="csrf[^"]*" value="([^"]+)"')
_PAGES = (
    "/cases", "/cases?q=退款", "/cases/{case}", "/cases/{talk}", "/statistics",
    "/statistics?days=366",
    "/insight", "/insight?days=7", "/insight?days=90", "/insight/issues.csv", "/quality",
    "/quality?weeks=53", "/callbacks",
)  # fmt: skip
_TWINS = (
    "/v1/cases", "/v1/cases?q=退款", "/v1/cases/{case}", "/v1/cases/{case}/similar",
    "/v1/cases/statistics", "/v1/insight/surges", "/v1/insight/issues", "/v1/insight/words",
    "/v1/quality", "/v1/customers/at-risk",
)  # fmt: skip
_SHOTS = {"insight": "/insight", "insight-90": "/insight?days=90", "quality": "/quality",
          "callbacks": "/callbacks", "case": "/cases/{case}", "conversation": "/cases/{talk}",
          "queue": "/cases", "statistics": "/statistics?days=366"}  # fmt: skip
_LOOKS = {
    "desktop": {"color_scheme": "light", "viewport": {"width": 1360, "height": 900}},
    "phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one address."""

    address: str
    p50: float
    p95: float
    status: int


@dataclass(frozen=True, slots=True)
class Served:
    """A running service, with somebody who is logged in and a program's key."""

    address: str
    cookies: httpx.Cookies
    key: str


@contextmanager
def served(settings: Settings, database: Database) -> Iterator[Served]:
    """The service over a database, without its event worker."""
    key = create_key(database, "year", [Scope.CASES])
    database.close()
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")},
        "TRIAGE_HOME": str(settings.home), "TRIAGE_MODELS": str(settings.models),
        "TRIAGE_DATABASE_URL": settings.database_url, "TRIAGE_PORT": str(port),
        "TRIAGE_LOG_LEVEL": "WARNING", "TRIAGE_EVENT_WORKER": "false", "TRIAGE_WORKERS": "1",
    }  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    with running([sys.executable, "-m", "service", "serve"], env, port):
        _wait(address)
        yield Served(address, _log_in(address), key)


def times(site: Served, places: dict[str, int]) -> list[Timing]:
    """How long each page and its twin takes, of twenty requests one after the other."""
    found = []
    head = {"Authorization": f"Bearer {site.key}"}
    with httpx.Client(base_url=site.address, cookies=site.cookies, timeout=60) as browser:
        found += [_timed(browser, path.format_map(places), {}) for path in _PAGES]
    with httpx.Client(base_url=site.address, timeout=60) as program:
        found += [_timed(program, path.format_map(places), head) for path in _TWINS]
    return found


def _timed(client: httpx.Client, path: str, head: dict[str, str]) -> Timing:
    seconds, status = [], 200
    client.get(path, headers=head)  # what is made at first is not measured
    for _ in range(_REQUESTS):
        start = time.perf_counter()
        answer = client.get(path, headers=head)
        seconds.append((time.perf_counter() - start) * 1000)
        status = answer.status_code
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    return Timing(path, round(float(p50), 1), round(float(p95), 1), status)


def screenshots(site: Served, places: dict[str, int], folder: Path) -> list[str]:
    """Pictures of the pages, light and wide, dark and narrow; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("chromium is needed for --screenshots")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        made = [name for look in _LOOKS for name in _shots(browser, site, places, folder, look)]
        browser.close()
    return made


def _shots(
    browser: Browser, site: Served, places: dict[str, int], folder: Path, look: str
) -> Sequence[str]:
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **_LOOKS[look])
    context.add_cookies([
        {"name": one.name, "value": str(one.value), "url": site.address} for one in site.cookies.jar
    ])  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(60_000)
    names = []
    for name, path in _SHOTS.items():
        page.goto(site.address + path.format_map(places))
        names.append(f"{name}-{look}.png")
        page.screenshot(path=folder / names[-1], full_page=name != "queue")
    context.close()
    return names


def _log_in(address: str) -> httpx.Cookies:
    with httpx.Client(base_url=address, follow_redirects=False) as client:
        form = client.get("/login")
        token = _CSRF.search(form.text)
        fields = {"name": ADMIN, "password": PASSWORD}
        if token:
            fields["csrf"] = token[1]
        answer = client.post("/login", data=fields, headers={"Origin": address})
        if answer.status_code != 303:
            sys.exit(f"the login answered {answer.status_code}")
        return client.cookies


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    sys.exit("the service did not become ready")
