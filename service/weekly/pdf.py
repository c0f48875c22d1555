"""A PDF of a page that needs nothing beside it, printed by a Chromium that is on the machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from classifier.errors import TriageError

SECONDS = 60
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--no-default-browser-check", "--no-pdf-header-footer",
    # Not Blink's scriptEnabled=false: the browser's own page that prints needs scripts.
    "--disable-javascript",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # it finds no host: it stays offline
)  # fmt: skip


class PrintError(TriageError):
    """The browser made no PDF."""


class PrinterBusyError(TriageError):
    """Another PDF is being made: there is one browser at a time on a machine."""


def browser() -> str | None:
    """The path of a Chromium; None when there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Printer:
    """Prints one page at a time; all processes that share a folder take turns."""

    def __init__(self, home: Path) -> None:
        self._lock = home / "weekly-pdf.lock"

    @property
    def is_there(self) -> bool:
        """Whether there is a browser to print with."""
        return browser() is not None

    def pdf(self, html: str, *, seconds: float = SECONDS) -> bytes:
        """The page as PDF.

        Raises:
            PrinterBusyError: another one is being printed.
            PrintError: there is no browser, it failed, or it took too long.
        """
        path = browser()
        if path is None:
            raise PrintError(f"no browser to print with: none of {', '.join(_NAMES)} is there")
        # A browser that is ended may still write for a moment: what it leaves does no harm.
        with (
            self._turn(),
            tempfile.TemporaryDirectory(prefix="weekly-", ignore_cleanup_errors=True) as name,
        ):
            folder = Path(name)
            page, target = folder / "report.html", folder / "report.pdf"
            page.write_text(html, encoding="utf-8")
            arguments = (*_arguments(folder), f"--print-to-pdf={target}", page.as_uri())
            _run([path, *arguments], folder, seconds)
            if not target.is_file():
                raise PrintError(f"{path} wrote no PDF")
            return target.read_bytes()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """The turn to print, given back at the end, also of a process that dies."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PrinterBusyError("another PDF is being made, try again soon") from error
            yield


def _arguments(folder: Path) -> Iterator[str]:
    yield from _ARGUMENTS
    yield f"--user-data-dir={folder / 'profile'}"
    if os.geteuid() == 0:  # Chromium has no sandbox for root, and the page is our own
        yield "--no-sandbox"


def _run(command: list[str], folder: Path, seconds: float) -> None:
    """Runs a browser with a home of its own; at the end of the time all its processes end."""
    home = {"HOME": str(folder), "PATH": os.environ.get("PATH", os.defpath), "LANG": "zh_CN.UTF-8"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603  (a browser from the PATH, and arguments of our own)
        command, env=home, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise PrintError(f"{command[0]} took more than {seconds:g} seconds") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if status:
        raise PrintError(f"{command[0]} ended with status {status}")
