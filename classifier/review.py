"""Which complaints people look at, and why; a pure function of its arguments."""

from __future__ import annotations

from classifier.policy import Policy
from classifier.prediction import Decision, Outcome, Prediction

AUDIT = "audit"  # why a case is one that chance alone drew


def case_reasons(
    prediction: Prediction, decision: Decision, policy: Policy, *, draw: float
) -> tuple[str, ...]:
    """Why the complaint becomes a case, or nothing when it does not.

    `draw` is a random number in [0, 1): what no rule asks for is audited when it lies under the
    policy's audit share, so that people also see what the model ranked low.
    """
    rule = policy.review
    reasons = []
    if decision.priority <= rule.priority:
        reasons.append("priority")
    if prediction.intensity and prediction.intensity.rank >= rule.min_rank:
        reasons.append("intensity")
    if rule.grave_signals and policy.has_grave(signal.code for signal in prediction.signals):
        reasons.append("grave_signal")
    if rule.needs_human and prediction.outcome is Outcome.NEEDS_HUMAN:
        reasons.append("needs_human")
    if not reasons and draw < rule.audit_share:
        reasons.append(AUDIT)
    return tuple(reasons)


def uncertainty(prediction: Prediction) -> float:
    """How little the model trusts its answer: 1 minus its least sure head; 1 when it has none."""
    sure = []
    if prediction.category:
        sure.append(prediction.category.prob)
    if prediction.intensity:
        sure.append(max(prediction.intensity.probs))
    return round(1.0 - min(sure), 6) if sure else 1.0
