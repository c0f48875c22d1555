"""A candidate beside the current model: what is counted, what is kept, what it costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from classifier.prediction import Priority
from service.__main__ import main
from service.cases.desk import Desk
from service.cases.verdicts import Opinion, Verdicts
from service.secret import load_secret
from service.shadow import commands, trial
from service.shadow.report import Judged, Report, make_report
from service.shadow.tables import ShadowAnswer
from tests.service.cases.conftest import person
from tests.service.client import Service
from tests.service.fakes import load_fake, make_model

ANGRY = "等了四十分钟还没人管"
NOW = datetime.now(UTC)


@pytest.fixture
def tried(service: Service) -> Service:
    """The application with the candidate calm2, which finds everything calmer."""
    make_model(service.settings.models, "calm2", pointer="SHADOW")
    service.parts.predictor.refresh()
    return service


def report_of(service: Service) -> Report:
    """What the trial has shown once all that waits is judged and written."""
    while service.parts.trial.compare():
        pass
    service.parts.trial.write()
    return make_report(service.database, "v1", "calm2", days=1, now=NOW)


def test_the_candidate_changes_no_answer(tried: Service) -> None:
    """The reply is the current model's, and is out before the candidate has read the text."""
    reply = tried.classify({"text": ANGRY}).get_json()
    assert (reply["model_version"], reply["intensity"]["level"]) == ("v1", 4)
    candidate = tried.parts.predictor.candidate
    assert candidate.texts_seen == 1  # its warm-up
    assert tried.parts.trial.compare() == 1
    assert candidate.texts_seen == 2


def test_both_answers_are_added_up(tried: Service) -> None:
    """Single texts and batches, cases or not; nothing is kept of a text but sums."""
    tried.classify({"text": ANGRY})
    items = [{"text": ANGRY}, {"text": "好", "store": False}]
    tried.post("/v1/classify/batch", {"items": items})
    found = report_of(tried)
    assert found.texts == 3
    assert found.said["level"] == {("4", "2"): 2, ("none", "none"): 1}
    assert found.said["category"] == {("service", "quality"): 2, ("none", "none"): 1}
    assert found.said["case"] == {("yes", "no"): 2, ("yes", "yes"): 1}
    assert found.same("level") == 1
    assert found.moves("priority") == [(("P2", "P3"), 2)]
    with tried.database.session() as session:
        assert ANGRY not in str(session.execute(text("SELECT * FROM shadow_counts")).all())


def test_a_conversation_is_judged_by_both_alike(tried: Service) -> None:
    """Turn by turn, and counted once."""
    roles = ("customer", "agent", "customer")
    tried.classify({"messages": [{"role": role, "text": ANGRY} for role in roles]})
    found = report_of(tried)
    assert (found.texts, found.said["level"]) == (1, {("4", "2"): 1})
    # Its warm-up, the customer's part as one text, and each of the customer's turns.
    assert tried.parts.predictor.candidate.texts_seen == 4


def test_sums_of_several_writes_are_one(tried: Service) -> None:
    """Each worker adds to what the others wrote."""
    for _ in range(2):
        tried.classify({"text": ANGRY})
        report_of(tried)
    assert report_of(tried).texts == 2


def test_a_process_that_ends_loses_nothing(tried: Service) -> None:
    """What waits is judged and written at the end."""
    tried.classify({"text": ANGRY})
    tried.parts.trial.start()
    tried.parts.trial.end()
    assert make_report(tried.database, "v1", "calm2", days=1, now=NOW).texts == 1


def test_the_candidates_answer_to_a_case_is_kept(tried: Service) -> None:
    """By the number of the case; what became none leaves no row."""
    number = tried.classify({"text": ANGRY}).get_json()["case_id"]
    tried.classify({"text": ANGRY, "store": False})
    report_of(tried)
    with tried.database.session() as session:
        (kept,) = session.scalars(select(ShadowAnswer))
    assert (kept.case_id, kept.candidate) == (number, "calm2")
    assert (kept.category, kept.level, kept.priority) == ("quality", 2, Priority.P3)


def test_people_say_who_was_right(tried: Service) -> None:
    """A confirmation speaks for the current model, a correction may speak for the candidate."""
    desk = Desk(
        tried.database, load_secret(tried.settings.home), lambda: tried.parts.predictor.policy
    )
    verdicts = Verdicts(desk, tried.parts.predictor)
    numbers = [tried.classify({"text": ANGRY}).get_json()["case_id"] for _ in range(3)]
    report_of(tried)
    verdicts.give(numbers[0], person("anna"), Opinion())
    verdicts.give(numbers[1], person("anna"), Opinion("quality", None, reason="说的是质量"))
    verdicts.give(numbers[2], person("anna"), Opinion("quality", None, reason="说的是质量"))
    found = {judged.part: judged for judged in report_of(tried).judged}
    assert found["category"] == Judged("category", 3, only_current=1, only_candidate=2)
    assert found["level"] == Judged("level", 3, only_current=3, only_candidate=0)
    assert found["level"].p_value == 0.25  # three tosses of a coin, all alike


def test_the_candidate_answers_its_share_and_its_cases_are_told_apart(tried: Service) -> None:
    """With a share in the policy some replies name the candidate, and the report has both arms."""
    predictor = tried.parts.predictor
    predictor.policy = replace(predictor.policy, candidate_share=0.5)
    replies = [
        tried.classify({"text": ANGRY, "customer": {"id": f"c{number}"}}).get_json()
        for number in range(12)
    ]
    versions = [reply["model_version"] for reply in replies]
    assert set(versions) == {"v1", "calm2"}
    found = report_of(tried)
    assert found.texts == versions.count("v1")  # the others it has answered itself
    cases = {arm.version: arm.cases for arm in found.arms}
    assert cases["v1"] == versions.count("v1")
    assert cases["calm2"] == sum(
        reply["model_version"] == "calm2" and reply["stored"] for reply in replies
    )


def test_a_full_queue_leaves_out_and_counts(
    tried: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A candidate that is too slow costs nobody anything."""
    monkeypatch.setattr(trial, "MAX_WAITING", 2)
    for _ in range(3):
        assert tried.classify({"text": ANGRY}).status_code == 200
    assert report_of(tried).texts == 2
    lines = tried.parts.metrics.render({}).decode().splitlines()
    shadow = {line for line in lines if line.startswith("triage_shadow_texts_total")}
    assert shadow == {
        'triage_shadow_texts_total{result="left_out"} 1.0',
        'triage_shadow_texts_total{result="different"} 2.0',
    }


def test_sums_survive_while_the_database_is_gone(tried: Service) -> None:
    """What could not be written is written with the next."""
    tried.classify({"text": ANGRY, "store": False})
    with tried.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE shadow_counts RENAME TO away"))
    tried.parts.trial.compare()
    tried.parts.trial.write()
    with tried.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO shadow_counts"))
    assert report_of(tried).texts == 1


def test_the_commands_begin_show_and_end_a_trial(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be served, or serves already, is refused in one sentence."""
    monkeypatch.setattr(commands, "load", load_fake)
    models = service.settings.models
    environment = {
        "TRIAGE_HOME": str(service.settings.home),
        "TRIAGE_MODELS": str(models),
        "TRIAGE_DATABASE_URL": service.settings.database_url,
    }

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["shadow", *words], env=environment)
        return done.exit_code, done.output

    assert run("start", "v1") == (
        1,
        "Error: v1 is the current model, a candidate must be another one\n",
    )
    assert run("start", "v9")[0] == 1
    assert "SHADOW does not exist" in run("report")[1]
    make_folder(models, "calm2")
    assert run("start", "calm2")[0] == 0
    service.parts.predictor.refresh()
    service.classify({"text": f"{ANGRY}，电话13800001111"})
    report_of(service)
    code, shown = run("report")
    assert code == 0
    assert "1 complaints judged by both" in shown
    assert "priority        P2 -> P3: 1" in shown
    assert "[手机]" in shown
    assert json.loads(run("report", "--json")[1])["texts"] == 1
    assert run("stop") == (0, "ended the trial of calm2\n")
    assert run("stop")[0] == 1


def make_folder(models: Path, version: str) -> None:
    """A fake model that no file names yet."""
    (models / version).mkdir()
    (models / version / "fake").write_text("")
