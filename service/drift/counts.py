"""Counts by hour in the database: sums that every worker process adds to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from classifier.profile import Counts, Labels, Measure
from service.drift.tables import DriftCount

Place = tuple[int, str]  # hour since 1970, model version
_ADD = text(
    "INSERT INTO drift_counts (hour, model_version, measure, bin, texts) "
    "VALUES (:hour, :model_version, :measure, :bin, :texts) "
    "ON CONFLICT (hour, model_version, measure, bin) "
    "DO UPDATE SET texts = drift_counts.texts + excluded.texts"
)


def hour_of(at: datetime) -> int:
    """Hours since 1970."""
    return int(at.timestamp()) // 3600


def add(session: Session, changes: Mapping[Place, Counts]) -> None:
    """Adds to the sums; in one order for all, so that no two workers wait for each other."""
    rows = [row for place in sorted(changes) for row in _rows(place, changes[place])]
    if rows:
        session.execute(_ADD, rows)


def read(session: Session, version: str, since: int, labels: Labels) -> Counts:
    """The sums of a model's texts from an hour on, for each measure that has any."""
    statement = (
        select(DriftCount.measure, DriftCount.bin, func.sum(DriftCount.texts))
        .where(DriftCount.model_version == version, DriftCount.hour >= since)
        .group_by(DriftCount.measure, DriftCount.bin)
    )
    found: Counts = {}
    known = set(map(str, Measure))
    for measure, place, texts in session.execute(statement):
        if measure not in known:
            continue
        counts = found.setdefault(measure, np.zeros(len(labels.bins(measure)), np.int64))
        if place < len(counts):
            counts[place] = int(texts)
    return found


def purge(session: Session, before: int) -> None:
    """Forgets hours before one."""
    session.execute(delete(DriftCount).where(DriftCount.hour < before))


def _rows(place: Place, counts: Counts) -> Iterator[dict[str, object]]:
    where = {"hour": place[0], "model_version": place[1]}
    for measure, found in sorted(counts.items()):
        for number in np.flatnonzero(found).tolist():
            yield {**where, "measure": measure, "bin": number, "texts": int(found[number])}
