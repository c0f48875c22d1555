"""The panel 建议答复 on the case page."""

from __future__ import annotations

import re

from classifier.playbook import suggest
from classifier.playbook_file import load_playbook
from classifier.policy import decide
from service.cases.verdicts import Opinion
from tests.service.pages.conftest import TEXT, House


def test_the_panel_has_opening_steps_and_where_they_come_from(house: House) -> None:
    """What the playbook suggests is there to be read and selected without a script."""
    number = house.add()
    html = house.logged_in("viewer").get(f"/cases/{number}").text
    predictor = house.service.parts.predictor
    found = predictor.model.predict([TEXT])[0]
    expected = suggest(found, decide(found, predictor.policy), load_playbook())
    panel = html.split('id="answer-title"')[1].split("</section>")[0]
    assert f'<p class="opening" id="opening">{expected.opening}</p>' in panel
    assert re.findall(r"<li>(.*?)</li>", panel) == list(expected.steps)
    assert "依据：情绪 愤怒、通用答复、风险信号 监管投诉。" in panel
    assert "不会自动发送" in panel


def test_the_copy_buttons_wait_for_the_script(house: House) -> None:
    """Without a script there is no button that does nothing; none submits a form or is inline."""
    number = house.add()
    html = house.logged_in("reviewer").get(f"/cases/{number}").text
    buttons = re.findall(r"<button[^>]*data-copy[^>]*>", html)
    assert len(buttons) == 2  # the opening, and the explanation for the customer
    for button in buttons:
        assert 'type="button"' in button
        assert button.endswith(" hidden>")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", html)


def test_safety_stands_above_the_verdict(house: House) -> None:
    """A risk to somebody's life moves the panel up and marks it; other cases stay as they are."""
    number = house.add()
    browser = house.logged_in("reviewer")
    page = browser.get(f"/cases/{number}").text
    assert '<div class="case">' in page
    assert "安全第一" not in page
    opinion = Opinion(signals={"self_harm": True}, reason="漏看了")
    house.verdicts.give(number, house.actor("second"), opinion)
    page = browser.get(f"/cases/{number}").text
    assert '<div class="case urgent">' in page
    for shown in ("安全第一", "12356", "依据：风险信号 自伤", "（按复核结论）"):
        assert shown in page, shown


def test_every_source_has_a_name(house: House) -> None:
    """Categories of the playbook, doubt and priorities are told in words, not as codes."""
    number = house.add("?")  # not judged
    page = house.logged_in("viewer").get(f"/cases/{number}").text
    assert "依据：情绪 平静、通用答复、把握不足。" in page
