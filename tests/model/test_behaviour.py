"""What the served model must never get wrong, and which way it must move."""

from __future__ import annotations

import pytest

from classifier import Triage
from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.prediction import Prediction, Priority
from training.behaviour import Case, failures, load_cases

POLICY = load_policy()


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_the_cases_of_the_gates_hold(default_model: Triage, case: Case) -> None:
    """Each case of `training/behaviour.toml`: grave, angrier, same, plain."""
    assert not failures(default_model, [case], POLICY)


def only(model: Triage, text: str) -> Prediction:
    """The prediction on one text."""
    return model.predict([text])[0]


def test_politeness_does_not_hide_a_threat(default_model: Triage) -> None:
    """Calm words around a grave one leave the case at the top."""
    found = only(default_model, "您好，打扰了，麻烦转告经理，我今晚就跳楼，谢谢您的耐心")
    assert decide(found, POLICY).priority is Priority.P0


CALM_BUT_GRAVE = "您好，孩子食用贵公司奶粉后住院，附上诊断书，请核实批次"
FURIOUS_BUT_TRIVIAL = "他妈的送个外卖忘了给筷子！！！垃圾店王八蛋去死吧"


def test_anger_and_gravity_are_two_things(default_model: Triage) -> None:
    """A calm letter about a sick child outranks a rant about chopsticks, which is the angrier."""
    calm, furious = only(default_model, CALM_BUT_GRAVE), only(default_model, FURIOUS_BUT_TRIVIAL)
    assert calm.intensity is not None
    assert furious.intensity is not None
    assert furious.intensity.level >= 4 > calm.intensity.level
    assert decide(calm, POLICY).priority < decide(furious, POLICY).priority
