"""What is suggested for a case: asked for, made then, and following what people decided."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from classifier.errors import PlaybookError
from classifier.playbook import suggest
from classifier.playbook_file import load_playbook, packaged_path
from classifier.policy import decide
from service.cases.file import get_case
from service.cases.suggestion import suggestion_of
from service.cases.tables import CaseContent
from service.cases.verdicts import Opinion
from service.playbook_watch import PlaybookWatch
from service.tables import Role
from tests.service.cases.conftest import TEXT, Queue, person
from tests.service.test_openapi import errors_of


def test_a_case_has_a_suggestion_that_is_not_stored(queue: Queue) -> None:
    """Opening, steps and sources, as the published schema says; no row holds them."""
    number = queue.add()
    file = queue.get(f"/{number}").get_json()
    assert errors_of("CaseFileReply", file) == []
    found = file["suggestion"]
    assert set(found) == {"opening", "steps", "sources"}
    assert found["sources"] == [
        "levels.furious.opening", "default.furious", "levels.furious.steps",
        "signals.regulator.steps", "default.steps",
    ]  # fmt: skip
    with queue.service.database.session() as session:
        (content,) = session.scalars(select(CaseContent))
    assert found["opening"] not in str(content.prediction) + str(content.decision)


def test_a_reply_has_a_suggestion_only_when_it_is_asked_for(queue: Queue) -> None:
    """`suggest` true brings it, alone or in a batch; else the field is not there."""
    service = queue.service
    for sent in ({}, {"suggest": False}, {"suggest": None}):
        assert "suggestion" not in service.classify({"text": TEXT, **sent}).get_json()
    asked = service.classify({"text": TEXT, "suggest": True}).get_json()
    assert errors_of("ComplaintReply", asked) == []
    assert asked["suggestion"] == queue.get(f"/{asked['case_id']}").get_json()["suggestion"]
    items = [{"text": TEXT, "suggest": True}, {"text": TEXT}]
    batch = service.post("/v1/classify/batch", {"items": items}).get_json()
    assert ["suggestion" in one for one in batch["results"]] == [True, False]
    assert service.classify({"text": TEXT, "suggest": "yes"}).status_code == 422


def test_a_repeated_request_gets_the_suggestion_again(queue: Queue) -> None:
    """Under one Idempotency-Key the whole reply is the first one."""
    headers = {"Idempotency-Key": "a-key"}
    sent = {"text": TEXT, "suggest": True}
    first, again = (queue.service.classify(sent, headers=headers) for _ in range(2))
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.get_json() == first.get_json()


def test_a_text_that_is_not_judged_has_one_too(queue: Queue) -> None:
    """Too short to judge: the calmest level, the default, and a word of doubt."""
    asked = queue.service.classify({"text": "", "suggest": True}).get_json()
    assert asked["suggestion"]["sources"][:3] == [
        "levels.calm.opening", "default.calm", "doubt.steps",
    ]  # fmt: skip


def test_it_is_the_suggestion_of_the_stored_finding(queue: Queue) -> None:
    """A case that nobody touched is suggested the same as the fresh prediction was."""
    predictor = queue.service.parts.predictor
    for text in (TEXT, "等了四十分钟", "?"):
        number = queue.add(text)
        fresh = predictor.model.predict([text])[0]
        playbook = load_playbook()
        expected = suggest(fresh, decide(fresh, predictor.policy), playbook)
        file = get_case(queue.service.database, number)
        assert suggestion_of(file, queue.verdicts.labels(), playbook) == expected


def test_it_follows_the_verdict_of_people(queue: Queue) -> None:
    """A reviewer's category is used, and a risk that the model missed brings the crisis script."""
    number = queue.add()
    missed = {"self_harm": True, "regulator": False}
    opinion = Opinion(category="refund", signals=missed, reason="漏看了")
    queue.verdicts.give(number, person("first"), opinion)
    sources = queue.get(f"/{number}").get_json()["suggestion"]["sources"]
    assert sources == ["signals.self_harm.opening", "signals.self_harm.steps"]
    # The second reviewer sees no such risk: until that is settled, care comes first.
    dissent = Opinion(signals={"self_harm": False}, reason="没有这层意思")
    queue.verdicts.give(number, person("second"), dissent)
    assert queue.get(f"/{number}").get_json()["suggestion"]["sources"] == sources
    judge = person("judge", Role.ADJUDICATOR)
    queue.verdicts.give(number, judge, dissent)
    sources = queue.get(f"/{number}").get_json()["suggestion"]["sources"]
    assert "categories.refund.furious" in sources
    assert "signals.self_harm.steps" not in sources


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the packaged playbook."""
    path = tmp_path / "own.toml"
    path.write_bytes(packaged_path().read_bytes())
    return path


def _change(file: Path, before: str, after: str) -> None:
    """Writes another content, a minute ago."""
    text = packaged_path().read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    then = file.stat().st_mtime - 60
    os.utime(file, (then, then))


def test_a_changed_playbook_is_taken_over_and_a_bad_one_is_not(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart; each says so once."""
    monkeypatch.setattr("service.playbook_watch._CHECK_SECONDS", 0.0)
    watch = PlaybookWatch(file)
    _change(file, "让您气成这样，真的非常抱歉。", "让您这么生气，非常抱歉。")
    with capture_logs() as events:
        assert watch.now().levels["furious"].opening == "让您这么生气，非常抱歉。"
        _change(file, "让您气成这样，真的非常抱歉。", "我们保证赔偿。")
        assert watch.now().levels["furious"].opening == "让您这么生气，非常抱歉。"
        watch.now()
    assert [event["event"] for event in events] == ["playbook_swapped", "playbook_refused"]


def test_the_file_is_looked_at_once_a_second(file: Path) -> None:
    """Between two looks a suggestion costs no reading."""
    watch = PlaybookWatch(file)
    file.unlink()
    assert watch.now() is watch.current


def test_a_bad_playbook_stops_the_start(file: Path) -> None:
    """The sentence names the file and the line."""
    _change(file, 'mood = "angry"', 'mood = "cross"')
    with pytest.raises(PlaybookError, match=r"own\.toml: line \d+: levels\.angry\.mood is 'cross'"):
        PlaybookWatch(file)
