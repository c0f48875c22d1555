"""One target of `tests.show.fuzz`, which starts this as a process of its own."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from classifier.dialogue import Role

ROOT = Path(__file__).parents[2]  # importing more of the tests would load what is instrumented
_MOST_FAILURES = 5
_MAX_BYTES = {"policy": 20_000, "playbook": 20_000, "artifact": 60_000}
Target = Callable[[bytes], None]


def target(name: str, seeds: Path) -> Target:
    """What takes the bytes of one input."""
    from classifier.triage import load  # noqa: PLC0415  (instrumented in the child)
    from tests import properties  # noqa: PLC0415

    check = getattr(properties, f"check_{name}")
    if name in {"policy", "playbook"}:
        return check
    if name == "artifact":
        return lambda sent: check(seeds.parent / "model", sent[0] if sent else 0, sent[1:])
    if name in {"cleaning", "tokens", "masking"}:
        return lambda sent: check(text_of(sent))
    triage = load(models=ROOT / "models")
    if name == "dialogue":
        return lambda sent: check(triage, turns_of(sent))
    return lambda sent: check(triage, text_of(sent))


def text_of(sent: bytes) -> str:
    """Any bytes as a text; those that are no UTF-8 become lone surrogates."""
    return sent.decode("utf-8", "surrogateescape")


def turns_of(sent: bytes) -> list[tuple[Role, str]]:
    """A conversation: a turn a line, its writer by the first byte."""
    from classifier.dialogue import Role  # noqa: PLC0415

    roles = list(Role)
    return [(roles[line[0] % 3], text_of(line[1:])) for line in sent.split(b"\n") if line]


def fuzz(name: str, seeds: Path, seconds: str, failures: Path) -> None:
    """Run one target in this process; never returns."""
    with atheris.instrument_imports(include=["classifier", "tomllib"]):
        check = target(name, seeds)
        check(b"")  # what is made at first use is no hang
    left = _MOST_FAILURES

    def one(sent: bytes) -> None:
        nonlocal left
        try:
            check(sent)
        except Exception as error:
            if left:
                left -= 1
                kept = failures / f"{name}-{hashlib.sha256(sent).hexdigest()[:12]}"
                kept.write_bytes(sent)
                traceback.print_exception(error, limit=-3)

    options = [
        f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES.get(name, 600)}", "-timeout=10",
        f"-dict={seeds.parent / 'words'}", "-print_final_stats=1", "-rss_limit_mb=3000",
        f"-artifact_prefix={failures}/{name}-", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup(["fuzz", *options, str(seeds)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
