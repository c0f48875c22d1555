"""Conversations over the API: what is refused, what is answered, what is kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, text

from classifier.policy_file import load_policy
from service import create_app
from service.app import Parts
from service.cases.file import get_case
from service.cases.tables import CaseContent
from service.checks import check_complaint
from service.db import Database
from service.dialogue_replies import CaseDialogueReply
from service.errors import ApiError
from service.keys import create_key
from service.metrics import Metrics
from service.predictor import Predictor
from service.replies import ComplaintReply
from service.settings import Settings
from service.tables import Scope
from tests.service.client import Service, error_of
from tests.service.fakes import LoudTriage

Message = dict[str, object]


@pytest.fixture
def service(settings: Settings, database: Database) -> Service:
    """The application with a model that hears how loud a text is."""
    predictor = Predictor(settings.models, lambda folder: LoudTriage(folder.name), load_policy())
    parts = Parts(settings, database, predictor, Metrics())
    app = create_app(settings, parts)
    key = create_key(database, "对话", [Scope.CLASSIFY, Scope.CASES])
    return Service(settings, parts, app.test_client(), key)


def say(*lines: str) -> list[Message]:
    """Messages of lines such as `客：还没到` (customer), `服：` (agent) and `系：` (system)."""
    roles = {"客": "customer", "服": "agent", "系": "system"}
    return [{"role": roles[line[0]], "text": line[2:]} for line in lines]


TALK = say(
    "系：欢迎，前面还有 2 人",
    "客：上周订的婴儿床少了两根螺丝，电话 13800001111",
    "服：您好，请提供订单号",
    "客：订单号刚才不是已经发过了吗！！",
    "客：孩子都没地方睡，你们到底管不管！！！我要举报",
    "服：真的很抱歉，让您和宝宝受累了，螺丝今晚就寄出，我的工号手机 13900002222",
    "客：那好吧，我等着收",
    "客：已经看到快递单号了，谢谢",
)
_TEXT = "\n".join(str(one["text"]) for one in TALK if one["role"] == "customer")


def test_a_conversation_is_answered_like_a_complaint_and_told_how_it_went(service: Service) -> None:
    """The contract of a single text, offsets into the customer's part, and `dialogue`."""
    response = service.classify({"messages": TALK, "id": "D-1"})
    reply = response.get_json()
    assert response.status_code == 200, reply
    ComplaintReply.model_validate(reply)
    assert (reply["id"], reply["stored"], reply["intensity"]["level"]) == ("D-1", True, 5)
    place = _TEXT.index("举报")
    assert reply["signals"] == [
        {"code": "regulator", "start": place, "end": place + 2, "text": "举报"}
    ]
    assert all(piece["text"] == _TEXT[piece["start"] : piece["end"]] for piece in reply["evidence"])
    dialogue = reply["dialogue"]
    assert dialogue["peak"] == {
        "turn": 4,
        "level": 4,
        "name": "愤怒",
        "score": 0.75,
        "band": "high",
    }
    assert (dialogue["trend"], dialogue["turning_point"]) == ("calmed", 6)
    assert dialogue["acknowledgement"] == {
        "acknowledged": True, "turn": 5, "kinds": ["apology", "empathy"], "after_customer_turns": 3,
    }  # fmt: skip
    assert dialogue["repetition"]["explicit_turns"] == [3]
    for turn, sent in zip(dialogue["turns"], TALK, strict=True):
        assert turn["role"] == sent["role"]
        if turn["start"] is not None:
            assert _TEXT[turn["start"] : turn["end"]] == sent["text"]


def test_the_angriest_turn_decides_and_agents_do_not(service: Service) -> None:
    """A loud agent changes nothing; the policy sees the customer's level."""
    calm = say("客：请问发票什么时候能开", "服：好的！！！！我要举报", "客：不急，谢谢")
    reply = service.classify({"messages": calm}).get_json()
    assert (reply["intensity"]["level"], reply["signals"]) == (1, [])
    loud = say("客：发票！！！！", "服：马上", "客：不急，谢谢")
    reply = service.classify({"messages": loud}).get_json()
    rules = [reason["rule"] for reason in reply["priority"]["reasons"]]
    assert (reply["intensity"]["level"], "intensity" in rules) == (5, True)


def test_a_single_text_has_no_dialogue(service: Service) -> None:
    """Its reply has the same fields as ever, and messages may be null beside it."""
    sent = {"text": "等了四十分钟才上菜，我要举报"}
    plain, with_null = service.classify(sent), service.classify({**sent, "messages": None})
    assert "dialogue" not in plain.get_json()
    assert set(plain.get_json()) == set(with_null.get_json())
    number = plain.get_json()["case_id"]
    with service.database.session() as session:
        kept = session.execute(
            text("SELECT dialogue IS NULL FROM case_contents WHERE case_id = :id"), {"id": number}
        ).scalar_one()
    assert bool(kept)


_ONE = {"role": "customer", "text": "还没到"}


def _of(role: object) -> Message:
    """A message of that role."""
    return {**_ONE, "role": role}


_NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "code", "field", "part"),
    [
        ({"text": "还没到", "messages": [_ONE]}, "text_and_messages", "messages", "只能给出一个"),
        ({}, "field_missing", "text", "text"),
        ({"messages": None}, "field_missing", "text", "text"),
        ({"messages": []}, "too_few_items", "messages", "至少需要 1 项"),
        ({"messages": [_ONE] * 201}, "too_many_items", "messages", "最多 200 项"),
        ({"messages": "客户：还没到"}, "invalid_type", "messages", "需要列表"),
        ({"messages": [_ONE, "还没到"]}, "invalid_type", "messages[1]", "需要对象"),
        ({"messages": [{"role": "customer"}]}, "field_missing", "messages[0].text", "缺少"),
        ({"messages": [{"text": "还没到"}]}, "field_missing", "messages[0].role", "缺少"),
        ({"messages": [{**_ONE, "name": "王"}]}, "field_unknown", "messages[0].name", "未知字段"),
        ({"messages": [{**_ONE, "text": 5}]}, "invalid_type", "messages[0].text", "需要字符串"),
        (
            {"messages": [{**_ONE, "text": "长" * 20_001}]},
            "too_long", "messages[0].text", "最多 20000 个",
        ),
        (
            {"messages": [{**_ONE, "text": "长" * 20_000}] * 6},
            "too_long", "messages", "合计 120000 个字符，最多 100000 个",
        ),
        ({"messages": [_of("user")]}, "invalid_role", "messages[0].role", "写作 customer"),
        ({"messages": [_of("客服")]}, "invalid_role", "messages[0].role", "写作 agent"),
        ({"messages": [_of("BOT")]}, "invalid_role", "messages[0].role", "写作 system"),
        ({"messages": [_of("Agent")]}, "invalid_role", "messages[0].role", "写作 agent"),
        ({"messages": [_of("boss")]}, "invalid_role", "messages[0].role", "customer（客户）"),
        ({"messages": [_of(3)]}, "invalid_role", "messages[0].role", "customer（客户）"),
        ({"messages": say("服：您好")}, "no_customer_message", "messages", "customer"),
        ({"messages": [{**_ONE, "at": "昨天"}]}, "invalid_moment", "messages[0].at", "RFC 3339"),
        (
            {"messages": [{**_ONE, "at": "2025-06-01T12:00:00"}]},
            "invalid_moment", "messages[0].at", "没有时区",
        ),
        (
            {"messages": [{**_ONE, "at": "2199-06-01T12:00:00Z"}]},
            "invalid_moment", "messages[0].at", "超出范围",
        ),
        (
            {"messages": [{**_ONE, "at": "2025-06-01T12:00:00Z"}, _ONE,
                          {**_ONE, "at": "2025-06-01T19:59:00+08:00"}]},
            "messages_out_of_order", "messages", "messages[2].at 早于",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(sent: object, code: str, field: str, part: str) -> None:
    """Each fault has its code, its field and a sentence that quotes nothing."""
    with pytest.raises(ApiError) as caught:
        check_complaint(sent)
    fault = caught.value
    assert (fault.status, fault.code, fault.field) == (422, code, field)
    assert part in fault.message
    assert "还没到" not in fault.message


def test_a_refusal_has_the_one_shape(service: Service) -> None:
    """Over HTTP: 422 with code, field and message."""
    error = error_of(service.classify({"messages": [_of("user")]}))
    assert (error["code"], error["field"]) == ("invalid_role", "messages[0].role")


def test_the_same_moment_twice_is_in_order(service: Service) -> None:
    """Chats often know only seconds; another zone is another way to write a moment."""
    moments = ["2025-06-01T12:00:00Z", "2025-06-01T20:00:00+08:00"]
    sent = [{**_ONE, "at": at} for at in moments]
    assert service.classify({"messages": sent}).status_code == 200


def test_a_batch_takes_both_and_blames_the_item(service: Service) -> None:
    """Conversations and texts side by side; a bad one is told by its place."""
    items = [
        {"messages": TALK},
        {"text": "太慢了！"},
        {"messages": [{**_ONE, "role": "用户"}]},
        {"text": "x", "messages": [_ONE]},
    ]
    results = service.post("/v1/classify/batch", {"items": items}).get_json()["results"]
    assert results[0]["dialogue"]["trend"] == "calmed"
    assert "dialogue" not in results[1]
    assert results[2]["error"]["field"] == "items[2].messages[0].role"
    assert results[3]["error"]["field"] == "items[3].messages"


def test_a_repeated_request_gets_its_pieces_again(service: Service) -> None:
    """The kept reply holds no text; signals and evidence are cut from the messages anew."""
    first = service.classify({"messages": TALK}, headers={"Idempotency-Key": "d1"})
    with service.database.session() as session:
        kept = session.execute(text("SELECT reply FROM idempotency_records")).scalar_one()
    assert "举报" not in bytes(kept).decode()
    again = service.classify({"messages": TALK}, headers={"Idempotency-Key": "d1"})
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.get_json() == first.get_json()


def test_the_case_keeps_masked_turns(service: Service) -> None:
    """Of customer and agent; the case's text is the customer's part, offsets fit both."""
    at = _NOON
    sent = []
    for message in TALK:
        at += timedelta(minutes=1)
        sent.append({**message, "at": at.isoformat()})
    number = service.classify({"messages": sent}).get_json()["case_id"]
    file = get_case(service.database, number)
    assert file.text == _TEXT.replace("13800001111", "[手机]")
    assert file.dialogue is not None
    found = CaseDialogueReply.model_validate(file.dialogue)
    for turn, message in zip(found.turns, TALK, strict=True):
        masked = str(message["text"]).replace("13800001111", "[手机]")
        assert turn.text == masked.replace("13900002222", "[手机]")
        if turn.start is not None:
            assert file.text[turn.start : turn.end] == turn.text
    assert found.turns[0].at == _NOON + timedelta(minutes=1)
    with service.database.session() as session:
        content = session.scalars(select(CaseContent).where(CaseContent.case_id == number)).one()
        stored = orjson.dumps([content.text, content.prediction, content.dialogue]).decode()
    assert "13800001111" not in stored
    assert "13900002222" not in stored


def test_the_api_shows_the_conversation(service: Service) -> None:
    """The twin of the case page: turns with texts, and how it went; null for a single text."""
    number = service.classify({"messages": TALK}).get_json()["case_id"]
    headers = {"Authorization": f"Bearer {service.key}"}
    shown = service.client.get(f"/v1/cases/{number}", headers=headers).get_json()
    CaseDialogueReply.model_validate(shown["dialogue"])
    assert shown["dialogue"]["turns"][5]["text"].endswith("[手机]")
    single = service.classify({"text": "再不来我要举报！！！"}).get_json()["case_id"]
    shown = service.client.get(f"/v1/cases/{single}", headers=headers).get_json()
    assert shown["dialogue"] is None


def test_strange_characters_are_kept_as_they_can_be(service: Service) -> None:
    """NUL in any turn, empty turns, half emoji; the case is stored on every database."""
    talk = say("客：", "服：好\0的", "客：\0退钱！！！我要举报", "系：", "客：😡👨‍👩‍👧")
    reply = service.classify({"messages": talk}).get_json()
    assert reply["stored"] is True
    file = get_case(service.database, reply["case_id"])
    assert file.dialogue is not None
    texts = [turn.text for turn in CaseDialogueReply.model_validate(file.dialogue).turns]
    assert texts == ["", "好\ufffd的", "\ufffd退钱！！！我要举报", "", "😡👨‍👩‍👧"]


def test_nothing_is_stored_on_request(service: Service) -> None:
    """`store` false holds for conversations too."""
    reply = service.classify({"messages": TALK, "store": False}).get_json()
    assert (reply["stored"], reply["case_id"]) == (False, None)
