"""Reads and checks `policy.toml`; a policy with a mistake never decides anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources import as_file, files
from pathlib import Path

from classifier import policy_clocks, policy_service, toml_document
from classifier.errors import PolicyError
from classifier.policy_rules import (
    CategoryRule,
    Combination,
    Policy,
    Raise,
    Review,
    SignalRule,
    Trust,
)
from classifier.policy_table import Mistakes, Table
from classifier.prediction import Band, Priority
from classifier.toml_lines import Path as Place

MAX_STEPS = 3
MAX_CANDIDATE_SHARE = 0.5  # what answers most is the current model, by promotion
_SECTIONS = (
    "version", "timezone", "hours", "teams", "clocks", "tiers", "default", "categories",
    "intensity", "signals", "raises", "customer_tiers", "channels", "combinations", "auto_route",
    "suggest", "review", "statutory", "experiment", "churn", "targets",
)  # fmt: skip
Codes = Collection[str]


def packaged_path() -> Path:
    """Where the packaged policy lies."""
    with as_file(files("classifier") / "policy.toml") as path:
        return path


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a TOML file, or the packaged one.

    Raises:
        PolicyError: the file cannot be read, is not TOML, or breaks a rule; names place and value.
    """
    source = packaged_path() if path is None else path
    return toml_document.load(source, "policy", parse_policy, PolicyError)


def parse_policy(content: bytes) -> Policy:
    """The policy that the bytes of a TOML file describe.

    Raises:
        PolicyError: they are too many, no TOML, or break a rule; its `mistakes` are all of them.
    """
    found = toml_document.parse(content, PolicyError)
    return check_policy(found.values, lines=found.lines, digest=found.digest)


def check_policy(
    values: Mapping[str, object],
    *,
    lines: Mapping[Place, int] | None = None,
    digest: str = "",
) -> Policy:
    """The policy that parsed TOML describes.

    `lines` say where each key stands, `digest` is the hash of the file.

    Raises:
        PolicyError: a section or value is missing, unknown or out of range.
    """
    mistakes = Mistakes(lines)
    policy = _policy(Table(values, (), mistakes).closed(*_SECTIONS), digest)
    toml_document.refuse(mistakes, PolicyError)
    return policy


def _policy(root: Table, digest: str) -> Policy:
    """The policy as far as it can be read."""
    here = policy_clocks.zone(root)
    hours = policy_clocks.hours(root, here)
    teams = policy_clocks.teams(root, hours)
    ladder = policy_clocks.ladder(root, hours)
    clocks, clock_hours = policy_clocks.clocks(root, hours)
    raises = root.table("raises").closed("customer_tiers", "repeat_contacts", "repeat_days")
    auto = root.table("auto_route").closed("min_band", "min_prob", "most_urgent")
    trust = _trust(auto)
    return Policy(
        version=root.text("version"),
        content_hash=digest,
        calendar=policy_clocks.legal_calendar(here),
        hours=hours,
        hours_names={code: table.text("name") for code, table in root.entries("hours")},
        teams=teams,
        clocks=clocks,
        clock_hours=clock_hours,
        default=_category(root.table("default"), teams),
        categories={code: _category(rule, teams) for code, rule in _required(root, "categories")},
        intensity=_intensity(root),
        signals={code: _signal(rule, teams) for code, rule in _required(root, "signals")},
        customer_tiers=_customer_tiers(root, raises),
        channels={code: _raise(rule, teams) for code, rule in root.entries("channels")},
        repeat_contacts=raises.whole("repeat_contacts", 2, 1000),
        repeat_days=raises.whole("repeat_days", 1, 3660, default=30),
        combinations=tuple(_combination(rule) for rule in root.tables("combinations")),
        tiers=policy_clocks.tiers(root, ladder),
        ladder=ladder,
        auto=trust,
        auto_most_urgent=auto.priority("most_urgent"),
        suggest=_suggest(root, trust),
        review=_review(root),
        statutory=policy_clocks.statutory(root),
        candidate_share=_candidate_share(root),
        churn=policy_service.churn(root),
        targets=policy_service.targets(root),
    )


def _required(root: Table, key: str) -> list[tuple[str, Table]]:
    inside = root.table(key)
    return [(code, inside.table(code)) for code in inside.values]


def _team(table: Table, teams: Codes) -> str:
    return table.one_of("team", teams) if teams else table.text("team")


def _category(table: Table, teams: Codes) -> CategoryRule:
    table.closed("team", "priority")
    return CategoryRule(_team(table, teams), table.priority("priority"))


def _signal(table: Table, teams: Codes) -> SignalRule:
    table.closed("priority", "grave", "team")
    team = _team(table, teams) if table.has("team") else None
    return SignalRule(table.priority("priority"), table.flag("grave"), team)


def _raise(table: Table, teams: Codes | None) -> Raise:
    """A rule of a channel; of a customer tier, which has no team, without `teams`."""
    table.closed("name", "priority", "steps", *([] if teams is None else ["team"]))
    return Raise(
        name=table.text("name"),
        priority=table.priority("priority") if table.has("priority") else None,
        steps=table.whole("steps", 0, MAX_STEPS, default=0),
        team=_team(table, teams or ()) if table.has("team") else None,
    )


def _customer_tiers(root: Table, raises: Table) -> dict[str, Raise]:
    """The rules of customer tiers; `raises.customer_tiers` is the short form, one step each."""
    found = {code: Raise(code, steps=1) for code in raises.texts("customer_tiers")}
    for code, table in root.entries("customer_tiers"):
        if code in found:
            table.refuse("stands in raises.customer_tiers too, one of the two is needed")
        found[code] = _raise(table, None)
    return found


def _intensity(root: Table) -> tuple[tuple[float, Priority], ...]:
    rules = [
        (rule.closed("min_rank", "priority").number("min_rank", 0, 1), rule.priority("priority"))
        for rule in root.tables("intensity")
    ]
    return tuple(sorted(rules, key=lambda rule: (rule[1], -rule[0])))


def _combination(table: Table) -> Combination:
    table.closed("name", "priority", "min_rank", "signals", "categories")
    return Combination(
        name=table.text("name"),
        priority=table.priority("priority"),
        min_rank=table.number("min_rank", 0, 1, default=0),
        signals=frozenset(table.texts("signals")),
        categories=frozenset(table.texts("categories")),
    )


def _trust(table: Table) -> Trust:
    return Trust(table.band("min_band"), table.number("min_prob", 0, 1, default=0))


def _suggest(root: Table, auto: Trust) -> Trust:
    """When a team is suggested; a policy without this section suggests whatever was judged."""
    if not root.has("suggest"):
        return Trust(Band.LOW, 0)
    table = root.table("suggest").closed("min_band", "min_prob")
    found = _trust(table)
    order = list(Band)  # the surest first
    if order.index(found.min_band) < order.index(auto.min_band) or found.min_prob > auto.min_prob:
        table.refuse("asks for more trust than auto_route, which must be the stricter one")
    return found


def _review(root: Table) -> Review:
    """Which complaints become cases; a policy written before there were cases uses the default."""
    if not root.has("review"):
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


def _candidate_share(root: Table) -> float:
    """The share that a candidate model answers; none in a policy without this section."""
    if not root.has("experiment"):
        return 0.0
    table = root.table("experiment").closed("candidate_share")
    return table.number("candidate_share", 0, MAX_CANDIDATE_SHARE)
