from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from classifier.errors import SettingsError
from classifier.policy_file import load_policy
from service import create_app
from service.__main__ import main
from service.app import Parts
from service.cases.desk import Desk
from service.cases.feedback import feedback_lines
from service.cases.textless import without_pieces
from service.cases.verdicts import Verdicts
from service.db import Database
from service.insight.tables import EmergingWord, Issue
from service.keys import create_key
from service.metrics import Metrics
from service.predictor import Predictor
from service.privacy.rewrite import rewrite_texts
from service.privacy.text_keys import confirm
from service.secret import load_secret
from service.settings import Settings, read_settings
from service.tables import Role, Scope
from service.users import create_user
from tests.service.cases.conftest import Queue, person
from tests.service.client import Service
from tests.service.fakes import load_fake
from tests.service.pages.conftest import PASSWORD, Browser
from tests.service.privacy.conftest import KEY, OLD_KEY, Home, keeps

PLANTED = "碧梧栖老凤凰枝"
TEXT = f"{PLANTED}，我要举报"


@contextmanager
def opened(settings: Settings) -> Iterator[Home]:
    """The service over the database of a test, with other settings."""
    with closing(Database(settings.database_url, settings.keeping)) as database:
        confirm(database)
        predictor = Predictor(settings.models, load_fake, load_policy())
        app = create_app(settings, parts := Parts(settings, database, predictor, Metrics()))
        key = create_key(database, "测试", [Scope.CLASSIFY])
        service = Service(settings, parts, app.test_client(), key)
        desk = Desk(database, load_secret(settings.home), lambda: predictor.policy)
        key = create_key(database, "q", [Scope.CASES])
        queue = Queue(service, key, desk, Verdicts(desk, predictor))
        yield Home(queue, settings, create_key(database, "admin", [Scope.ADMIN]))


def fill(home: Home) -> list[int]:
    """A text, and a conversation with a note and a verdict."""
    first = home.queue.add(TEXT)
    messages = [
        {"role": "customer", "text": TEXT},
        {"role": "agent", "text": f"您说{PLANTED}"},
    ]
    reply = home.queue.service.classify({"messages": messages}).get_json()
    given = home.queue.post(f"/{first}/verdict", priority="P0", reason=f"他说{PLANTED}")
    assert given.status_code == 200
    return [first, int(reply["case_id"])]


def test_none_keeps_no_text(settings: Settings, database: Database) -> None:
    """Nothing of it is in the database; what was decided is, and everything says why."""
    database.ping()
    with opened(keeps(settings, "none")) as home:
        reply = home.queue.service.classify(
            {"text": TEXT}, headers={"Idempotency-Key": "k"}
        ).get_json()
        assert reply["evidence"][0]["text"] == PLANTED[:2]
        messages = [{"role": "customer", "text": TEXT}, {"role": "agent", "text": f"{PLANTED}吗"}]
        talk = home.queue.service.classify({"messages": messages}).get_json()["case_id"]
        file = home.queue.get(f"/{talk}").get_json()
        assert [turn["text"] for turn in file["dialogue"]["turns"]] == ["", ""]
        assert file["dialogue"]["turns"][0]["intensity"]["level"] == 4
        listed = home.queue.get(q=PLANTED).get_json()
        assert listed["items"] == []
        assert "不再保存" in listed["search_note"]
        item = home.queue.get().get_json()["items"][0]
        assert (item["signals"], item["text"]) == (["regulator"], "")
        assert "没有保存" in item["text_note"]
        home.queue.post(f"/{talk}/verdict")
        assert list(feedback_lines(home.database, load_secret(settings.home))) == []
        assert home.holds(PLANTED[:2]) == []


def test_pages_work_without_texts(settings: Settings, database: Database) -> None:
    """Queue, case, conversation and their search say that no text is kept."""
    with opened(keeps(settings, "none")) as home:
        one, talk = fill(home)
        create_user(home.database, "admin", Role.ADMIN, PASSWORD)
        site = Browser(home.queue.service.client)
        site.log_in("admin")
        assert "没有保存原文" in site.get("/cases").text
        for number in (one, talk):
            page = site.get(f"/cases/{number}").text
            assert "没有保存这条投诉的原文" in page
        assert "不再保存" in site.get(f"/cases?q={PLANTED}").text
        for path in ("/callbacks", "/insight", "/insight/weekly", "/statistics"):
            assert site.get(path).status_code == 200


def test_encrypted_texts_are_read_on_pages_only(settings: Settings, database: Database) -> None:
    """The database holds nothing readable; API and search show everything."""
    with opened(keeps(settings, "encrypted", KEY)) as home:
        first, second = fill(home)
        home.queue.desk.note(first, person("a"), f"他说{PLANTED}")
        file = home.queue.get(f"/{first}").get_json()
        assert (file["text"], file["text_note"]) == (TEXT, None)
        assert file["prediction"]["evidence"][0]["text"] == PLANTED[:2]
        assert file["notes"][0]["text"] == f"他说{PLANTED}"
        assert file["verdicts"][0]["reason"] == f"他说{PLANTED}"
        turns = home.queue.get(f"/{second}").get_json()["dialogue"]["turns"]
        assert turns[1]["text"] == f"您说{PLANTED}"
        found = home.queue.get(q=PLANTED[2:4], sort="oldest").get_json()
        assert [item["case_id"] for item in found["items"]] == [first, second]
        assert "最近 2000 条" in found["search_note"]
        assert home.queue.ids(q="没有的词") == []
        with home.database.session() as session:
            now = datetime.now(UTC)
            session.add(
                Issue(category="c", name=PLANTED, team="t", found_at=now, built_at=now,
                      is_current=True, cases=5, daily=[5], levels={}, words=[PLANTED],
                      terms={PLANTED: 1.0}, case_ids=[first])
            )  # fmt: skip
            session.add(
                EmergingWord(days=7, category="", word=PLANTED, is_compound=False, now=5, before=0,
                             now_of=9, before_of=9, z=4.0, case_ids=[first], built_at=now)
            )  # fmt: skip
            session.commit()
        assert home.holds(PLANTED) == []
        assert home.holds(PLANTED[:2]) == []
        with home.database.session() as session:
            assert session.scalars(select(Issue)).one().terms == {PLANTED: 1.0}


def test_a_key_is_replaced(settings: Settings, database: Database) -> None:
    """The new one encrypts, the old one reads; once all is stored anew the old one may go."""
    with opened(keeps(settings, "encrypted", OLD_KEY)) as home:
        fill(home)
    both = keeps(settings, "encrypted", KEY, OLD_KEY)
    with opened(both) as home:
        third = home.queue.add(TEXT)
        assert [home.queue.get(f"/{n}").get_json()["text"] for n in (1, third)] == [TEXT, TEXT]
    with pytest.raises(SettingsError, match="lacks a key"), opened(keeps(settings, "masked", KEY)):
        pass
    with opened(both) as home:
        rewrite_texts(home.database, home.trail, datetime.now(UTC))
    with opened(keeps(settings, "encrypted", KEY)) as home:
        assert home.queue.get("/1").get_json()["text"] == TEXT


def test_what_is_stored_follows_the_setting(settings: Settings, database: Database) -> None:
    """Masked to encrypted, back, and to none: search and pages go along each time."""
    with opened(settings) as home:
        fill(home)
        assert "case_contents" in home.holds(PLANTED)
    with opened(keeps(settings, "encrypted", KEY)) as home:
        assert home.queue.ids(q=PLANTED, sort="oldest") == [1, 2]
        done = rewrite_texts(home.database, home.trail, datetime.now(UTC))
        assert (done["case_contents"], done["verdicts"]) == (2, 1)
        assert home.holds(PLANTED) == []
        assert home.queue.ids(q=PLANTED, sort="oldest") == [1, 2]
    with opened(keeps(settings, "masked", KEY)) as home:
        rewrite_texts(home.database, home.trail, datetime.now(UTC))
    with opened(settings) as home:
        assert home.queue.ids(q=PLANTED, sort="oldest") == [1, 2]
        assert home.queue.get("/1").get_json()["text"] == TEXT
    with opened(keeps(settings, "none")) as home:
        rewrite_texts(home.database, home.trail, datetime.now(UTC))
        home.queue.desk.note(1, person("a"), "备注是工作人员写的")
        assert home.queue.ids(q=PLANTED) == []
        assert set(home.holds(PLANTED)) <= {"verdicts", "triage.sqlite3"}  # a reviewer's own words


def test_keys_are_asked_for_at_the_start(settings: Settings, database: Database) -> None:
    """Without the key, and with a wrong one, nothing is served."""
    with opened(keeps(settings, "encrypted", OLD_KEY)) as home:
        home.queue.add(TEXT)
    for wrong in (settings, keeps(settings, "none"), keeps(settings, "encrypted", KEY)):
        with pytest.raises(SettingsError, match="TRIAGE_TEXT_KEYS"), opened(wrong):
            pass


def test_findings_for_a_ticket_have_no_words_either() -> None:
    """What is kept for the note names signals, not where or in which words."""
    signal = {"code": "regulator", "start": 3, "end": 5, "text": PLANTED}
    found = {"evidence": [{"text": PLANTED}], "signals": [signal], "language": "zh"}
    left = {"code": "regulator", "start": 0, "end": 0, "text": ""}
    assert without_pieces(found) == {"evidence": [], "signals": [left], "language": "zh"}


def test_settings_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unknown modes, a missing key, and no key is ever shown."""
    with pytest.raises(SettingsError, match="'all', allowed: masked, none, encrypted"):
        read_settings({"TRIAGE_KEEP_TEXT": "all"})
    with pytest.raises(SettingsError, match="create-text-key"):
        read_settings({"TRIAGE_KEEP_TEXT": "encrypted"})
    with pytest.raises(SettingsError, match="key 2 of 2 is not 32 bytes") as caught:
        read_settings({"TRIAGE_TEXT_KEYS": f"{KEY},{KEY[:-6]}"})
    assert KEY[:9] not in str(caught.value)
    assert KEY not in repr(read_settings({"TRIAGE_TEXT_KEYS": KEY}))
    run = CliRunner().invoke(main, ["create-text-key"])
    made = run.output.strip()
    assert re.fullmatch(r"[\w-]{43}=", made)
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_TEXT_KEYS", made)
    monkeypatch.setenv("TRIAGE_KEEP_TEXT", "encrypted")
    assert CliRunner().invoke(main, ["apply-keep-text"]).output == "encrypted: nothing\n"
    monkeypatch.delenv("TRIAGE_TEXT_KEYS")
    monkeypatch.setenv("TRIAGE_KEEP_TEXT", "masked")
    assert "TRIAGE_TEXT_KEYS is empty" in CliRunner().invoke(main, ["list-keys"]).output


def test_a_text_cannot_pass_for_an_encrypted_one(settings: Settings, database: Database) -> None:
    """A text that begins like ours is read back as a text."""
    with opened(settings) as home:
        number = home.queue.add("\ufdd0gAAAAA，我要举报")
        assert home.queue.get(f"/{number}").get_json()["text"] == "\ufffdgAAAAA，我要举报"
