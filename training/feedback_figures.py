"""What verdicts say of the reviewers and of the model.

Reviewers see what rules pick out: the angry, the grave, the doubtful. How often they overrule the
model *there* says nothing of the rest, and no reweighting of those cases could. So a share of what
no rule asks for is drawn at random (the policy's audit share). The override rate on that share
alone is an unbiased estimate for all complaints that no rule asks for, because each of them had the
same chance; it is kept out of the training table, so that it can measure the next model as well.
For all traffic both parts are put together by inverse-propensity weights: 1 for a case by rule,
which is always one, 1 / audit share for a drawn one (Horvitz and Thompson 1952; for learning from
a biased sample Zadrozny 2004). That holds if equal shares of both parts have been reviewed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from training.consensus import Opinion, Status, latest
from training.feedback import Reviewed

Json = dict[str, object]
HEADS = ("category", "level", "risks")


def feedback_figures(cases: Sequence[Reviewed], audit_share: float) -> Json:
    """Every figure of the summary, as plain JSON values.

    A case counts in a rate once, by what people settled on; open ones do not.
    """
    drawn = [case for case in cases if case.is_audit]
    by_rule = [case for case in cases if case.reasons is not None and not case.is_audit]
    statuses = Counter(case.ruling.status for case in cases)
    override: Json = {"all": override_rates(cases), "audit": override_rates(drawn)}
    override["rules"] = override_rates(by_rule)
    override["traffic"] = _traffic(override_rates(by_rule), override_rates(drawn), audit_share)
    return {
        "verdicts": sum(len(case.opinions) for case in cases),
        "cases": len(cases),
        "by_status": {status.value: statuses[status] for status in Status},
        "disputed": {
            head: sum(head in case.ruling.disputed for case in cases) for head in HEADS
        },
        "agreement": agreement(cases),
        "reviewers": reviewers(cases),
        "override": override,
        "override_by_model": _by_model(cases),
        "hard_negatives": sum(bool(case.hard_heads()) for case in cases),
        "audit_share": audit_share,
        "audit_cases": len(drawn),
        "cases_without_reasons": sum(case.reasons is None for case in cases),
    }  # fmt: skip


def agreement(cases: Sequence[Reviewed]) -> Json:
    """How far the first two people on a case agree, adjudicators left out.

    Cohen's kappa for category, quadratic-weighted for level (None where all say the same one
    thing), for risks the share of equal sets. The service shows a second reviewer what the first
    one said: read the figures as an upper bound.
    """
    pairs = [pair for case in cases if (pair := _pair(case))]
    return {
        "pairs": len(pairs),
        "category": _kappa(pairs, lambda one: one.category, None),
        "level": _kappa(pairs, lambda one: one.level, "quadratic"),
        "risks": _equal([(a.risks, b.risks) for a, b in pairs]),
    }


def reviewers(cases: Sequence[Reviewed]) -> list[Json]:
    """Each reviewer's verdicts, corrections, and how often settled labels are theirs too.

    Settled by others: an adjudicator's own cases, and pairs that agree, would praise themselves.
    """
    given: Counter[str] = Counter()
    judged: defaultdict[str, list[bool]] = defaultdict(list)
    for case in cases:
        for one in case.opinions:
            given[one.by] += 1
        if case.ruling.status is Status.ADJUDICATED:
            for one in latest(case.opinions):
                if not one.is_adjudication:
                    same = (one.category, one.level) == (case.ruling.category, case.ruling.level)
                    judged[one.by].append(same)
    return [
        {
            "reviewer": name,
            "verdicts": count,
            "adjudicated": len(judged[name]),
            "upheld": sum(judged[name]),
        }
        for name, count in given.most_common()
    ]


def override_rates(cases: Sequence[Reviewed]) -> Json:
    """Share of cases on which people overrule the model: in any label, and in each.

    For any label a case must have no disputed one, which might be overruled or not.
    """
    wrong = [(case.overrides(), bool(case.ruling.disputed)) for case in cases]
    whole = [any(found.values()) for found, is_disputed in wrong if found and not is_disputed]
    rates: Json = {"any": _rate(whole)}
    for head in HEADS:
        rates[head] = _rate([found[head] for found, _ in wrong if head in found])
    return rates


def _rate(hits: Sequence[bool]) -> Json:
    """Cases, hits, rate, and Wilson's 95 % interval (Wilson 1927); None without cases."""
    count = sum(hits)
    if not hits:
        return {"cases": 0, "overridden": 0, "rate": None, "low": None, "high": None}
    interval = binomtest(count, len(hits)).proportion_ci(method="wilson")
    return {
        "cases": len(hits),
        "overridden": count,
        "rate": count / len(hits),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def _traffic(by_rule: Json, drawn: Json, audit_share: float) -> Json | None:
    """The rate in any label over all traffic, its bounds those of both parts, weighted.

    Such bounds are wider than a 95 % interval of the sum. None if nothing was drawn.
    """
    parts = [rate for rate in (by_rule["any"], drawn["any"]) if isinstance(rate, dict)]
    weights = np.array([part["cases"] for part in parts]) * [1.0, 1.0 / audit_share]
    if not weights[1]:
        return None
    shares = weights / weights.sum()
    found: Json = {"share_by_rule": float(shares[0])}
    for name in ("rate", "low", "high"):
        found[name] = float(shares @ [part[name] or 0.0 for part in parts])
    return found


def _by_model(cases: Sequence[Reviewed]) -> Json:
    groups: defaultdict[str, list[Reviewed]] = defaultdict(list)
    for case in cases:
        groups[case.prediction.model_version].append(case)
    return {version: override_rates(group)["any"] for version, group in sorted(groups.items())}


def _pair(case: Reviewed) -> tuple[Opinion, Opinion] | None:
    said = latest([one for one in case.opinions if not one.is_adjudication])
    return (said[0], said[1]) if len(said) > 1 else None


def _kappa(
    pairs: Sequence[tuple[Opinion, Opinion]],
    label: Callable[[Opinion], str | int | None],
    weights: str | None,
) -> Json:
    """Kappa of the pairs that both gave the label; levels that nobody gave keep their place."""
    both = [
        (left, right)
        for a, b in pairs
        if (left := label(a)) is not None and (right := label(b)) is not None
    ]
    found = _equal(both)
    numbers = [value for pair in both for value in pair if isinstance(value, int)]
    names = {str(value) for pair in both for value in pair}
    labels = list(range(min(numbers), max(numbers) + 1)) if numbers else sorted(names)
    found["kappa"] = None
    if len(names) > 1:
        one, other = ([pair[side] for pair in both] for side in (0, 1))
        found["kappa"] = float(cohen_kappa_score(one, other, labels=labels, weights=weights))
    return found


def _equal(pairs: Sequence[tuple[Hashable, Hashable]]) -> Json:
    equal = sum(a == b for a, b in pairs)
    return {"pairs": len(pairs), "equal": equal / len(pairs) if pairs else None}
