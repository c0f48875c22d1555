"""Decisions of many rows: those that must be the same are made and written down once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from classifier.policy import Policy, decide, routing_of
from classifier.prediction import Decision, Prediction, Routing
from classifier.reply import Decided, decided

_MOST = 20_000  # kept: codes of category and signals and levels allow for more

_Finding = tuple[str | None, int | None, tuple[str, ...]]


class Decisions:
    """What the policy says of complaints of one moment, of which nothing but the text is known.

    All of a decision but its routing follows from category, level and signals, in their order.
    """

    def __init__(self, policy: Policy, received_at: datetime) -> None:
        self._policy = policy
        self._received_at = received_at
        self._made: dict[_Finding, Decision] = {}
        self._told: dict[tuple[_Finding, Routing], Decided] = {}

    def of(self, prediction: Prediction) -> Decided:
        """As `decided(decide(prediction, policy), received_at)`, three times as fast."""
        category, intensity = prediction.category, prediction.intensity
        finding = (
            category.code if category else None,
            intensity.level if intensity else None,
            tuple([signal.code for signal in prediction.signals]),
        )
        decision = self._made.get(finding)
        if decision is None:
            decision = decide(prediction, self._policy)
            if len(self._made) < _MOST:
                self._made[finding] = decision
        routing = routing_of(prediction, self._policy, decision.priority)[0]
        told = self._told.get((finding, routing))
        if told is None:
            told = decided(replace(decision, routing=routing), self._received_at)
            if len(self._told) < _MOST:
                self._told[finding, routing] = told
        return told
