"""Events as messages of group robots: 飞书 cards, 钉钉 and 企业微信 Markdown, with who is called.

Whatever stands in a message beside our own words is a code or the masked text. That text is
written by customers: as Markdown it could call everybody or show a link, so its marks are replaced
by their full-width twins.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import orjson

from service.outbox import post
from service.outbox.message import Message
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target

_MAX_TEXT_CHARS = 300
_WECOM_MAX_BYTES = 4096  # of Markdown, as the robot's documentation says
_MARKS = str.maketrans(
    {mark: chr(ord(mark) + 0xFEE0) for mark in "<>[]()*_`#@!~|\\&{}"} | {"\n": " ", "\r": " "}
)
# Codes of the three services that mean "too often".
_TOO_OFTEN = {9499, 11232, 130101, 410100, 45009}
_BUSY_SECONDS = 60.0
Json = dict[str, object]


def send_feishu(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Posts a card to a 飞书 robot.

    Raises:
        SendError: the robot did not take it.
    """
    content: Json = {"msg_type": "interactive", "card": feishu_card(message)}
    if target.values.get("secret"):
        stamp = str(int(now.timestamp()))
        key = f"{stamp}\n{target.values['secret']}".encode()
        content = {"timestamp": stamp, "sign": _base64(hmac.digest(key, b"", "sha256")), **content}
    _post(target.values["url"], content, now, deadline, code="code")


def send_dingtalk(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Posts Markdown to a 钉钉 robot.

    Raises:
        SendError: the robot did not take it.
    """
    url = target.values["url"]
    if target.values.get("secret"):
        stamp, secret = str(int(now.timestamp() * 1000)), target.values["secret"]
        sign = _base64(hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256"))
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    _post(url, dingtalk_message(message), now, deadline, code="errcode")


def send_wecom(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Posts Markdown to a 企业微信 robot.

    Raises:
        SendError: the robot did not take it.
    """
    _post(target.values["url"], wecom_message(message), now, deadline, code="errcode")


def feishu_card(message: Message) -> Json:
    """The card: a coloured title, the facts in two columns, who is called, a button."""
    fields = [
        {"is_short": True, "text": {"tag": "lark_md", "content": f"**{name}**\n{safe(value)}"}}
        for name, value in message.facts()
    ]
    elements: list[Json] = [{"tag": "div", "fields": fields}] if fields else []
    if message.text:
        # Plain text: nothing in it is markup.
        shown = {"tag": "plain_text", "content": _cut(message.text)}
        elements.append({"tag": "div", "text": shown})
    if message.on_call.feishu_ids:
        calls = " ".join(f"<at id={one}></at>" for one in message.on_call.feishu_ids)
        elements.append({"tag": "div", "text": {"tag": "lark_md", "content": calls}})
    if message.address:
        button = {
            "tag": "button",
            "text": {"tag": "plain_text", "content": "打开案例"},
            "type": "primary",
            "url": message.address,
        }
        elements.append({"tag": "action", "actions": [button]})
    title = {"tag": "plain_text", "content": message.title}
    colour = "red" if message.is_alarm else "orange" if "reminder" in message.event_type else "blue"
    return {
        "config": {"wide_screen_mode": True},
        "header": {"template": colour, "title": title},
        "elements": elements or [{"tag": "div", "text": title}],
    }


def dingtalk_message(message: Message) -> Json:
    """Markdown; who is called stands in the text and in `at`, as the robot needs both."""
    called = message.on_call
    calls = [f"@{one}" for one in (*called.dingtalk_ids, *called.dingtalk_mobiles)]
    lines = [f"### {safe(message.title)}", *_facts(message, "- **{}**：{}")]
    if message.text:
        lines.append(f"> {safe(_cut(message.text))}")
    if message.address:
        lines.append(f"[打开案例]({message.address})")
    if calls:
        lines.append(" ".join(calls))
    return {
        "msgtype": "markdown",
        "markdown": {"title": message.title, "text": "\n\n".join(lines)},
        "at": {
            "atUserIds": list(called.dingtalk_ids),
            "atMobiles": list(called.dingtalk_mobiles),
            "isAtAll": False,
        },
    }


def wecom_message(message: Message) -> Json:
    """Markdown of at most 4096 bytes; only the customer's text is ever cut."""
    colour = "warning" if message.is_alarm else "info"
    head = f'### <font color="{colour}">{safe(message.title)}</font>'
    lines = [head, *_facts(message, ">{}：{}")]
    if message.address:
        lines.append(f"[打开案例]({message.address})")
    if message.on_call.wecom_ids:
        lines.append(" ".join(f"<@{one}>" for one in message.on_call.wecom_ids))
    content = "\n".join(lines)
    if message.text:
        room = _WECOM_MAX_BYTES - len(content.encode()) - 2
        said = safe(_cut(message.text)).encode()[: max(0, room)].decode(errors="ignore")
        content += f"\n>{said}"
    return {"msgtype": "markdown", "markdown": {"content": content}}


def safe(text: str) -> str:
    """The text without marks that a chat would take for markup.

    >>> safe("<at id=all></at> [点我](http://a)")
    '＜at id=all＞＜/at＞ ［点我］（http://a）'
    """
    return text.translate(_MARKS)


def _facts(message: Message, pattern: str) -> list[str]:
    return [pattern.format(name, safe(value)) for name, value in message.facts()]


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT_CHARS else text[:_MAX_TEXT_CHARS] + "…"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _post(url: str, content: Json, now: datetime, deadline: Deadline, *, code: str) -> None:
    """Robots answer 200 to what they refuse, and say so in the body."""
    answer = post.post(url, orjson.dumps(content), {}, deadline)
    post.check(answer, now)
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        said = None
    found = said.get(code) if isinstance(said, Mapping) else None
    if found == 0:
        return
    if not isinstance(found, int):
        raise SendError("an answer that no robot gives: is the address right?")
    wait = _BUSY_SECONDS if found in _TOO_OFTEN else None
    raise SendError(f"the robot refused it: {code} {found}", wait_seconds=wait)
