from __future__ import annotations

import re

from classifier.lexicon import signal_names
from service.cases.file import get_case
from service.privacy import explanation
from service.privacy.purge import forget_texts
from tests.service.cases.conftest import Queue, person
from tests.service.pages.conftest import House

_JARGON = re.compile(
    r"P[0-3]\b|级别|[1-5] 级|分值|概率|权重|regulator|service|模型|愤怒|情绪|\d\.\d"
)


def test_it_is_a_letter_that_could_be_sent(queue: Queue) -> None:
    """What, why, who decides and what one may ask for; no jargon, no codes."""
    case = queue.add("等了四十分钟才上菜，我要举报", id="TS-42")
    found = queue.get(f"/{case}/explanation").get_json()
    text = found["text"]
    assert text.startswith("您好！\n您于 20")
    for said in ("编号 TS-42", "“服务态度”方面", "“等了”", "向主管部门或消费者组织反映",
                 "都由工作人员决定", "重新查看", "前首次答复您", "您提到的上述情况"):  # fmt: skip
        assert said in text, said
    assert not _JARGON.search(text)
    assert "{" not in text
    assert found["caution"] is None
    assert queue.get("/99/explanation").status_code == 404


def test_it_tells_what_people_made_of_it(queue: Queue) -> None:
    """A correction is told with the category that counts now, an answer with its moment."""
    case = queue.add()
    queue.desk.claim(case, person("a"))
    queue.desk.respond(case, person("a"))
    assert queue.post(f"/{case}/verdict", category="refund", reason="是退款").status_code == 200
    text = queue.get(f"/{case}/explanation").get_json()["text"]
    assert "作了更正" in text
    assert "首次答复您。" in text
    assert "前首次答复您" not in text


def test_what_was_not_judged_is_told(queue: Queue) -> None:
    """No words and no category, but that a person reads it."""
    text = queue.get(f"/{queue.add('。')}/explanation").get_json()["text"]
    assert "没有把握" in text
    assert "词语" not in text


def test_without_the_text_no_words_are_named(queue: Queue) -> None:
    """And the letter says why."""
    case = queue.add()
    with queue.service.database.session() as session:
        forget_texts(session, [case])
        session.commit()
    text = queue.get(f"/{case}/explanation").get_json()["text"]
    assert "没有保存您的原文" in text
    assert "“等了”" not in text


def test_every_signal_of_the_lexicon_has_plain_words() -> None:
    """None of them falls back on a general phrase, and none is its internal name."""
    plain = explanation._part("signals")
    assert set(signal_names()) == set(plain) - {"other"}
    assert not set(signal_names().values()) & set(plain.values())


def test_grave_cases_are_not_answered_by_a_letter(queue: Queue) -> None:
    """Whoever would send it is warned."""
    case = queue.add()
    file = get_case(queue.service.database, case)
    file.prediction["signals"] = [{"code": "self_harm", "start": 0, "end": 1, "text": ""}]
    told = explanation.explanation_of(file, queue.verdicts.labels(), queue.desk.policy())
    assert "人身安全" in str(told.caution)
    assert "自伤" not in told.text


def test_the_page_shows_it_to_be_copied(house: House) -> None:
    """Under the reasons, escaped, with a button."""
    case = house.add("<b>等了很久，我要举报")
    page = house.logged_in("viewer").get(f"/cases/{case}").text
    assert 'data-copy="explanation"' in page
    assert "都由工作人员决定" in page
    assert "“&lt;b”" not in page
    assert "<b>等" not in page
