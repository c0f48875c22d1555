"""Marked secrets go in at every entry; none may come out where it does not belong."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select
from werkzeug.test import TestResponse

from service import logs
from service.columns import Base
from service.intake.commands import Options, run_intake
from service.keys import create_key
from service.settings import Settings
from service.tables import Scope
from tests.service.fakes import load_fake
from tests.service.pages.conftest import House, house

__all__ = ["house"]  # the fixture

# Where a complaint's words, masked, are kept for the people who work on it; nowhere else.
WITH_WORDS = {
    "case_contents",
    "case_notes",
    "case_turns",
    "case_words",
    "verdicts",
    "audit_entries",
}


@dataclass(frozen=True)
class Secrets:
    """What one entry is given: personal data and words that no other entry has."""

    number: int

    @property
    def phone(self) -> str:
        """A mobile number."""
        return f"1391234{self.number:04d}"

    @property
    def card(self) -> str:
        """An identity card with its check digit."""
        digits = f"1101051949{12:02d}31{self.number:03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
        return digits + "10X98765432"[total % 11]

    @property
    def name(self) -> str:
        """A full name."""
        return f"欧阳{chr(0x6893 + self.number)}瑶"

    @property
    def word(self) -> str:
        """A word of the complaint, no personal data."""
        return f"{chr(0x8300 + self.number)}琥珀"

    @property
    def opaque(self) -> str:
        """A password, a customer's number, a key: known by its letters."""
        return f"canaryQ{self.number:03d}zebra"

    @property
    def text(self) -> str:
        """A complaint with all of them but the password."""
        who = f"我叫{self.name}，电话{self.phone}，身份证{self.card}"
        return f"{self.word}等了四十分钟，{who}，我要举报"

    def personal(self) -> list[str]:
        """What may come out nowhere."""
        return [self.phone, self.card, self.name, self.opaque]


@dataclass
class Wire:
    """The application with its log, and what it refused."""

    house: House
    folder: Path
    key: str
    number: int
    refusals: list[str] = field(default_factory=list)

    def send(self, path: str, method: str = "POST", **options: object) -> TestResponse:
        """A request of a program with a key for everything; a refusal is kept."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        client = self.house.service.client
        return self.keep(client.open(path, method=method, headers=headers, **options))

    def keep(self, answer: TestResponse) -> TestResponse:
        """Remembers what a refusal says; headers of all answers."""
        # A form that cannot be saved goes back, with what was typed, to who typed it.
        is_form_again = answer.status_code in {409, 422} and answer.mimetype == "text/html"
        said = answer.text if answer.status_code >= 400 and not is_form_again else ""
        self.refusals.append(f"{answer.headers} {said}")
        return answer

    def form(self, path: str, **fields: object) -> TestResponse:
        """A form of a reviewer's browser."""
        browser = self.house.logged_in("reviewer")
        return self.keep(browser.post(path, **fields))


Entry = Callable[[Wire, Secrets], object]


def _adapter(wire: Wire, one: Secrets) -> object:
    return wire.send("/v1/adapters/desk", data=one.text.encode(), content_type="application/json")


def _intake(wire: Wire, one: Secrets) -> object:
    path = wire.folder / "in.csv"
    path.write_text(f"text,customer_id\n{one.text},{one.opaque}\n", encoding="utf-8")
    service = wire.house.service
    return run_intake(service.settings, service.database, Options(str(path)), load_fake)


def _crash(wire: Wire, one: Secrets) -> object:
    """The model fails with the text in its message."""
    model = wire.house.service.parts.predictor.model

    def fail(_texts: object, **_options: object) -> None:
        raise RuntimeError(one.text + one.opaque)

    model.predict = fail  # type: ignore[attr-defined]  # the fake's own
    try:
        answer = wire.send("/v1/classify", json={"text": one.text})
        assert answer.status_code == 500
    finally:
        del model.predict  # type: ignore[attr-defined]


ENTRIES: dict[str, Entry] = {
    "text": lambda w, s: w.send(
        "/v1/classify", json={"text": s.text, "customer": {"id": s.opaque}}
    ),
    "text of a repeated request": lambda w, s: w.send(
        "/v1/classify",
        json={"text": s.text, "customer": {"id": s.opaque}},
        headers={"Idempotency-Key": "canary"},
    ),
    "item of a batch": lambda w, s: w.send(
        "/v1/classify/batch", json={"items": [{"text": s.text}, {"text": [s.text]}, s.opaque]}
    ),
    "message of a conversation": lambda w, s: w.send(
        "/v1/classify",
        json={"messages": [{"role": "customer", "text": s.text}, {"role": "agent", "text": "好"}]},
    ),
    "metadata": lambda w, s: w.send(
        "/v1/classify", json={"text": "菜很凉，我要举报", "metadata": {s.opaque: s.text}}
    ),
    "wrong metadata": lambda w, s: w.send(
        "/v1/classify", json={"text": "菜", "metadata": {s.text: [s.opaque]}}
    ),
    "field of a wrong type": lambda w, s: w.send("/v1/classify", json={"text": [s.text, s.opaque]}),
    "value of an unknown field": lambda w, s: w.send(
        "/v1/classify", json={"text": "菜", "extra": s.text + s.opaque}
    ),
    "phone as the name of a field": lambda w, s: w.send(
        "/v1/classify", json={"text": "菜", s.phone: 1, s.card: 2}
    ),
    "body that is not JSON": lambda w, s: w.send(
        "/v1/classify", data=(s.text + s.opaque).encode(), content_type="application/json"
    ),
    "body in another encoding": lambda w, s: w.send(
        "/v1/classify", data=s.text.encode("gb18030"), content_type="application/json"
    ),
    "query of classify": lambda w, s: w.send(
        "/v1/classify", json={"text": "菜"}, query_string={"text": s.text, "key": s.opaque}
    ),
    "search": lambda w, s: w.send("/v1/cases", "GET", query_string={"q": s.phone + s.word}),
    "too long a search": lambda w, s: w.send("/v1/cases", "GET", query_string={"q": s.text * 9}),
    "wrong filter": lambda w, s: w.send("/v1/cases", "GET", query_string={"priority": s.phone}),
    "unknown filter": lambda w, s: w.send("/v1/cases", "GET", query_string={s.phone: "1"}),
    "wrong moment": lambda w, s: w.send("/v1/cases", "GET", query_string={"created_after": s.card}),
    "unknown address": lambda w, s: w.send(f"/v1/{s.phone}/{s.opaque}", "GET"),
    "unknown page": lambda w, s: w.send(
        f"/{s.phone}/{s.opaque}", "GET", headers={"Accept": "text/html"}
    ),
    "key": lambda w, s: w.send(
        "/v1/model", "GET", headers={"Authorization": f"Bearer ct_{s.opaque}"}
    ),
    "headers": lambda w, s: w.send(
        "/v1/classify",
        json={"text": ""},
        headers={
            "User-Agent": s.phone + s.opaque,
            "Referer": s.opaque,
            "Cookie": f"a={s.opaque}",
            "X-Request-ID": f"<{s.opaque}>",
            "Idempotency-Key": f"{s.opaque} {s.phone}",
            "X-Forwarded-For": s.opaque,
        },
    ),
    "content type": lambda w, s: w.send(
        "/v1/classify", data=b"{}", content_type=f"text/{s.opaque}; charset={s.phone}"
    ),
    "note": lambda w, s: w.send(f"/v1/cases/{w.number}/note", json={"note": s.text}),
    "reason of a verdict": lambda w, s: w.send(
        f"/v1/cases/{w.number}/verdict", json={"level": 3, "reason": s.text}
    ),
    "wrong reason": lambda w, s: w.send(
        f"/v1/cases/{w.number}/verdict", json={"reason": [s.text], s.phone: 1}
    ),
    "note of an end": lambda w, s: w.send(f"/v1/cases/{w.number}/resolve", json={"note": s.text}),
    "wrong rating": lambda w, s: w.send(
        f"/v1/cases/{w.number}/feedback", json={"csat": s.phone, "id": s.text}
    ),
    "rating": lambda w, s: w.send(f"/v1/cases/{w.number}/feedback", json={"csat": 1, "x": s.text}),
    "password of a new user": lambda w, s: w.send(
        "/v1/users", json={"name": "neu", "role": "viewer", "password": s.opaque}
    ),
    "webhook": _adapter,
    "file of intake": _intake,
    "name and password at the login": lambda w, s: w.keep(
        w.house.browser().log_in(s.phone + s.name, s.opaque)
    ),
    "next page at the login": lambda w, s: w.keep(
        w.house.browser().log_in("viewer", next=f"//{s.opaque}")
    ),
    "password changed": lambda w, s: w.form(
        "/account/password", current=s.opaque, new=s.opaque * 2, again=s.opaque * 2
    ),
    "note on a page": lambda w, s: w.form(f"/cases/{w.number}/note", version=1, note=s.text),
    "forged form": lambda w, s: w.keep(
        w.house.logged_in("reviewer").client.post(
            f"/cases/{w.number}/note", data={"note": s.text, "csrf": s.opaque}
        )
    ),
    "file sent to a form": lambda w, s: w.form(
        f"/cases/{w.number}/note", note=(io.BytesIO(s.text.encode()), s.phone)
    ),
    "error of the code": _crash,
}


@pytest.fixture
def log(settings: Settings) -> Iterator[Callable[[], str]]:
    """Everything that is logged."""
    reader, descriptor = os.pipe()
    os.set_blocking(reader, False)
    writer = logs.LineWriter(descriptor)
    logs.configure(settings, lambda: ("m", "p"), writer)
    read: list[bytes] = []

    def logged() -> str:
        writer.flush()
        read.append(os.read(reader, 1_000_000))
        return b"".join(read).decode()

    yield logged
    structlog.reset_defaults()


def rows_of(house: House) -> dict[str, str]:
    """Every table with all its values."""
    with house.service.database.session() as session:
        return {
            table.name: repr([list(row) for row in session.execute(select(table))])
            for table in Base.metadata.sorted_tables
        }


def outputs(wire: Wire, logged: str) -> dict[str, str]:
    """Everything that comes out, by where."""
    got = {
        path: wire.house.service.client.get(
            path, headers={"Authorization": f"Bearer {wire.key}"}, buffered=True
        ).text
        for path in ("/metrics", "/v1/cases/export.csv?state=all", "/v1/cases/feedback.jsonl",
                     "/v1/audit?limit=200", "/v1/outbox?state=pending", "/v1/insight/weekly")
    }  # fmt: skip
    home = wire.house.service.settings.home
    files = {path.name: path.read_bytes().decode("utf-8", "replace") for path in home.iterdir()}
    return {"log": logged, "refusals": "\n".join(wire.refusals), **got, **rows_of(wire.house),
            **{f"file {name}": content for name, content in files.items()}}  # fmt: skip


def leaks(found: Mapping[str, str]) -> Iterator[str]:
    """Which entry came out where; the words of a complaint may, masked, where people work on it."""
    bare = {"log", "refusals", "/metrics", "/v1/outbox?state=pending"}
    tables = {table.name for table in Base.metadata.sorted_tables} - WITH_WORDS
    for number, entry in enumerate(ENTRIES):
        one = Secrets(number)
        for place, content in found.items():
            secrets = one.personal() + ([one.word] if place in bare | tables else [])
            for secret in secrets:
                forms = {secret, repr(secret)[1:-1], secret.encode("unicode_escape").decode()}
                if any(form in content for form in forms):
                    yield f"{entry}: {secret} came out in {place}"


def test_no_secret_comes_out_anywhere(log: Callable[[], str], house: House, tmp_path: Path) -> None:
    """Phone, identity card, name, customer, password and key nowhere; words where people work."""
    key = create_key(house.service.database, "all", list(Scope))
    wire = Wire(house, tmp_path, key, house.add())
    for number, entry in enumerate(ENTRIES.values()):
        entry(wire, Secrets(number))
    found = outputs(wire, log())
    assert "\n".join(leaks(found)) == ""
    assert key not in "".join(found.values())
    # The net catches: words are kept where they belong, and the log has every request.
    assert Secrets(0).word in found["case_contents"]
    assert re.search(r"\[手机\].*\[身份证\]", found["case_contents"])
    assert found["log"].count("request_answered") >= len(ENTRIES)
    assert "unexpected_error" in found["log"]
