from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from service.keys import create_key
from service.tables import Scope
from service.weekly.render import render_file
from tests.service.client import error_of
from tests.service.insight.conftest import Stream
from tests.service.pages.conftest import House
from tests.service.test_openapi import errors_of
from tests.service.weekly.conftest import SHANGHAI, World
from tests.service.weekly.test_report import angry_week

TABLES = ("levels", "categories", "series", "surges", "words", "pain", "done", "aims", "teams",
          "steps")  # fmt: skip


@dataclass
class Site:
    """The application with a world of which the last whole week is the angry one."""

    house: House
    world: World

    @property
    def code(self) -> str:
        """The last whole week."""
        year, number, _ = self.world.monday.isocalendar()
        return f"{year}-W{number:02d}"


@pytest.fixture
def site(house: House) -> Site:
    """The angry week."""
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday() + 7)
    world = World(Stream(house.service.database), monday, now)
    angry_week(world)
    return Site(house, world)


def test_the_page_shows_every_part(site: Site) -> None:
    """With links to cases and pages, to the weeks around it, and its charts as tables."""
    browser = site.house.logged_in("reviewer")
    page = browser.get("/insight/weekly").text
    for shown in ("本周要点", "什么变多了", "什么最伤人", "做了什么", "客户", "下一步", "怎么算的",
                  site.code, "高于平常范围", 'role="img"', "<caption", "未达标",
                  f'href="/insight/weekly.html?week={site.code}"', "…</bdi>"):  # fmt: skip
        assert shown in page, shown
    assert re.search(r'href="/cases/\d+">#\d+</a>', page)
    assert "style=" not in page
    assert "<style" not in page
    assert 'href="/insight/weekly"' in browser.get("/insight").text
    sources = set(re.findall(r'<small><a href="([^"]+)">查看', page))
    assert len(sources) >= 3
    for address in sources:
        assert browser.client.get(html.unescape(address)).status_code == 200, address
    (after,) = re.findall(r'href="(/insight/weekly\?week=[^"]+)" rel="next"', page)
    running = browser.get(after).text
    assert "未满一周" in running
    assert 'rel="next"' not in running


def test_a_week_without_cases_is_a_page_too(site: Site) -> None:
    """It says so."""
    page = site.house.logged_in("reviewer").get("/insight/weekly", week="2020-W05")
    assert page.status_code == 200
    assert "没有案例进入队列" in page.text
    assert "什么变多了" not in page.text


def test_it_is_for_reviewers(site: Site) -> None:
    """Page and files; strangers log in first."""
    viewer, stranger = site.house.logged_in("viewer"), site.house.browser()
    for path in ("/insight/weekly", "/insight/weekly.html", "/insight/weekly.pdf",
                 "/insight/weekly/done.csv"):  # fmt: skip
        assert viewer.get(path).status_code == 403
        assert stranger.get(path).status_code == 303


def test_a_wrong_week_is_refused(site: Site) -> None:
    """With the value and what is allowed, on the page and over the API."""
    browser = site.house.logged_in("reviewer")
    key = create_key(site.house.service.database, "q", [Scope.CASES])
    client, headers = site.house.service.client, {"Authorization": f"Bearer {key}"}
    for query in ({"week": "2026-W60"}, {"week": "9000-W01"}, {"days": 7}):
        page = browser.get("/insight/weekly", **query)
        assert page.status_code == 422
        assert str(query.get("week", "可用的有")) in page.text
        refused = client.get("/v1/insight/weekly", headers=headers, query_string=query)
        assert (refused.status_code, error_of(refused)["field"]) == (422, next(iter(query)))


def test_the_file_needs_nothing_beside_it(site: Site) -> None:
    """No address, no script, no link; a policy that allows its own style sheet alone."""
    reply = site.house.logged_in("reviewer").get("/insight/weekly.html")
    name = f'attachment; filename="weekly-{site.code}.html"'
    assert reply.headers["Content-Disposition"] == name
    text = reply.text
    assert text.startswith('<!doctype html>\n<html lang="zh-CN"')
    for foreign in ("://", "<script", "<link", " src=", "@import", " style=", "href="):
        assert foreign not in text, foreign
    assert not re.search(r" on\w+=", text)
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    (css,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;"
    assert f'http-equiv="Content-Security-Policy" content="{policy}' in text
    assert re.search(r"#\d+", text)  # cases by their number
    assert text.index("本周要点") < text.index("下一步")


def test_names_are_text_in_the_file(world: World) -> None:
    """Markup in a channel or a complaint does nothing."""
    world.past(*[1] * 5, channel="app")
    world.add(9, channel="<b>x</b>", level=5, text="<img src=x onerror=alert(1)>")
    text = render_file(world.report())
    assert "<b>x</b>" not in text
    assert "<img" not in text
    assert "&lt;img" in text


def test_every_table_is_a_csv(site: Site) -> None:
    """With as many cells in each row as in the head; another one is not found."""
    browser = site.house.logged_in("reviewer")
    for slug in TABLES:
        reply = browser.get(f"/insight/weekly/{slug}.csv", week=site.code)
        name = f'attachment; filename="weekly-{slug}-{site.code}.csv"'
        assert reply.headers["Content-Disposition"] == name
        head, *rows = csv.reader(io.StringIO(reply.get_data().decode("utf-8-sig")))
        assert {len(row) for row in rows} <= {len(head)}
        assert bool(rows) is (slug not in {"surges", "words"}), slug
    assert browser.get("/insight/weekly/nothing.csv").status_code == 404


def test_the_api_says_the_same(site: Site) -> None:
    """As the published schema has it, to keys of the scope cases only."""
    service = site.house.service
    headers = {"Authorization": f"Bearer {create_key(service.database, 'q', [Scope.CASES])}"}
    for query in ({}, {"week": site.code, "utc_offset_hours": 8, "actor": "li"}):
        reply = service.client.get("/v1/insight/weekly", headers=headers, query_string=query)
        found = reply.get_json()
        assert errors_of("WeeklyReply", found) == []
        assert (found["week"], found["whole"]["weeks"]) == (site.code, [6, 6, 6, 6, 15])
        assert found["done"]["overdue_now"] > 0
    assert errors_of(
        "WeeklyReply",
        service.client.get("/v1/insight/weekly?week=2020-W05", headers=headers).get_json(),
    ) == []  # fmt: skip
    wrong = {"Authorization": f"Bearer {service.key}"}
    assert service.client.get("/v1/insight/weekly", headers=wrong).status_code == 403
