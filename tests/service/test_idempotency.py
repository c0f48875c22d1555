from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from service.actors import Actor
from service.answers import Answers
from service.cases.intake import Intake
from service.cases.tables import Case
from service.errors import ApiError
from service.idempotency import Keep, ReplyStore, Request, identify
from service.keys import create_key
from service.schemas import Complaint
from service.secret import load_secret
from service.tables import IdempotencyRecord, Role, Scope
from tests.service.client import Service, error_of

TEXT = "等了四十分钟才上菜，我要举报，电话13800001111"
ONCE = {"Idempotency-Key": "order-42"}


def record_of(service: Service) -> IdempotencyRecord:
    """The one record kept."""
    with service.database.session() as session:
        return session.scalars(select(IdempotencyRecord)).one()


def identified(service: Service, name: str) -> Request:
    """A request of the service's key."""
    return identify(name, service.key.split("_")[1], "/v1/classify", b"{}", {})


def test_the_same_request_gets_the_same_reply(service: Service) -> None:
    """A repeat is answered word for word, marked, and without asking the model again."""
    seen_before = service.parts.predictor.model.texts_seen
    first = service.classify({"text": TEXT, "id": "A-1"}, headers=ONCE)
    second = service.classify({"text": TEXT, "id": "A-1"}, headers=ONCE)
    assert second.get_json() == first.get_json()
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert service.parts.predictor.model.texts_seen == seen_before + 1


def test_a_batch_is_replayed_with_its_errors(service: Service) -> None:
    """Good items and bad ones come back as they were."""
    sent = {"items": [{"text": TEXT, "id": "a"}, {"id": "b"}, 3, {"text": ""}]}
    first = service.post("/v1/classify/batch", sent, headers=ONCE)
    second = service.post("/v1/classify/batch", sent, headers=ONCE)
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotent-Replay"] == "true"


def test_no_complaint_text_is_kept(service: Service) -> None:
    """The stored reply holds offsets, no piece of the text and not the client's id."""
    service.classify({"text": TEXT, "id": "客户王女士"}, headers=ONCE)
    kept = record_of(service).reply.decode()
    assert not any(piece in kept for piece in ("等了", "举报", "1380000", "王女士"))
    assert '"start":12' in kept


def test_another_body_under_the_same_key_is_422(service: Service) -> None:
    """A key names one request and no other."""
    service.classify({"text": TEXT}, headers=ONCE)
    response = service.classify({"text": "另一条投诉"}, headers=ONCE)
    assert response.status_code == 422
    assert error_of(response)["code"] == "idempotency_key_reused"


def test_another_address_under_the_same_key_is_422(service: Service) -> None:
    """The address belongs to the request."""
    sent = {"items": [{"text": TEXT}]}
    service.post("/v1/classify/batch", sent, headers=ONCE)
    assert service.classify({"text": TEXT}, headers=ONCE).status_code == 422


def test_two_clients_do_not_share_their_keys(service: Service) -> None:
    """The same Idempotency-Key of another API key is another request."""
    service.classify({"text": TEXT}, headers=ONCE)
    other = create_key(service.database, "b", [Scope.CLASSIFY])
    headers = {**ONCE, "Authorization": f"Bearer {other}"}
    response = service.classify({"text": "另一条投诉"}, headers=headers)
    assert response.status_code == 200


def test_a_reply_is_forgotten_after_24_hours(service: Service) -> None:
    """An expired key may be used again, for another request too."""
    service.classify({"text": TEXT}, headers=ONCE)
    record = record_of(service)
    assert record.expires_at - record.created_at == timedelta(hours=24)
    past = datetime.now(UTC) - timedelta(seconds=1)
    with service.database.session() as session:
        session.execute(update(IdempotencyRecord).values(expires_at=past))
        session.commit()
    response = service.classify({"text": "另一条投诉"}, headers=ONCE)
    assert response.status_code == 200
    assert "Idempotent-Replay" not in response.headers


def test_expired_replies_are_deleted(service: Service) -> None:
    """A store that starts purges what is over."""
    service.classify({"text": TEXT}, headers=ONCE)
    past = datetime.now(UTC) - timedelta(seconds=1)
    with service.database.session() as session:
        session.execute(update(IdempotencyRecord).values(expires_at=past))
        session.commit()
    ReplyStore(service.database).once(identified(service, "new"), lambda _: {"a": 1})
    assert record_of(service).idempotency_key == "new"


def test_a_refused_request_keeps_nothing(service: Service) -> None:
    """After a client error the corrected request may use the same key."""
    assert service.classify({"txet": TEXT}, headers=ONCE).status_code == 422
    assert service.classify({"text": TEXT}, headers=ONCE).status_code == 200


def test_a_failed_request_can_be_repeated(service: Service) -> None:
    """When the work itself fails its claim is given back."""
    store, request = ReplyStore(service.database), identified(service, "x")

    def fail(_keep: object) -> dict[str, object]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.once(request, fail)
    assert store.once(request, lambda _: {"a": 1}) == ({"a": 1}, False)


def test_of_two_at_once_one_works_and_one_is_told_to_wait(service: Service) -> None:
    """While the first is running, a second thread gets 409 and the work is done once."""
    store = ReplyStore(service.database, patience_seconds=0.1)
    request = identified(service, "x")
    running, finish = threading.Event(), threading.Event()
    made: list[int] = []

    def slow(_keep: object) -> dict[str, object]:
        running.set()
        assert finish.wait(10)
        made.append(1)
        return {"a": 1}

    first = threading.Thread(target=store.once, args=(request, slow))
    first.start()
    assert running.wait(10)
    with pytest.raises(ApiError) as caught:
        store.once(request, slow)
    finish.set()
    first.join()
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (409, "1")
    assert made == [1]
    assert store.once(request, slow) == ({"a": 1, "id": None}, True)


def test_a_repeat_waits_for_the_reply_of_the_first(service: Service) -> None:
    """As when a proxy sends a request again while the first instance still answers it."""
    store, request = ReplyStore(service.database), identified(service, "x")
    running, finish = threading.Event(), threading.Event()
    got: list[object] = []

    def slow(_keep: object) -> dict[str, object]:
        running.set()
        assert finish.wait(10)
        return {"a": 1}

    first = threading.Thread(target=store.once, args=(request, slow))
    second = threading.Thread(target=lambda: got.append(store.once(request, slow)))
    first.start()
    assert running.wait(10)
    second.start()
    finish.set()
    first.join()
    second.join()
    assert got == [({"a": 1, "id": None}, True)]


def test_a_case_and_its_reply_are_kept_together(service: Service) -> None:
    """A process that dies right after it stored a case has kept its reply: there is no second."""
    store, request = ReplyStore(service.database), identified(service, "x")
    answers, by = answers_of(service), Actor("key:x", Role.VIEWER, "api")

    def die(keep: Keep | None) -> dict[str, object]:
        answers.answer(Complaint(text=TEXT), "r", by, keep)
        raise SystemExit

    with pytest.raises(SystemExit):
        store.once(request, die)
    reply, is_replay = store.once(replace(request, sent={"text": TEXT}), die)
    assert (is_replay, reply["stored"], reply["case_id"]) == (True, True, 1)
    assert cases_of(service) == 1


def test_who_has_lost_the_claim_stores_nothing(service: Service) -> None:
    """However late the first one is: what another answered meanwhile is the only case."""
    store, request = ReplyStore(service.database), identified(service, "x")
    answers, by = answers_of(service), Actor("key:x", Role.VIEWER, "api")

    def late(keep: Keep | None) -> dict[str, object]:
        past = datetime.now(UTC) - timedelta(seconds=6)
        with service.database.session() as session:
            session.execute(update(IdempotencyRecord).values(created_at=past))
            session.commit()
        again = lambda own: answers.answer(Complaint(text=TEXT), "second", by, own)  # noqa: E731
        assert store.once(request, again)[0]["stored"]
        return answers.answer(Complaint(text=TEXT), "first", by, keep)

    with pytest.raises(ApiError) as caught:
        store.once(request, late)
    assert caught.value.code == "idempotency_in_progress"
    assert cases_of(service) == 1
    assert store.once(replace(request, sent={"text": TEXT}), late)[0]["request_id"] == "second"


def test_a_batch_is_stored_with_its_reply(service: Service) -> None:
    """All its cases and the kept reply, with their numbers."""
    sent = {"items": [{"text": TEXT, "id": "a"}, {"id": "b"}, {"text": TEXT, "id": "c"}]}
    first = service.post("/v1/classify/batch", sent, headers=ONCE).get_json()
    assert [one.get("case_id") for one in first["results"]] == [1, None, 2]
    again = service.post("/v1/classify/batch", sent, headers=ONCE).get_json()
    assert again == first
    assert cases_of(service) == 2


def answers_of(service: Service) -> Answers:
    """What answers complaints, over the service's own parts."""
    parts = service.parts
    intake = Intake(parts.database, load_secret(parts.settings.home, make=True))
    return Answers(parts.predictor, parts.metrics, intake, parts.playbooks.now)


def cases_of(service: Service) -> int:
    """How many cases are stored."""
    with service.database.session() as session:
        return len(session.scalars(select(Case.id)).all())


def test_many_threads_do_the_work_once(service: Service) -> None:
    """Eight threads with one request: exactly one makes the reply."""
    store, request = ReplyStore(service.database), identified(service, "x")
    start, made = threading.Barrier(8), []

    def ask() -> None:
        start.wait()
        try:
            store.once(request, lambda _: made.append(1) or {"a": 1})
        except ApiError as fault:
            assert fault.status == 409  # noqa: PT017  (either answer is right for a loser)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_a_claim_of_a_process_that_died_is_taken_over(service: Service) -> None:
    """An empty record older than five seconds does not block its key for a day."""
    store, request = ReplyStore(service.database), identified(service, "x")
    now = datetime.now(UTC)
    with service.database.session() as session:
        session.add(
            IdempotencyRecord(
                key_id=request.key_id,
                idempotency_key="x",
                request_hash=request.request_hash,
                created_at=now - timedelta(seconds=6),
                expires_at=now + timedelta(hours=1),
            )
        )
        session.commit()
    assert store.once(request, lambda _: {"a": 1}) == ({"a": 1}, False)


@pytest.mark.parametrize("value", ["", " ", "x" * 129, "有 空格"])
def test_a_malformed_key_is_400(service: Service, value: str) -> None:
    """The header has 1-128 visible ASCII characters."""
    with pytest.raises(ApiError) as caught:
        identify(value, "k", "/", b"", {})
    assert (caught.value.status, caught.value.field) == (400, "Idempotency-Key")
