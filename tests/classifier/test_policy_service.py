from __future__ import annotations

import pytest

from classifier.errors import PolicyError
from classifier.policy_file import load_policy, packaged_path, parse_policy


def changed(old: str, new: str) -> bytes:
    """The packaged policy with one piece of it replaced."""
    source = packaged_path().read_text(encoding="utf-8")
    assert source.count(old) == 1, old
    return source.replace(old, new).encode()


def test_the_packaged_policy_scores_and_aims() -> None:
    """Saying that one leaves weighs most; a high risk is above a medium one."""
    policy = load_policy()
    assert policy.churn is not None
    assert policy.targets is not None
    assert max(policy.churn.signals, key=lambda code: policy.churn.signals[code]) == "churn"
    assert set(policy.churn.signals) <= set(policy.signals)
    assert policy.churn.medium < policy.churn.high <= 100
    assert policy.targets.first_response_seconds == 4 * 3600


def test_both_sections_may_be_left_out() -> None:
    """An older policy scores nobody and aims at nothing."""
    source = packaged_path().read_text(encoding="utf-8")
    start, end = source.index("[churn]"), source.index("# Clocks of the law, shown")
    policy = parse_policy((source[:start] + source[end:]).encode())
    assert policy.churn is policy.targets is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("churn = 40 ", "churn = 101 ", "churn.signals.churn"),
        ("vip = 8\n", "vip = -1\n", "churn.customer_tiers.vip"),
        ("high = 50 ", "high = 29 ", "churn.high"),
        ("overdue = 20 ", "overdew = 20 ", "churn.overdew"),
        ("csat = 4.2 ", "csat = 6 ", "targets.csat"),
        ('resolution = "72h"', 'resolution = "soon"', "targets.resolution"),
        ("nps = 30 ", "nps = 200 ", "targets.nps"),
    ],
)
def test_a_mistake_is_named_by_its_place(old: str, new: str, named: str) -> None:
    """What is out of range, unknown or missing is refused."""
    with pytest.raises(PolicyError, match=named.replace(".", r"\.")):
        parse_policy(changed(old, new))
