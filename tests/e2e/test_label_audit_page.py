"""The page of doubtful labels in a real browser: choose, keep, download, come back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from training.label_audit import Audit, Doubted, View, key_of
from training.label_audit_page import write_page
from training.label_fixes import read_fixes

TEXTS = ("退款没到", "快递丢了")
_RELOADS = 10


def page_of(folder: Path) -> Path:
    """A page with two doubted rows; the second in category and level."""
    category = View("category", "refund", "delivery", (("delivery", 0.9),), 0.8, spans=((0, 2),))
    level = View("intensity", "1", "4", (("4", 0.7),), 0.6, 2.4)
    rows = (
        Doubted(key_of(TEXTS[0]), "=1", "a.csv", TEXTS[0], "refund", 1, (category,)),
        Doubted(key_of(TEXTS[1]), "r2", "a.csv", TEXTS[1], "refund", 1, (category, level)),
    )
    names = {"refund": "退款", "delivery": "物流"}
    path = folder / "page.html"
    audit = Audit(9, rows, 0, names, {1: "平静", 4: "愤怒"})
    write_page(audit, path, number=9, made_at="2026-11-23 01:00:00 UTC")
    return path


def opened(browser: Browser, path: Path) -> Page:
    """The page in a fresh browser window; errors in scripts fail the test."""
    page = browser.new_context(accept_downloads=True).new_page()

    def fail(error: object) -> None:
        raise AssertionError(error)

    page.on("pageerror", fail)
    page.goto(path.as_uri())
    return page


def test_fixes_are_downloaded_as_apply_reads_them(browser: Browser, tmp_path: Path) -> None:
    """Without a name nothing is saved; with one each chosen label is a row, and none a formula."""
    page = opened(browser, page_of(tmp_path))
    selects = page.locator("select[data-field]")
    selects.nth(0).select_option("delivery")
    selects.nth(2).select_option("1")
    page.locator(".why").nth(0).fill('写的是"快递"，不是退款')
    page.locator(".why").nth(0).blur()
    assert page.locator("#count").inner_text() == "已处理 1 / 2 条，更正 1 处"
    page.locator("#save").click()
    assert page.locator("#count").inner_text() == "请先填写复查人"
    page.locator("#who").fill("安娜")
    with page.expect_download() as waiting:
        page.locator("#save").click()
    target = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(target)
    assert "'=1" in target.read_text(encoding="utf-8-sig")
    first, second = read_fixes(target)
    assert (first.key, first.id, first.before, first.after) == (
        key_of(TEXTS[0]), "=1", "refund", "delivery",
    )  # fmt: skip
    assert (first.who, first.why) == ("安娜", '写的是"快递"，不是退款')
    assert first.when.endswith("Z")
    assert (second.field, second.before, second.after) == ("intensity", "1", "1")


def test_what_was_chosen_is_still_there_after_reloading(browser: Browser, tmp_path: Path) -> None:
    """Nobody loses an hour of work; the filter shows what is left."""
    page = opened(browser, page_of(tmp_path))
    chosen = page.locator("select[data-field]").nth(0)
    chosen.select_option("delivery")
    for _ in range(_RELOADS):  # a busy browser hands a file's storage to its next process late
        page.reload()
        if chosen.input_value() == "delivery":
            break
        page.wait_for_timeout(200)
    assert chosen.input_value() == "delivery"
    page.locator("#only").select_option("open")
    assert [card.is_visible() for card in page.locator(".card").all()] == [False, True]
    page.locator("#only").select_option("intensity")
    assert [card.is_visible() for card in page.locator(".card").all()] == [False, True]
