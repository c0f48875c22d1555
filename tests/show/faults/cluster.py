"""A PostgreSQL of one's own, to be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder with data, log and socket; nothing listens on the network."""

    folder: Path

    @property
    def url(self) -> str:
        """For TRIAGE_DATABASE_URL."""
        return f"postgresql://triage@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start, after a recovery if need be."""
        settings = f"-k {self.folder} -c listen_addresses='' -c max_connections=50"
        _run("pg_ctl", "-D", self._data, "-l", f"{self.folder}/log", "-w", "start", "-o", settings)

    def stop(self) -> None:
        """End at once, without writing what is in memory."""
        _run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def restart(self) -> None:
        """As after a crash of the database."""
        self.stop()
        self.start()

    @property
    def _data(self) -> str:
        return f"{self.folder}/data"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new one that is gone afterwards; commits are written through to the disk."""
    with tempfile.TemporaryDirectory() as place:
        made = Cluster(Path(place))
        if os.getuid() == 0:
            shutil.chown(place, "postgres")
        _run("initdb", "-D", f"{place}/data", "-U", "triage", "--auth=trust", "-E", "UTF8",
             "--locale=C.UTF-8")  # fmt: skip
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _run(program: str, *rest: str) -> None:
    """One of PostgreSQL's programs, which refuse to run as root."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        sys.exit(f"{program} of PostgreSQL is not installed")
    user = _AS_POSTGRES if os.getuid() == 0 else ()
    done = subprocess.run(
        [*user, path, *rest], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{program}: {done.stderr.strip()}")
