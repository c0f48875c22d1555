"""The suggested reply in a real browser: copied by a click, selectable without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import PASSWORD, Site


def _case(page: Page, site: Site) -> None:
    """Logs in and opens the first case of the queue."""
    page.goto(f"{site.address}/login")
    page.get_by_label("用户名").fill("王敏")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases")
    page.click(".row-link >> nth=0")
    page.wait_for_selector("#opening")


def test_a_click_copies_the_opening(site: Site, browser: Browser) -> None:
    """The clipboard then holds the words of the page, and the page says so."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    _case(page, site)
    page.click("[data-copy]")
    page.wait_for_selector("[data-copied]:has-text('已复制')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.inner_text("#opening")
    context.close()


def test_without_the_permission_the_words_are_selected(site: Site, browser: Browser) -> None:
    """Where a browser lets no page write to the clipboard, a key copies what is selected."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    _case(page, site)
    page.click("[data-copy]")
    page.wait_for_selector("[data-copied]:has-text('已选中')")
    assert page.evaluate("String(getSelection())") == page.inner_text("#opening")
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_without_scripts_the_words_are_there(site: Site, browser: Browser, width: int) -> None:
    """No button, the whole text, and nothing wider than the window of a phone."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    _case(page, site)
    assert not page.is_visible("[data-copy]")
    assert page.is_visible(".area-answer noscript .hint")
    assert len(page.inner_text("#opening")) > 20
    box = page.locator(".area-answer").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    context.close()
