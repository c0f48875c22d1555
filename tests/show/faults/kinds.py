"""The kinds of fault: how each comes about, and how long the service takes to be well again."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.service.fakes import make_model
from tests.show.faults.cluster import Cluster, cluster
from tests.show.faults.serving import FILE, Service, check, serving

_CLOCK, _CLOCK_SOURCE = "clock", Path(__file__).with_name("clock.c")
_DISK_MB = 512
_JUMPS = (-2 * 86400, -3600, -60, 0, 60, 3600, 2 * 86400, 40 * 86400)  # seconds
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Scene:
    """A running service, what may be broken beside it, and where chance comes from."""

    service: Service
    draws: random.Random
    cluster: Cluster | None = None

    def wait(self, most: float = 0.2) -> None:
        """A random while."""
        time.sleep(self.draws.uniform(0, most))


def kill(scene: Scene, _: int) -> float:
    """Kill -9 of a worker or of the parent at a random moment."""
    scene.wait()
    with suppress(psutil.NoSuchProcess):
        victim = scene.draws.choice(scene.service.processes())
        victim.kill()
        victim.wait()
    return scene.service.ready_after()


def cut_power(scene: Scene, _: int) -> float:
    """The files at one moment, opened elsewhere: whole, and with all that was accepted; no seconds.

    All processes stand still while the files are copied. What the kernel would not have written yet
    is copied too: only a real power cut tells of that.
    """
    service = scene.service
    scene.wait()
    running = service.processes()
    for one in running:
        one.send_signal(signal.SIGSTOP)
    before = dict(service.accepted)
    with tempfile.TemporaryDirectory() as place:
        for file in service.home.glob(f"{FILE}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, place)
        for one in running:
            one.send_signal(signal.SIGCONT)
        wrong = check(f"sqlite:///{Path(place) / FILE}", service.home, before)
    return _NEVER if wrong else 0.0


def fill_disk(scene: Scene, _: int) -> float:
    """No byte is left on the disk of the database for a while; then there is room again."""
    scene.wait()
    filler = scene.service.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    scene.wait(1.0)
    filler.unlink()
    return scene.service.stores_after()


def forbid_writing(scene: Scene, _: int) -> float:
    """The files of the database cannot be changed for a while, not even by who has them open."""
    scene.wait()
    files = [*scene.service.home.glob(f"{FILE}*")]
    _attribute("+i", files)
    try:
        scene.wait(1.0)
    finally:
        _attribute("-i", files)
    return scene.service.stores_after()


def restart_database(scene: Scene, _: int) -> float:
    """PostgreSQL is killed as a whole, and starts with a recovery."""
    assert scene.cluster is not None
    scene.wait()
    scene.cluster.restart()
    return scene.service.stores_after()


def jump_clock(scene: Scene, _: int) -> float:
    """The clock is set anew, by a minute to forty days, forwards or backwards."""
    scene.wait()
    _set(scene.service.folder.parent / _CLOCK, scene.draws.choice(_JUMPS))
    return scene.service.stores_after()


def break_model(scene: Scene, number: int) -> float:
    """CURRENT names a folder that is not whole yet; seconds until it is served once it is."""
    service, version = scene.service, f"v{number + 1}"
    make_model(service.models, version, is_damaged=True)
    scene.wait(1.0)
    if service.classify("等了四十分钟")[0] != 200:
        return _NEVER
    make_model(service.models, version)
    return service.serves_after(version)


@contextmanager
def _plainly(draws: random.Random) -> Iterator[Scene]:
    with serving() as service:
        yield Scene(service, draws)


@contextmanager
def _on_a_small_disk(draws: random.Random) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory() as place:
        _call("mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", place)
        try:
            with serving(Path(place)) as service:
                yield Scene(service, draws)
                service.stop()
        finally:
            _call("umount", "--lazy", place)


@contextmanager
def _on_postgres(draws: random.Random) -> Iterator[Scene]:
    with cluster() as found, serving(more={"TRIAGE_DATABASE_URL": found.url}) as service:
        yield Scene(service, draws, found)


@contextmanager
def _with_a_clock(draws: random.Random) -> Iterator[Scene]:
    """The calendar of the service is off by the seconds in a file (clock.c)."""
    with tempfile.TemporaryDirectory() as place:
        library, clock = Path(place) / "clock.so", Path(place) / _CLOCK
        _call("cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(_CLOCK_SOURCE))
        _set(clock, 0)
        more = {"LD_PRELOAD": str(library), "CLOCK_OFF_BY": str(clock)}
        with serving(Path(place), more) as service:
            yield Scene(service, draws)


def _set(clock: Path, seconds: int) -> None:
    """Changes the eight bytes where they are: others have them in their memory."""
    with clock.open("r+b" if clock.exists() else "wb") as file:
        file.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def _attribute(change: str, files: list[Path]) -> None:
    _call("chattr", change, *map(str, files))


def _call(*command: str) -> None:
    """Runs a command of the system, most of which only root may.

    Raises:
        SystemExit: it failed; says what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)[:80]}: {done.stderr.strip()}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: where it comes, what it does, and whether answers may go unstored."""

    scene: Callable[[random.Random], object]
    happen: Callable[[Scene, int], float]
    may_go_unstored: bool = False


KINDS: Mapping[str, Kind] = {
    "kill -9": Kind(_plainly, kill),
    "power cut": Kind(_plainly, cut_power),
    "full disk": Kind(_on_a_small_disk, fill_disk, may_go_unstored=True),
    "read-only disk": Kind(_plainly, forbid_writing, may_go_unstored=True),
    "database restart": Kind(_on_postgres, restart_database, may_go_unstored=True),
    "clock jump": Kind(_with_a_clock, jump_clock),
    "half-written model": Kind(_plainly, break_model),
}
