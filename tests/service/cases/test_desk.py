from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service import audit
from service.cases.faults import (
    CaseConflictError,
    CaseError,
    CaseFieldError,
    CaseForbiddenError,
    CaseNotFoundError,
    CaseRefusedError,
)
from service.cases.file import get_case
from service.cases.states import State
from service.cases.tables import Note
from service.tables import Role
from tests.conftest import ROOT
from tests.service.cases.conftest import Queue, person

ANNA, BERND = person("anna"), person("bernd")
CHIEF = person("chief", Role.ADJUDICATOR)
VIEWER = person("viewer", Role.VIEWER)


def test_a_case_goes_its_way(queue: Queue) -> None:
    """New, claimed, answered, resolved, reopened: each step counts the version up."""
    number, desk = queue.add(), queue.desk
    assert desk.claim(number, ANNA).owner == ANNA.id
    answered = desk.respond(number, ANNA, version=2)
    assert answered.first_response_at is not None
    assert answered.response_seconds is not None
    resolved = desk.resolve(number, ANNA, version=3, note="已退款，电话13800001111")
    assert (resolved.state, resolved.is_open, resolved.version) == (State.RESOLVED, False, 4)
    assert resolved.first_response_at == answered.first_response_at
    opened = desk.reopen(number, BERND)
    assert (opened.state, opened.owner, opened.resolved_at) == (State.NEW, None, None)
    assert [note.text for note in get_case(desk.database, number).notes] == ["已退款，电话[手机]"]


def test_resolving_counts_as_the_first_response_and_dismissing_does_not(queue: Queue) -> None:
    """A customer whose matter was dismissed was not answered."""
    first, second = queue.add(), queue.add()
    for number in (first, second):
        queue.desk.claim(number, ANNA)
    assert queue.desk.resolve(first, ANNA).first_response_at is not None
    assert queue.desk.dismiss(second, ANNA).first_response_at is None


@pytest.mark.parametrize("action", ["release", "resolve", "dismiss", "reopen"])
def test_a_new_case_must_be_claimed_first(queue: Queue, action: str) -> None:
    """The refusal names the state and leaves the case as it was."""
    number = queue.add()
    with pytest.raises(CaseRefusedError, match="待认领") as caught:
        getattr(queue.desk, action)(number, ANNA)
    assert caught.value.code == "case_state"
    assert get_case(queue.desk.database, number).case.version == 1


def test_only_the_owner_or_an_adjudicator_works_on_a_claimed_case(queue: Queue) -> None:
    """A colleague may not close or take over a case; an adjudicator may."""
    number = queue.add()
    queue.desk.claim(number, ANNA)
    for action in ("release", "resolve", "dismiss"):
        with pytest.raises(CaseForbiddenError, match="adjudicator"):
            getattr(queue.desk, action)(number, BERND)
    assert queue.desk.assign(number, CHIEF, BERND.id).owner == BERND.id


def test_a_viewer_changes_nothing(queue: Queue) -> None:
    """Whatever the move."""
    number = queue.add()
    for action in ("claim", "respond", "reopen"):
        with pytest.raises(CaseForbiddenError, match="reviewer"):
            getattr(queue.desk, action)(number, VIEWER)


def test_a_case_can_be_put_off_and_brought_back(queue: Queue) -> None:
    """It leaves the queue until then; the past and the far future are refused."""
    number, now = queue.add(), datetime.now(UTC)
    for until in (now - timedelta(seconds=1), now + timedelta(days=91)):
        with pytest.raises(CaseFieldError, match="90"):
            queue.desk.snooze(number, ANNA, until)
    queue.desk.snooze(number, ANNA, now + timedelta(days=1))
    assert (queue.ids(), queue.ids(snoozed="only")) == ([], [number])
    queue.desk.snooze(number, ANNA, None)
    assert queue.ids() == [number]


@pytest.mark.parametrize("text", ["", "  ", "长" * 4001])
def test_a_note_has_a_length(queue: Queue, text: str) -> None:
    """An empty or overlong note changes nothing."""
    number = queue.add()
    with pytest.raises(CaseFieldError):
        queue.desk.note(number, ANNA, text)
    assert get_case(queue.desk.database, number).case.version == 1


@pytest.mark.parametrize("number", [0, -1, 999, 2**63, 10**30])
def test_an_unknown_case_is_not_found(queue: Queue, number: int) -> None:
    """Numbers that no database can hold, too."""
    with pytest.raises(CaseNotFoundError):
        queue.desk.claim(number, ANNA)
    with pytest.raises(CaseNotFoundError):
        get_case(queue.desk.database, number)


def test_a_stale_version_is_refused_and_says_what_changed(queue: Queue) -> None:
    """What others changed since is listed field by field, from then to now, with who it was."""
    number = queue.add()
    queue.desk.claim(number, ANNA)
    queue.desk.release(number, ANNA)
    queue.desk.claim(number, BERND)
    with pytest.raises(CaseConflictError, match="版本 4") as caught:
        queue.desk.note(number, ANNA, "客户已回电", version=1)
    changes = {change.field: (change.before, change.after) for change in caught.value.changes}
    assert changes["state"] == ("new", "claimed")
    assert changes["owner"] == (None, BERND.id)
    assert {change.actor for change in caught.value.changes} == {BERND.id}
    assert get_case(queue.desk.database, number).notes == ()


def test_of_many_threads_exactly_one_claims(queue: Queue) -> None:
    """Sixteen people reach for one case; fifteen hear who was faster."""
    number = queue.add()

    def claim(place: int) -> str | CaseError:
        try:
            return queue.desk.claim(number, person(str(place)), version=1).owner or ""
        except CaseError as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(claim, range(16)))
    winners = [one for one in found if isinstance(one, str)]
    assert len(winners) == 1
    case = get_case(queue.desk.database, number).case
    assert (case.owner, case.version) == (winners[0], 2)
    losers = [one for one in found if isinstance(one, CaseConflictError)]
    assert len(losers) == 15
    assert all(change.after in {"claimed", winners[0], None} for change in losers[0].changes)


PROGRAM = """
import sys
from pathlib import Path
from classifier.policy_file import load_policy
from service.actors import Actor
from service.cases.desk import Desk
from service.cases.faults import CaseConflictError
from service.db import Database
from service.secret import load_secret
from service.tables import Role
url, home, number, name = sys.argv[1:]
desk = Desk(Database(url), load_secret(Path(home)), load_policy)
me = Actor(f"user:{name}", Role.REVIEWER, "test")
desk.database.ping()
print("ready", flush=True)
sys.stdin.readline()
won = 0
for case_id in range(int(number), int(number) + 20):
    try:
        desk.claim(case_id, me)
        won += 1
    except CaseConflictError:
        pass
print(won)
"""


def test_of_many_processes_exactly_one_claims_each_case(queue: Queue) -> None:
    """Four processes reach for twenty cases at once; each case has one owner, nothing fails."""
    items = [{"text": "服务太差了"} for _ in range(20)]
    results = queue.service.post("/v1/classify/batch", {"items": items}).get_json()["results"]
    first = min(one["case_id"] for one in results)
    arguments = [queue.service.database.url, str(queue.service.settings.home), str(first)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments, name],
            cwd=ROOT,
            env=dict(os.environ),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in "abcd"
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(won) == 20
    secret = queue.desk.secret
    assert audit.verify(queue.service.database, secret).broken is None


def test_a_change_and_its_audit_entry_stand_or_fall_together(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the log cannot be written, the case stays as it was."""
    number = queue.add()

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(RuntimeError):
        queue.desk.claim(number, ANNA)
    monkeypatch.undo()
    file = get_case(queue.desk.database, number)
    assert (file.case.state, file.case.version, len(file.history)) == (State.NEW, 1, 1)


def test_the_history_tells_who_did_what_from_where(queue: Queue) -> None:
    """Before and after of each changed field, and never the text of a note."""
    number = queue.add()
    queue.desk.claim(number, ANNA)
    queue.desk.note(number, ANNA, "客户很生气")
    entries = get_case(queue.desk.database, number).history
    assert [entry.action for entry in entries] == ["enqueue", "claim", "note"]
    assert entries[1].actor == ANNA.id
    assert entries[1].source == "127.0.0.1"
    assert json.loads(entries[1].before)["state"] == "new"
    assert json.loads(entries[1].after)["owner"] == ANNA.id
    assert all("生气" not in entry.after for entry in entries)
    with queue.desk.database.session() as session:
        assert session.scalars(select(Note)).one().text == "客户很生气"


def test_a_bulk_claim_takes_what_is_free(queue: Queue) -> None:
    """Cases that are taken or unknown say why; doubled numbers count once."""
    first, second = queue.add(), queue.add()
    queue.desk.claim(first, BERND)
    claims = queue.desk.claim_many([second, first, second, 999], ANNA)
    assert [(one.case_id, type(one.error)) for one in claims] == [
        (second, type(None)),
        (first, CaseConflictError),
        (999, CaseNotFoundError),
    ]
    with pytest.raises(CaseFieldError, match="1–200"):
        queue.desk.claim_many([], ANNA)
