from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from classifier.errors import SettingsError
from service import audit
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.audit_log import AuditQuery, list_entries
from service.cases.tables import Case, CaseTime, CaseVolume, Contact
from service.outbox.tables import OutboxEvent
from service.privacy import purge as purging
from service.privacy.days import RetentionDays, read_days
from service.privacy.nightly import NightlyPurge
from service.privacy.purge import purge
from service.secret import load_secret
from tests.service.privacy.conftest import Home

PLANTED = "碧梧栖老凤凰枝"
NOW = datetime.now(UTC)


def test_closed_cases_go_after_their_days(home: Home) -> None:
    """Old closed ones with all their text; open and younger ones stay, and so do the sums."""
    for days_ago in (800, 10):
        home.close(home.queue.add(f"{PLANTED}{days_ago}"), days_ago=days_ago, note=PLANTED)
    home.queue.add("还没有处理，我要举报")
    sums = _sums(home)
    days = RetentionDays(cases=730)
    assert purge(home.database, days, home.trail, NOW, dry_run=True)["cases"] == 1
    assert len(home.queue.ids(state=["new", "resolved"])) == 3
    done = purge(home.database, days, home.trail, NOW)
    assert {name: done[name] for name in ("cases", "case_contents", "case_notes")} == {
        "cases": 1, "case_contents": 1, "case_notes": 1,
    }  # fmt: skip
    assert home.queue.ids(state=["new", "resolved"]) == [3, 2]
    assert home.holds(f"{PLANTED}800") == []
    assert _sums(home) == sums
    assert purge(home.database, days, home.trail, NOW) == {}


def test_texts_may_go_before_their_cases(home: Home) -> None:
    """The case stays with what was decided; text, words, notes and reasons are gone."""
    case = home.queue.add(f"{PLANTED}，我要举报")
    home.queue.post(f"/{case}/verdict", priority="P0", reason=f"他说{PLANTED}")
    home.close(case, days_ago=40, note=f"他说{PLANTED}")
    done = purge(home.database, RetentionDays(texts=30), home.trail, NOW)
    assert done["texts"] == 1
    assert home.holds(PLANTED) == []
    file = home.queue.get(f"/{case}").get_json()
    assert file["text"] == ""
    assert "没有保存" in file["text_note"]
    assert file["signals"] == ["regulator"]
    assert file["prediction"]["evidence"] == []
    assert purge(home.database, RetentionDays(texts=30), home.trail, NOW) == {}


def test_each_kind_has_its_days(home: Home) -> None:
    """Contacts, tickets and events; what is still to be delivered stays."""
    home.queue.add(customer={"id": "C1"})
    with home.database.session() as session:
        old = NOW - timedelta(days=100)
        ticket = AdapterTicket(adapter="a", ticket="7", priority=0, messages=1, created_at=old)
        session.add(ticket)
        session.flush()
        about = {"ticket_id": ticket.id, "text_hash": b"", "is_first": True, "priority": 0}
        session.add(AdapterMessage(message="1", at=old, case_id=None, findings={}, **about))
        session.execute(update(Contact).values(at=old))
        session.execute(update(OutboxEvent).values(at=old, is_routed=True))
        session.commit()
    days = RetentionDays(contacts=90, tickets=90, events=90)
    assert purge(home.database, days, home.trail, NOW) == {
        "contacts": 1, "adapter_tickets": 1, "adapter_messages": 1, "outbox_events": 1,
    }  # fmt: skip


def test_without_limits_nothing_goes(home: Home) -> None:
    """An upgrade deletes nothing by itself."""
    home.close(home.queue.add(), days_ago=9000)
    assert purge(home.database, RetentionDays(), home.trail, NOW) == {}
    assert home.queue.ids(state="resolved") == [1]


def test_every_batch_is_in_the_audit_log(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small transactions, each with its entry; the chain holds."""
    monkeypatch.setattr(purging, "BATCH", 2)
    for _ in range(5):
        home.close(home.queue.add(), days_ago=100)
    purge(home.database, RetentionDays(cases=90), home.trail, NOW)
    entries = list_entries(home.database, AuditQuery(action="purge")).entries
    assert [one.subject for one in entries] == ["retention:cases"] * 3
    assert '"cases":2' in entries[-1].after
    assert audit.verify(home.database, load_secret(home.settings.home)).broken is None


def test_complaints_come_in_meanwhile(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is stored, and none waits for more than a batch."""
    monkeypatch.setattr(purging, "BATCH", 5)
    for _ in range(40):
        home.close(home.queue.add(), days_ago=100)
    days = RetentionDays(cases=90)
    thread = threading.Thread(target=purge, args=(home.database, days, home.trail, NOW))
    thread.start()
    slowest, made = 0.0, []
    while thread.is_alive() and len(made) < 200:  # as many as one page shows
        begin = time.monotonic()
        made.append(home.queue.add())
        slowest = max(slowest, time.monotonic() - begin)
    thread.join()
    assert made
    assert home.queue.ids(limit=200) == made
    assert slowest < 2.0


def test_settings_name_what_is_wrong() -> None:
    """Unknown kinds, kinds twice, and days that statistics would miss."""
    assert read_days("cases=730, texts=30").shown() == "texts=30 cases=730"
    for value in ("case=3", "cases", "cases=90 cases=91", "cases=-1", "cases=５"):
        with pytest.raises(SettingsError, match="allowed are texts, cases"):
            read_days(value)
    with pytest.raises(SettingsError, match=r"cases=30.*90-36500"):
        read_days("cases=30")


def test_it_runs_each_night_if_there_are_limits() -> None:
    """And not in an installation that keeps everything."""
    started = []

    class Done:
        """A purge that has ended."""

        def poll(self) -> int:
            """Well."""
            return 0

    def start() -> Done:
        started.append(1)
        return Done()

    now = [NOW]
    part = NightlyPurge(RetentionDays(cases=90), clock=lambda: now[0], start=start)
    NightlyPurge(RetentionDays(), clock=lambda: now[0], start=start).check()
    for _ in range(48):
        part.check()
        now[0] += timedelta(hours=1)
    assert len(started) in {2, 3}


def _sums(home: Home) -> tuple[object, object]:
    with home.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Case)) is not None
        return (
            session.scalar(select(func.sum(CaseVolume.cases))),
            session.scalar(select(func.sum(CaseTime.cases))),
        )
