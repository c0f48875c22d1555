"""A morning at the queue in a real browser: by keyboard, two who disagree, one who settles."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select

from service.cases.tables import CaseContent
from service.db import Database
from service.settings import read_settings
from tests.e2e.conftest import PASSWORD, Site

LOOKS = {
    "desktop-light": {"color_scheme": "light", "viewport": {"width": 1360, "height": 900}},
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
CASES_BY_KEYBOARD = 5


class Person:
    """Somebody at a browser of their own; what the console complains of is kept."""

    def __init__(
        self, browser: Browser, site: Site, name: str, look: str = "desktop-light"
    ) -> None:
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", **LOOKS[look]
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.site = site
        self.go("/login")
        self.page.get_by_label("用户名").fill(name)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/cases")

    def _hear(self, message: object) -> None:
        if getattr(message, "type", "") in {"error", "warning"}:
            self.complaints.append(str(getattr(message, "text", message)))

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.site.address + path)

    def press(self, key: str, done: str) -> None:
        """Press a key that changes the case, and wait until the page tells so."""
        self.page.keyboard.press(key)
        self.page.wait_for_selector(f"body[data-done={done}]")

    def leave(self) -> None:
        """Close the browser; nothing may have gone wrong in it."""
        self.context.close()
        assert self.complaints == []


def _case_number(page: Page) -> int:
    return int(page.locator("body").get_attribute("data-case") or 0)


def _work_five(reviewer: Person) -> int:
    """Claim, answer, judge and resolve five cases without the mouse; the third is corrected."""
    page, corrected = reviewer.page, 0
    reviewer.go("/cases?state=new")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-page=case]")
    for turn in range(CASES_BY_KEYBOARD):
        number = _case_number(page)
        reviewer.press("c", "claim")
        reviewer.press("r", "respond")
        if turn == 2:
            corrected = number
            page.keyboard.press("e")
            _choose_other(page, "level")
            page.locator("#reason").fill("客户没有发怒，只是着急，手机13800001111")
            reviewer.press("Control+Enter", "correct")
        else:
            reviewer.press("y", "confirm")
        page.keyboard.press("d")
        reviewer.press("Enter", "resolve")
        page.keyboard.press("Enter")  # the next one has the focus
        page.wait_for_function(f"document.body.dataset.case !== '{number}'")
    return corrected


def _choose_other(page: Page, name: str) -> None:
    """Pick another value of a select in the form of a correction."""
    select = page.locator(f"#correct select[name={name}]")
    now = select.input_value()
    others = [
        o for o in select.locator("option").evaluate_all("all => all.map(o => o.value)") if o != now
    ]
    select.select_option(others[0])


def test_a_morning_at_the_queue(site: Site, browser: Browser, tmp_path: Path) -> None:
    """Five cases by keyboard; one is corrected, disputed, settled, and exported for training."""
    reviewer = Person(browser, site, "王敏")
    number = _work_five(reviewer)
    reviewer.leave()

    second = Person(browser, site, "李强")
    second.go(f"/cases/{number}")
    second.page.keyboard.press("e")
    _choose_other(second.page, "category")
    second.page.locator("#reason").fill("说的其实是另一件事")
    second.press("Control+Enter", "correct")
    assert "有分歧" in second.page.locator("#verdict").inner_text()
    second.leave()

    judge = Person(browser, site, "赵云")
    judge.go("/cases?verdict=disputed&state=all&sort=newest")
    judge.go(f"/cases/{number}")
    judge.page.get_by_role("button", name="采纳这个结论").first.click()
    judge.page.wait_for_selector("body[data-done=correct]")
    assert "已定论" in judge.page.locator("#verdict").inner_text()
    judge.leave()

    site.run("export-feedback", "--out", str(tmp_path / "feedback"))
    lines = [
        json.loads(line)
        for file in (tmp_path / "feedback").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    own = [line for line in lines if line["case_id"] == number]
    assert [line["kind"] for line in own] == ["review", "second_review", "adjudication"]
    assert own[-1]["is_settled"]
    assert "13800001111" not in json.dumps(lines)
    assert site.run("verify-audit").startswith("OK")


def test_a_form_that_came_too_late_keeps_what_was_typed(site: Site, browser: Browser) -> None:
    """Two people on one case: the second sees what the first did, and loses no word."""
    first, second = Person(browser, site, "王敏"), Person(browser, site, "李强")
    first.go("/cases?state=new&sort=oldest")
    first.page.locator(".row-link").first.click()
    number = _case_number(first.page)
    second.go(f"/cases/{number}")
    second.page.keyboard.press("n")
    second.page.keyboard.type("打过电话，没有人接")
    first.press("c", "claim")
    with second.page.expect_navigation():
        second.page.keyboard.press("Control+Enter")
    assert "王敏" in second.page.get_by_role("alert").inner_text()
    assert second.page.locator("#note").input_value() == "打过电话，没有人接"
    with second.page.expect_navigation():
        second.page.get_by_role("button", name="保存备注").click()
    assert "打过电话，没有人接" in second.page.locator(".note-text").first.inner_text()
    second.complaints = [c for c in second.complaints if "409" not in c]  # Chromium logs the status
    first.leave()
    second.leave()


def test_what_was_typed_survives_leaving_the_page(site: Site, browser: Browser) -> None:
    """A draft comes back with the page, and goes when it is saved."""
    person = Person(browser, site, "王敏")
    person.go("/cases?state=new")
    person.page.locator(".row-link").first.click()
    address = person.page.url
    person.page.locator("#note").fill("写到一半")
    person.go("/cases")
    person.page.goto(address)
    assert person.page.locator("#note").input_value() == "写到一半"
    person.page.get_by_role("button", name="保存备注").click()
    person.page.wait_for_selector("body[data-done=note]")
    assert person.page.locator("#note").input_value() == ""
    person.leave()


def test_keys_do_nothing_while_somebody_types(site: Site, browser: Browser) -> None:
    """A note with the letters of all keys in it stays a note; `?` opens the sheet elsewhere."""
    person = Person(browser, site, "王敏")
    person.go("/cases?state=new")
    person.page.locator(".row-link").first.click()
    address = person.page.url
    person.page.locator("#note").press_sequentially("cyernsdjk?/gq")
    assert person.page.url == address
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("Control+c")
    assert person.page.url == address
    person.page.keyboard.press("?")
    assert person.page.locator("#keys-sheet").is_visible()
    person.page.keyboard.press("?")
    assert not person.page.locator("#keys-sheet").is_visible()
    person.page.keyboard.press("g")
    person.page.keyboard.press("q")
    person.page.wait_for_url("**/cases")
    person.leave()


@pytest.mark.parametrize("look", ["desktop-light", "phone-dark"])
def test_every_page_meets_wcag_aa(site: Site, browser: Browser, pictures: Path, look: str) -> None:
    """Axe finds nothing serious on any page, light, dark and on a phone; pictures are taken."""
    person = Person(browser, site, "admin", look)
    person.go("/cases?priority=P0&state=all")
    case = person.page.locator(".row-link").first.get_attribute("href") or "/cases/1"
    pages = {"queue": "/cases", "queue-filtered": "/cases?priority=P0&state=all&q=退",
             "case": case, "help": "/help"}  # fmt: skip
    pages |= {"statistics": "/statistics", "year": "/statistics?days=366", "account": "/account",
              "users": "/admin", "user": "/admin/users/1", "keys": "/admin/keys",
              "audit": "/admin/audit?verify=1", "insight": "/insight", "quality": "/quality",
              "callbacks": "/callbacks", "conversation": _conversation(site),
              "weekly": "/insight/weekly"}  # fmt: skip
    found = []
    for name, path in pages.items():
        person.go(path)
        person.page.screenshot(path=pictures / f"{name}-{look}.png", full_page=name != "queue")
        wide = person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} scrolls sideways"
        person.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        found += _violations(person.page, name)
    assert found == []
    person.leave()


def _conversation(site: Site) -> str:
    """The page of a case that is a conversation."""
    with closing(Database(read_settings(site.environment).database_url)) as database:
        is_one = CaseContent.dialogue.is_not(None)
        with database.session() as session:
            return f"/cases/{session.scalars(select(CaseContent.case_id).where(is_one)).first()}"


def _violations(page: Page, name: str) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{name}: {one['id']} {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
