"""The figures that are shown of each group, with what the policy aims at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from classifier.policy_service import Targets
from service.quality.figures import Figures


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: its code, name and kind (seconds, share, score), and what it is aimed at."""

    code: str
    name: str
    kind: str
    value: Callable[[Figures], float | None]
    target: Callable[[Targets], float]
    is_most: bool  # the target is the most that is wanted, not the least

    def is_met(self, figures: Figures, targets: Targets | None) -> bool | None:
        """Whether the aim is reached; None without a figure or an aim."""
        value = self.value(figures)
        if value is None or targets is None:
            return None
        aim = self.target(targets)
        return value <= aim if self.is_most else value >= aim


MEASURES = (
    Measure("first_response_seconds", "平均首次响应", "seconds",
            lambda f: f.first_response_seconds, lambda t: t.first_response_seconds, is_most=True),
    Measure("resolution_seconds", "平均解决用时", "seconds",
            lambda f: f.mean_resolution_seconds, lambda t: t.resolution_seconds, is_most=True),
    Measure("overdue_share", "首次响应超时", "share",
            lambda f: f.overdue_share, lambda t: t.overdue_share, is_most=True),
    Measure("first_contact_share", "一次解决", "share",
            lambda f: f.first_contact_share, lambda t: t.first_contact_share, is_most=False),
    Measure("reopened_share", "重新打开", "share",
            lambda f: f.reopened_share, lambda t: t.reopened_share, is_most=True),
    Measure("csat", "满意度 CSAT", "score",
            lambda f: f.csat, lambda t: t.csat, is_most=False),
    Measure("nps", "净推荐值 NPS", "score",
            lambda f: f.nps, lambda t: t.nps, is_most=False),
)  # fmt: skip
