"""Let faults come to a real service with a fake model that is asked all the time.

`python -m tests.show.faults` kills workers and the parent (kill -9), copies the database at the
moment of a power cut, fills its disk, forbids writing, kills PostgreSQL, sets the clock, and lets
CURRENT name a model that is not whole. After each fault the service must be well again within five
seconds; at the end each request that it said to have stored is in the database once, and the audit
chain holds. The exit status is 1 if not. Root is needed for the disks, a C compiler for the
clock.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

import click

from tests.show.faults.kinds import KINDS
from tests.show.faults.serving import check

_WELL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of some faults of one kind."""

    slowest: float
    late: int
    accepted: int
    unstored: int
    refused: int
    wrong: list[str]


def run(name: str, times: int, seed: int = 1) -> Result:
    """Some faults of one kind, and what the database holds afterwards."""
    kind, draws = KINDS[name], random.Random(seed)  # noqa: S311  (no secret)
    with kind.scene(draws) as scene:  # type: ignore[attr-defined]
        service, seconds = scene.service, []
        for number in range(times):
            seconds.append(kind.happen(scene, number))
            scene.wait(0.3)
        service.stop()
        most = service.unstored if kind.may_go_unstored else 0
        wrong = check(service.database_url, service.home, service.accepted, most=most)
    if service.unstored and not kind.may_go_unstored:
        wrong.append(f"{service.unstored} answers without a case")
    late = sum(one > _WELL_SECONDS for one in seconds)
    return Result(
        max(seconds), late, len(service.accepted), service.unstored, service.refused, wrong
    )


@click.command()
@click.option("--times", type=click.IntRange(1, 1000), default=200, show_default=True)
@click.option("--only", type=click.Choice(list(KINDS)), multiple=True)
def main(times: int, only: tuple[str, ...]) -> None:
    """Let the faults come, one kind after the other, and print a table."""
    click.echo(
        f"{'fault':<18} {'tries':>6} {'stored':>7} {'unstored':>8} {'refused':>7} {'slowest':>9} "
        f"{'late':>5}  wrong afterwards"
    )
    good = True
    for name in only or KINDS:
        found = run(name, times)
        good = good and not found.wrong and not found.late
        click.echo(
            f"{name:<18} {times:>6} {found.accepted:>7} {found.unstored:>8} {found.refused:>7} "
            f"{found.slowest:>7.1f} s {found.late:>5}  {'; '.join(found.wrong) or 'nothing'}"
        )
    sys.exit(not good)


if __name__ == "__main__":
    main()
