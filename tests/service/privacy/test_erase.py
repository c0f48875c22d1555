from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from service import audit
from service.__main__ import main
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.audit_log import AuditQuery, list_entries
from service.cases.tables import CaseVolume
from service.insight.tables import Issue, Surge
from service.outbox.tables import OutboxEvent
from service.privacy.customer import customer_hash
from service.secret import load_secret
from tests.service.cases.conftest import person
from tests.service.privacy.conftest import Home

PLANTED = "碧梧栖老凤凰枝"
OTHERS = "江碧鸟逾白山青花欲燃"


def plant(home: Home) -> list[int]:
    """Two cases of one customer with texts wherever texts go, and one of somebody else."""
    own = {"customer": {"id": "客户-7731"}, "id": "TS-碧梧"}
    first = home.queue.add(f"{PLANTED}，我要举报", **own)
    message = {"role": "customer", "text": f"{PLANTED}，我要举报"}
    agent = {"role": "agent", "text": f"您说{PLANTED}"}
    reply = home.queue.service.classify({"messages": [message, agent], **own}).get_json()
    second = int(reply["case_id"])
    home.queue.add(f"{OTHERS}，我要举报", customer={"id": "C2"})
    home.queue.desk.note(first, person("a"), f"客户说{PLANTED}")
    given = home.queue.post(f"/{first}/verdict", priority="P0", reason=f"他说{PLANTED}")
    assert given.status_code == 200, given.get_json()
    assert home.queue.post(f"/{second}/feedback", csat=1).status_code == 200
    return [first, second]


def issue(cases: list[int]) -> Issue:
    """An issue with words of the planted text."""
    now = datetime.now(UTC)
    return Issue(
        category="service", name=f"{PLANTED} · 坏", team="care", found_at=now, built_at=now,
        is_current=True, cases=9, daily=[9], levels={}, words=[PLANTED], terms={PLANTED: 1.0},
        case_ids=[*cases, 3],
    )  # fmt: skip


def surge(cases: list[int]) -> Surge:
    """A surge with such words."""
    now = datetime.now(UTC)
    return Surge(
        kind="category", code="service", detected_at=now, last_alarm_at=now, ended_at=None,
        window_hours=24, seen=9, expected=1.0, ratio=2.0, also=[], words=[PLANTED],
        case_ids=[*cases, 3],
    )  # fmt: skip


def test_nothing_of_a_customer_is_left(home: Home) -> None:
    """Rows, search index and database files are searched for what was planted; others stay."""
    cases = plant(home)
    with home.database.session() as session:
        session.add_all([issue(cases), surge(cases)])
        session.commit()
        volumes = session.scalar(select(func.sum(CaseVolume.cases)))
    assert {"case_contents", "case_notes", "verdicts", "issues"} <= set(home.holds(PLANTED))

    done = home.admin("/v1/customers/erase", customer_id="客户-7731", actor="dpo")
    assert done["rows"] == {
        "case_contents": 2, "case_notes": 1, "case_ratings": 1, "case_terms": 2, "cases": 2,
        "contacts": 2, "issues": 1, "outbox_events": 4, "verdicts": 1,
    }  # fmt: skip
    assert home.holds(PLANTED) == []
    assert home.holds("TS-碧梧") == []
    assert home.queue.ids() == [3]
    assert home.queue.ids(q=OTHERS[:4]) == [3]
    assert home.queue.ids(q=PLANTED[:4]) == []
    with home.database.session() as session:
        assert session.scalar(select(func.sum(CaseVolume.cases))) == volumes
        assert session.scalars(select(Surge)).one().case_ids == [3]


def test_the_proof_names_nobody_and_the_chain_holds(home: Home) -> None:
    """The audit log has what, when and by whom; it verifies, and numbers are not used again."""
    plant(home)
    done = home.admin("/v1/customers/erase", customer_id="客户-7731", actor="dpo")
    page = list_entries(home.database, AuditQuery(subject=str(done["erasure_id"])))
    last = page.entries[0]
    assert last.action == "erasure_done"
    assert last.actor.endswith("/dpo")
    assert '"cases":2' in last.after
    shown = "".join(entry.before + entry.after + entry.subject for entry in page.entries)
    assert "7731" not in shown
    assert audit.verify(home.database, load_secret(home.settings.home)).broken is None
    home.admin("/v1/customers/erase", customer_id="C2")
    assert home.queue.add() == 4


def test_a_customer_whom_nobody_knows_leaves_a_proof_too(home: Home) -> None:
    """That there was nothing is an answer as well."""
    home.queue.add()
    assert home.admin("/v1/customers/erase", customer_id="nobody")["rows"] == {}
    assert home.queue.ids() == [1]


def test_tickets_of_other_systems_go_too(home: Home) -> None:
    """A ticket that the customer wrote goes with messages that became no case, and their events."""
    own = customer_hash(load_secret(home.settings.home), "desk:7731")
    now = datetime.now(UTC)
    with home.database.session() as session:
        for number, whose in ((1, own), (2, None)):
            about = {"priority": 0, "messages": 1, "created_at": now}
            session.add(AdapterTicket(id=number, adapter="desk", ticket=f"T{number}",
                                      customer_hash=whose, **about))  # fmt: skip
            session.flush()
            text = PLANTED if whose else OTHERS
            found = {"evidence": [{"text": text}]}
            session.add(AdapterMessage(ticket_id=number, message="1", text_hash=b"", at=now,
                                       is_first=True, priority=0, case_id=None,
                                       findings=found))  # fmt: skip
            told = {"data": {"ticket": {"ticket_id": f"T{number}"}}}
            session.add(OutboxEvent(id=f"evt_{number}", type="ticket.triaged", case_id=None, at=now,
                                    payload=told, addressee="desk", order_key=-number,
                                    is_routed=True))  # fmt: skip
        session.commit()
    done = home.admin("/v1/customers/erase", customer_id="desk:7731")
    assert done["rows"] == {"adapter_messages": 1, "adapter_tickets": 1, "outbox_events": 1}
    assert home.holds(PLANTED) == []
    assert "adapter_messages" in home.holds(OTHERS)


def test_other_keys_may_not(home: Home) -> None:
    """The scope cases is not enough, and an empty id is refused."""
    service = home.queue.service
    headers = {"Authorization": f"Bearer {home.queue.key}"}
    for path in ("/v1/customers/erase", "/v1/customers/export"):
        sent = {"customer_id": "C1"}
        assert service.client.post(path, headers=headers, json=sent).status_code == 403
    headers = {"Authorization": f"Bearer {home.admin_key}"}
    refused = service.client.post("/v1/customers/erase", headers=headers, json={"customer_id": ""})
    assert refused.status_code == 422


def test_the_command_reads_the_id_from_its_input(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From standard input or a file, never from an argument."""
    plant(home)
    monkeypatch.setenv("TRIAGE_HOME", str(home.settings.home))
    monkeypatch.setenv("TRIAGE_DATABASE_URL", home.settings.database_url)
    run = CliRunner().invoke(main, ["erase-customer"], input="客户-7731\n")
    assert run.exit_code == 0, run.output
    assert "2 cases" in run.output
    assert run.output.splitlines()[-1].startswith("erasure:")
    file = tmp_path / "id.txt"
    file.write_text("C2", encoding="utf-8")
    run = CliRunner().invoke(main, ["erase-customer", "--id-file", str(file), "--json"])
    assert '"cases":1' in run.output
    assert "7731" not in run.output
    run = CliRunner().invoke(main, ["erase-customer"], input="\n")
    assert run.exit_code == 1
    assert "1-128 are needed" in run.output
    assert audit.verify(home.database, load_secret(home.settings.home)).broken is None
