from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from classifier.policy_file import load_policy
from service.outbox import post, webhook
from service.outbox.configuration import (
    AnyTarget,
    Configuration,
    DingtalkTarget,
    FeishuTarget,
    OnCall,
    WebhookTarget,
    WecomTarget,
)
from service.outbox.message import Message
from service.outbox.robots import dingtalk_message, feishu_card, wecom_message
from service.outbox.runner import send
from service.outbox.sample import sample
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target
from tests.service.outbox.conftest import SECRET, Receiver, Reply, Request

NOW = datetime.now(UTC)
CALLED = OnCall(
    people=["王芳"],
    feishu_ids=["ou_1"],
    dingtalk_ids=["d1"],
    dingtalk_mobiles=["13800000000"],
    wecom_ids=["wangfang"],
    emails=["wang@example.com"],
)
POLICY = load_policy()
SETTINGS = Configuration(
    page_url="https://triage.example.com/cases/{case_id}", on_call={"experts": CALLED}
)
EVIL = "<at id=all></at> @all [领奖](http://evil.example) <@all> **加粗**\n# 标题"


def crm(url: str, secret: str = SECRET) -> Target:
    """A webhook."""
    settings = WebhookTarget(kind="webhook", url=url, secret_env="S", allow_http=True)
    return Target("crm", settings, {"url": url, "secret": secret})


def robot(settings: AnyTarget, url: str, **values: str) -> Target:
    """A robot."""
    return Target("duty", settings, {"url": url, **values})


def say(target: Target, *, text: str | None = None, seconds: float = 5) -> Message:
    """Sends the sample; the message that was sent."""
    found = sample(target, SETTINGS, POLICY, NOW)
    message = Message(found.event_id, found.event_type, found.payload, text, SETTINGS, POLICY)
    send(target, message, datetime.now(UTC), Deadline(seconds))
    return message


def test_the_published_vector_of_standard_webhooks() -> None:
    """The specification's example gives the signature that its libraries' tests have."""
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = webhook.headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_webhook_verifies_with_the_specifications_library(receiver: Receiver) -> None:
    """And no longer when a single character was changed."""
    message = say(crm(receiver.url), text="电话[手机]")
    got = receiver.requests[0]
    found = Webhook(SECRET).verify(got.body, got.headers)
    assert found["id"] == got.headers["webhook-id"] == message.event_id
    assert found["data"]["text"] == "电话[手机]"
    assert got.headers["content-type"].startswith("application/json")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"P1", b"P2"), got.headers)


def test_while_a_secret_is_replaced_both_verify(receiver: Receiver) -> None:
    """Two secrets in the variable, two signatures in the header."""
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    say(crm(receiver.url, f"{SECRET} {new}"))
    got = receiver.requests[0]
    assert Webhook(SECRET).verify(got.body, got.headers)
    assert Webhook(new).verify(got.body, got.headers)


def test_text_is_only_sent_to_who_asks(receiver: Receiver) -> None:
    """Without it the body has none."""
    say(crm(receiver.url))
    assert "text" not in receiver.requests[0].json["data"]


@pytest.mark.parametrize(
    ("status", "is_final"),
    [(500, False), (429, False), (404, False), (400, True), (410, True), (302, False)],
)
def test_whatever_is_not_2xx_is_a_failure(receiver: Receiver, status: int, is_final: bool) -> None:
    """A redirect is not followed; what will never be taken is final."""
    aside = {"Location": receiver.url + "/elsewhere"}
    receiver.answer = lambda _: Reply(status, headers=aside)
    with pytest.raises(SendError) as caught:
        say(crm(receiver.url))
    assert (caught.value.is_final, len(receiver.requests)) == (is_final, 1)


def test_retry_after_is_heard(receiver: Receiver) -> None:
    """As seconds, of those who are busy."""
    receiver.answer = lambda _: Reply(429, headers={"Retry-After": "7"})
    with pytest.raises(SendError) as caught:
        say(crm(receiver.url))
    assert caught.value.wait_seconds == 7


@pytest.fixture
def dripping() -> Iterator[str]:
    """A target that answers one byte every tenth of a second, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.1):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    over.set()
    thread.join()
    listener.close()


def test_a_target_that_drips_is_cut_off(dripping: str) -> None:
    """The limit is on the whole attempt, not on each read."""
    began = time.monotonic()
    with pytest.raises(SendError, match="in time"):
        say(crm(dripping), seconds=0.5)
    assert time.monotonic() - began < 3


def test_nobody_there_is_a_failure_without_the_address() -> None:
    """What is logged shows no path, which may be a secret."""
    with pytest.raises(SendError, match="ConnectionRefusedError") as caught:
        say(crm("http://127.0.0.1:9/t0ken"))
    assert "t0ken" not in caught.value.reason


def test_a_date_in_retry_after() -> None:
    """RFC 9110 allows one; nonsense is ignored."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert post.retry_after("Thu, 01 Jan 2026 00:02:00 GMT", now) == 120
    assert post.retry_after("Wed, 31 Dec 2025 00:00:00 GMT", now) == 0
    assert post.retry_after("soon", now) is None
    assert post.retry_after(None, now) is None


def feishu(secret: str) -> Callable[[Request], Reply]:
    """A 飞书 robot: checks signature and age, then the shape of the card."""

    def answer(request: Request) -> Reply:
        sent = request.json
        key = f"{sent['timestamp']}\n{secret}".encode()
        digest = hmac.new(key, digestmod=hashlib.sha256).digest()
        if sent["sign"] != base64.b64encode(digest).decode() or (
            abs(time.time() - int(str(sent["timestamp"]))) > 3600
        ):
            return Reply(body=b'{"code":19021,"msg":"sign match fail"}')
        card = sent["card"]
        if sent["msg_type"] != "interactive" or card["header"]["title"]["tag"] != "plain_text":
            return Reply(body=b'{"code":9499,"msg":"Bad Request"}')
        return Reply(body=b'{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}')

    return answer


def test_feishu_takes_a_signed_card_that_calls_people(receiver: Receiver) -> None:
    """Title, facts, who is called, a button to the case."""
    receiver.answer = feishu("秘密")
    settings = FeishuTarget(kind="feishu", url_env="U", secret_env="S")
    say(robot(settings, receiver.url, secret="秘密"), text=EVIL)
    card = receiver.requests[0].json["card"]
    written = json.dumps(card, ensure_ascii=False)
    assert "案例已升级" in card["header"]["title"]["content"]
    assert card["header"]["template"] == "red"
    assert "<at id=ou_1></at>" in written
    assert "https://triage.example.com/cases/1" in written
    texts = [e["text"] for e in card["elements"] if "text" in e]
    assert [t["tag"] for t in texts if "领奖" in t["content"]] == ["plain_text"]


def test_feishu_refuses_a_wrong_signature_although_it_says_200(receiver: Receiver) -> None:
    """The code in the body counts."""
    receiver.answer = feishu("秘密")
    settings = FeishuTarget(kind="feishu", url_env="U", secret_env="S")
    with pytest.raises(SendError, match="19021"):
        say(robot(settings, receiver.url, secret="另一个"))


def dingtalk(secret: str) -> Callable[[Request], Reply]:
    """A 钉钉 robot: checks token, signature and age, then that who is called is in the text."""

    def answer(request: Request) -> Reply:
        query = parse_qs(urlsplit(request.path).query)
        stamp = query["timestamp"][0]
        digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        fresh = abs(time.time() * 1000 - int(stamp)) < 3_600_000
        if query["sign"][0] != base64.b64encode(digest).decode() or not fresh:
            return Reply(body=b'{"errcode":310000,"errmsg":"sign not match"}')
        if query["access_token"] != ["t"]:
            return Reply(body=b'{"errcode":300001,"errmsg":"token is not exist"}')
        sent = request.json
        text = sent["markdown"]["text"]
        called = [*sent["at"]["atMobiles"], *sent["at"]["atUserIds"]]
        if not sent["markdown"]["title"] or not all(f"@{one}" in text for one in called):
            return Reply(body=b'{"errcode":400101,"errmsg":"bad"}')
        return Reply(body=b'{"errcode":0,"errmsg":"ok"}')

    return answer


def test_dingtalk_takes_signed_markdown_that_calls_people(receiver: Receiver) -> None:
    """Nobody but the list is called, whatever the customer wrote."""
    receiver.answer = dingtalk("SECabc")
    settings = DingtalkTarget(kind="dingtalk", url_env="U", secret_env="S")
    target = robot(settings, receiver.url + "?access_token=t", secret="SECabc")
    say(target, text=EVIL)
    sent = receiver.requests[0].json
    assert sent["at"] == {"atMobiles": ["13800000000"], "atUserIds": ["d1"], "isAtAll": False}
    assert "@all" not in sent["markdown"]["text"]
    assert "](http://evil" not in sent["markdown"]["text"]
    assert "[打开案例](https://triage.example.com/cases/1)" in sent["markdown"]["text"]
    with pytest.raises(SendError, match="310000"):
        say(robot(settings, receiver.url + "?access_token=t", secret="SECxyz"))


def test_a_robot_that_is_asked_too_often_is_left_alone(receiver: Receiver) -> None:
    """A minute, as their limits are per minute."""
    receiver.answer = lambda _: Reply(body=b'{"errcode":45009,"errmsg":"freq out of limit"}')
    with pytest.raises(SendError) as caught:
        say(robot(WecomTarget(kind="wecom", url_env="U"), receiver.url))
    assert caught.value.wait_seconds == 60


def test_an_address_that_is_no_robot_is_found_out(receiver: Receiver) -> None:
    """200 with a page is not "delivered"."""
    receiver.answer = lambda _: Reply(body=b"<html>")
    with pytest.raises(SendError, match="no robot"):
        say(robot(WecomTarget(kind="wecom", url_env="U"), receiver.url))


def test_wecom_markdown_keeps_to_4096_bytes_and_calls_people(receiver: Receiver) -> None:
    """Only the customer's text is cut."""

    def answer(request: Request) -> Reply:
        content = str(request.json["markdown"]["content"])
        bad = request.json["msgtype"] != "markdown" or len(content.encode()) > 4096
        return Reply(body=b'{"errcode":40058}' if bad else b'{"errcode":0,"errmsg":"ok"}')

    receiver.answer = answer
    say(robot(WecomTarget(kind="wecom", url_env="U"), receiver.url), text=EVIL + "长" * 9000)
    content = receiver.requests[0].json["markdown"]["content"]
    assert "<@wangfang>" in content
    assert "<@all>" not in content
    assert "](http://evil" not in content


def test_a_message_says_what_people_need_in_chinese() -> None:
    """The team by its name, the moment in the zone of the file, the list by its people."""
    found = sample(crm("http://a"), SETTINGS, POLICY, datetime(2026, 1, 1, 4, tzinfo=UTC))
    assert found.title == "【P1】案例已升级 #1"
    facts = dict(found.facts())
    assert facts["团队"] == "服务质量（二线专家处理）"
    assert facts["响应时限"] == "2026-01-01 11:00"
    assert facts["值班"] == "王芳"


@pytest.mark.parametrize("build", [feishu_card, dingtalk_message, wecom_message])
def test_an_event_on_no_case_has_a_message_too(build: Callable[[Message], object]) -> None:
    """A promotion names both models, a type without words of its own is shown as it is."""
    data = {"model": {"version": "20260102-two", "before": "20260101-one"}}
    payload = {"type": "model.promoted", "timestamp": "2026-01-01T00:00:00Z", "data": data}
    shown = json.dumps(
        build(Message("evt_1", "model.promoted", payload, None, SETTINGS, POLICY)),
        ensure_ascii=False,
    )
    assert all(word in shown for word in ("模型已更换", "20260102-two", "20260101-one"))
    found = {"model_version": "v1", "window_hours": 24, "measures": [{"measure": "category"}]}
    drifted = Message(
        "evt_3", "drift.detected", {**payload, "data": {"drift": found}}, None, SETTINGS, POLICY
    )
    assert "类别构成" in json.dumps(build(drifted), ensure_ascii=False)
    risen = {"kind": "team", "code": "service_quality", "window_hours": 24, "seen": 42,
             "expected": 9.5, "also": [], "words": ["闪退"], "case_ids": [7]}  # fmt: skip
    surge = {**payload, "type": "surge.detected", "data": {"surge": risen}}
    told = json.dumps(
        build(Message("evt_4", "surge.detected", surge, None, SETTINGS, POLICY)), ensure_ascii=False
    )
    words = ("投诉激增", "团队 服务质量", "最近 24 小时 42 件，平时约 9.5 件", "闪退", "案例")
    assert all(word in told for word in words)
    unknown = {**payload, "type": "later.added", "data": {}}
    message = Message("evt_2", "later.added", unknown, None, SETTINGS, POLICY)
    assert "later.added" in json.dumps(build(message), ensure_ascii=False)
