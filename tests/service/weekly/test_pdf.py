from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from service.weekly.pdf import Printer, PrinterBusyError, PrintError
from tests.service.pages.conftest import House

WRITES = """#!/bin/sh
for one in "$@"; do
  case "$one" in --print-to-pdf=*) printf '%%PDF-1.4 %s' "$*" > "${one#*=}";; esac
done
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(path: Path, script: str) -> None:
    """A browser that is a script."""
    (path / "chromium").write_text(script)
    (path / "chromium").chmod(0o755)


def test_the_browser_is_alone_offline_and_without_scripts(path: Path, tmp_path: Path) -> None:
    """Its profile is a new folder, which is gone afterwards."""
    install(path, WRITES)
    said = Printer(tmp_path / "home").pdf("<p>x</p>").decode()
    assert said.startswith("%PDF-1.4")
    for wanted in ("--headless", "--disable-javascript", "MAP * ~NOTFOUND"):
        assert wanted in said
    (profile,) = [one for one in said.split() if one.startswith("--user-data-dir=")]
    assert not Path(profile.partition("=")[2]).exists()


@pytest.mark.parametrize("script", [
    "#!/bin/sh\nexit 3\n", "#!/bin/sh\nexit 0\n", "#!/bin/sh\nexec /bin/sleep 60\n",
])  # fmt: skip
def test_a_browser_that_fails_or_hangs_is_told_of(path: Path, tmp_path: Path, script: str) -> None:
    """Another status, no file, or too long; it does not hold the turn."""
    install(path, script)
    printer = Printer(tmp_path / "home")
    with pytest.raises(PrintError):
        printer.pdf("", seconds=0.3)
    install(path, WRITES)
    assert printer.pdf("").startswith(b"%PDF")


def test_there_is_one_browser_at_a_time(path: Path, tmp_path: Path) -> None:
    """Whoever comes second is told to come back."""
    install(path, WRITES)
    home = tmp_path / "home"
    home.mkdir()
    with (home / "weekly-pdf.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(PrinterBusyError):
            Printer(home).pdf("")


def test_the_page_offers_pdf_where_there_is_a_browser(house: House, path: Path) -> None:
    """Otherwise it says how to print; a busy browser is a polite refusal."""
    browser = house.logged_in("reviewer")
    page = browser.get("/insight/weekly").text
    assert "用浏览器打印" in page
    assert "weekly.pdf" not in page
    assert "没有生成 PDF" in browser.get("/insight/weekly.pdf").text
    install(path, WRITES)
    assert "weekly.pdf" in browser.get("/insight/weekly").text
    reply = browser.get("/insight/weekly.pdf")
    assert (reply.status_code, reply.mimetype) == (200, "application/pdf")
    with (house.service.settings.home / "weekly-pdf.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        busy = browser.get("/insight/weekly.pdf")
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "10")
    assert "正在生成另一份" in busy.text
