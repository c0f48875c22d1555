"""Reads and checks `policy.toml`; a policy with a mistake never decides anything."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from classifier.errors import PolicyError, shorten
from classifier.policy import CategoryRule, Combination, Policy, Review, SignalRule
from classifier.prediction import Band, Priority

_SECTIONS = {
    "version", "clocks", "default", "categories", "intensity", "signals", "raises", "combinations",
    "tiers", "auto_route", "review",
}  # fmt: skip


class _Table:
    """A TOML table that remembers its place and which keys were read."""

    def __init__(self, values: object, place: str) -> None:
        if not isinstance(values, Mapping):
            raise PolicyError(f"{place} is {shorten(values)}, a table is needed")
        self.values: Mapping[str, object] = values
        self.place = place

    def closed(self, *allowed: str) -> _Table:
        for key in self.values:
            if key not in allowed:
                raise PolicyError(
                    f"{self.place}.{key} is unknown, allowed are {', '.join(allowed)}"
                )
        return self

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(f"{self.place}.{key} is {shorten(value)}, a text is needed")
        return value

    def priority(self, key: str) -> Priority:
        value = self.values.get(key)
        if value not in Priority.__members__:
            raise PolicyError(f"{self.place}.{key} is {shorten(value)}, allowed are P0, P1, P2, P3")
        return Priority[str(value)]

    def number(self, key: str, low: float, high: float, *, default: float | None = None) -> float:
        value = self.values.get(key, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise PolicyError(
                f"{self.place}.{key} is {shorten(value)}, a number in {low:g}-{high:g} is needed"
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise PolicyError(f"{self.place}.{key} is {shorten(value)}, allowed are true, false")
        return value

    def texts(self, key: str) -> frozenset[str]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise PolicyError(f"{self.place}.{key} is {shorten(value)}, a list of texts is needed")
        return frozenset(value)

    def table(self, key: str) -> _Table:
        return _Table(self.values.get(key), f"{self.place}.{key}".removeprefix("policy."))

    def tables(self, key: str) -> list[_Table]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise PolicyError(f"{self.place}.{key} is {shorten(value)}, a list of tables is needed")
        return [_Table(item, f"{key}[{number}]") for number, item in enumerate(value, start=1)]


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a TOML file, or the packaged one.

    Raises:
        PolicyError: the file cannot be read, is not TOML, or breaks a rule; names place and value.
    """
    source = files("classifier") / "policy.toml" if path is None else path
    try:
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"policy {path}: {error}") from error
    return check_policy(values)


def check_policy(values: Mapping[str, object]) -> Policy:
    """The policy that parsed TOML describes.

    Raises:
        PolicyError: a section or value is missing, unknown or out of range.
    """
    root = _Table(values, "policy").closed(*sorted(_SECTIONS))
    raises = root.table("raises").closed("customer_tiers", "repeat_contacts", "repeat_days")
    auto = root.table("auto_route").closed("min_band", "most_urgent")
    return Policy(
        version=root.text("version"),
        clocks=_clocks(root.table("clocks")),
        default=_category(root.table("default")),
        categories={code: _category(rule) for code, rule in _entries(root.table("categories"))},
        intensity=_intensity(root),
        signals={code: _signal(rule) for code, rule in _entries(root.table("signals"))},
        raising_tiers=raises.texts("customer_tiers"),
        repeat_contacts=int(raises.number("repeat_contacts", 2, 1000)),
        repeat_days=int(raises.number("repeat_days", 1, 3660, default=30)),
        combinations=tuple(_combination(rule) for rule in root.tables("combinations")),
        tiers={p: root.table("tiers").text(p.name) for p in Priority},
        auto_min_band=_band(auto),
        auto_most_urgent=auto.priority("most_urgent"),
        review=_review(root),
    )


def _entries(table: _Table) -> list[tuple[str, _Table]]:
    return [(code, table.table(code)) for code in table.values]


def _clocks(table: _Table) -> dict[Priority, int]:
    table.closed(*Priority.__members__)
    clocks = {p: int(table.number(p.name, 60, 366 * 86_400)) for p in Priority}
    if sorted(clocks.values()) != list(clocks.values()):
        raise PolicyError(f"clocks are {list(clocks.values())}, must not fall from P0 to P3")
    return clocks


def _category(table: _Table) -> CategoryRule:
    table.closed("team", "priority")
    return CategoryRule(table.text("team"), table.priority("priority"))


def _signal(table: _Table) -> SignalRule:
    table.closed("priority", "grave", "team")
    team = table.text("team") if "team" in table.values else None
    return SignalRule(table.priority("priority"), table.flag("grave"), team)


def _intensity(root: _Table) -> tuple[tuple[float, Priority], ...]:
    steps = [
        (rule.closed("min_rank", "priority").number("min_rank", 0, 1), rule.priority("priority"))
        for rule in root.tables("intensity")
    ]
    return tuple(sorted(steps, key=lambda step: (step[1], -step[0])))


def _combination(table: _Table) -> Combination:
    table.closed("name", "priority", "min_rank", "signals", "categories")
    return Combination(
        name=table.text("name"),
        priority=table.priority("priority"),
        min_rank=table.number("min_rank", 0, 1, default=0),
        signals=table.texts("signals"),
        categories=table.texts("categories"),
    )


def _review(root: _Table) -> Review:
    """Which complaints become cases; a policy written before there were cases uses the default."""
    if "review" not in root.values:
        return load_policy().review
    table = root.table("review").closed(
        "priority", "min_rank", "grave_signals", "needs_human", "audit_share"
    )
    return Review(
        priority=table.priority("priority"),
        min_rank=table.number("min_rank", 0, 1),
        grave_signals=table.flag("grave_signals"),
        needs_human=table.flag("needs_human"),
        audit_share=table.number("audit_share", 0, 1),
    )


def _band(table: _Table) -> Band:
    value = table.text("min_band")
    if value not in {band.value for band in Band}:
        raise PolicyError(f"auto_route.min_band is {shorten(value)}, allowed are high, medium, low")
    return Band(value)
