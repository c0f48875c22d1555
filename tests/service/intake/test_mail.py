"""Mails as people and programs send them, out of an mbox file and a mailbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest

from service.intake.imap import read_account
from service.intake.mail import read_mail
from service.intake.source import SourceError
from tests.service.intake.conftest import Desk
from tests.service.intake.fake_imap import PASSWORD, FakeImap


@pytest.fixture
def database_url() -> str:
    """SQLite alone: mails know nothing of the database."""
    return ""


def mail(text: str, **headers: str) -> bytes:
    """A plain mail."""
    made = EmailMessage()
    for name, value in {"From": "王 <Wang@Example.com>", "Subject": "投诉", **headers}.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return bytes(made)


def sent(raw: bytes) -> dict[str, object]:
    """What a mail says."""
    entry = read_mail(raw, 1, "mail-1", None)
    assert entry.sent is not None, entry
    return entry.sent


def test_html_with_a_picture_is_read_as_people_see_it() -> None:
    """The picture is left out, and counted."""
    made = EmailMessage()
    made["Subject"], made["From"] = "退款，快点", "anna@example.com"
    made.set_content("<style>p{}</style><p>服务<b>太差</b></p><p>我要举报</p>", subtype="html")
    made.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="发票.png")
    made.add_attachment("附件里的话", filename="说明.txt")
    entry = read_mail(bytes(made), 1, "mail-1", None)
    assert entry.attachments == 2
    assert entry.sent is not None
    assert entry.sent["text"] == "退款，快点\n服务太差\n\n我要举报"
    assert entry.sent["customer"] == {"id": "anna@example.com"}


def test_of_plain_text_and_html_the_plain_one_counts() -> None:
    """They say the same; once is enough."""
    made = EmailMessage()
    made.set_content("我要举报")
    made.add_alternative("<p>我要举报</p>", subtype="html")
    assert sent(bytes(made))["text"] == "我要举报"


@pytest.mark.parametrize(
    ("subject", "body", "charset"),
    [
        (b"=?gb2312?B?" + base64.b64encode("㐀投诉".encode("gb18030")) + b"?=",
         "我要举报㐀".encode("gb18030"), "gb2312"),
        (b"=?utf-8?Q?=E3=90=80=E6=8A=95?=\r\n =?UTF-8?Q?=E8=AF=89?=",
         "我要举报㐀".encode(), "utf-8"),
        ("㐀投诉".encode("gb18030"), "我要举报㐀".encode("gb18030"), "x-unknown"),
        ("㐀投诉".encode(), "我要举报㐀".encode(), "us-ascii"),
        (b"=?big5?B?" + base64.b64encode("投訴".encode("big5")) + b"?=",
         "我要舉報".encode("big5"), "big5"),
    ],
)  # fmt: skip
def test_headers_and_bodies_of_every_encoding(subject: bytes, body: bytes, charset: str) -> None:
    """Also those that are declared wrongly, or not at all."""
    raw = b"Subject: " + subject + b"\r\nContent-Type: text/plain; charset=" + charset.encode()
    text = sent(raw + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body)["text"]
    assert text in ("㐀投诉\n我要举报㐀", "投訴\n我要舉報")


def test_answers_count_without_what_they_quote() -> None:
    """Only what the customer added."""
    text = "还没人理\n\n在 2026年1月2日 客服 写道：\n> 您好，我要举报"
    assert sent(mail(text, In_Reply_To="<1@example.com>"))["text"] == "投诉\n还没人理"
    assert "我要举报" in str(sent(mail(text))["text"])


def test_what_programs_send_is_skipped() -> None:
    """Our own notices, and answers of people on holiday."""
    for said in ("auto-generated", "auto-replied"):
        assert read_mail(mail("x", Auto_Submitted=said), 1, "m", None).skipped == "automatic"
    assert sent(mail("x", Auto_Submitted="no"))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff" * 500, b"Subject: =?utf-8?B?%%%?=\r\n\r\nx", b"Date: Mon, 99 Foo\r\n\r\nx",
     b"Content-Type: multipart/mixed\r\n\r\n", b"From: <\xff@>,,;\r\n\r\nx",
     b"Content-Type: text/plain; charset*=''\xff\r\n\r\nx", b"Date: 1 Jan 2026 00:00\r\n\r\nx",
     b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 50],
)  # fmt: skip
def test_no_mail_is_too_broken(raw: bytes) -> None:
    """It is an entry all the same, and none stops what comes after it."""
    assert read_mail(raw, 1, "mail-1", None).number == 1


def test_an_mbox_file_is_read_mail_by_mail_and_later_read_on(desk: Desk, tmp_path: Path) -> None:
    """Lines that begin with From are text unless they are a border."""
    path = tmp_path / "box.mbox"
    border = b"From anna@example.com Fri Nov 20 09:30:00 2026\n"
    first = mail("我要举报 13800001111\n\nFrom here on\n", Date="Fri, 20 Nov 2026 09:30:00 +0800")
    path.write_bytes(
        border + first.replace(b"\nFrom", b"\n>From") + b"\n" + border + mail("二，举报")
    )
    assert desk.take(path).cases == 2
    with path.open("ab") as file:
        file.write(b"\n\n" + border + mail("x", Auto_Submitted="auto-replied"))
        file.write(b"\n" + border + mail("三，我要举报"))
    report = desk.take(path)
    assert (report.taken, report.skipped) == (1, 1)
    assert [name for name, _ in desk.cases()] == ["mail-1", "mail-2", "mail-4"]
    assert desk.cases()[0][1] == "投诉\n我要举报 [手机]\n\nFrom here on"
    assert desk.case(1).channel == "email"
    assert desk.case(1).clock_start_at.isoformat() == "2026-11-20T01:30:00+00:00"
    assert desk.case(1).customer_hash == desk.case(2).customer_hash
    path.write_bytes(b"no mbox")
    with pytest.raises(SourceError, match="is no mbox file"):
        desk.take(path)


@pytest.fixture
def imap(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeImap]:
    """A server with two mails."""
    monkeypatch.setenv("TRIAGE_IMAP_PASSWORD", PASSWORD)
    server = FakeImap()
    server.folder.mails = {4: mail("一，我要举报"), 9: mail("二，我要举报")}
    yield server
    server.shutdown()
    server.server_close()


def test_a_mailbox_is_read_on_and_left_as_it_is(desk: Desk, imap: FakeImap) -> None:
    """By the numbers of its mails; EXAMINE and PEEK mark nothing as read."""
    assert desk.take(imap.url, allow_plain=True, since=date(2026, 11, 1)).cases == 2
    assert desk.take(imap.url, allow_plain=True).taken == 0  # its n:* is the last mail again
    imap.folder.mails[12] = mail("三，我要举报")
    assert desk.take(imap.url, allow_plain=True).taken == 1
    assert [name for name, _ in desk.cases()] == ["mail-4", "mail-9", "mail-12"]
    assert "UID SEARCH UID 1:* SINCE 1-Nov-2026" in imap.folder.said
    assert 'ID ("name" "complaint-triage")' in imap.folder.said
    words = {said.split()[0] for said in imap.folder.said}
    assert words <= {"CAPABILITY", "LOGIN", "ID", "EXAMINE", "UID"}


def test_a_connection_that_breaks_off_loses_nothing(desk: Desk, imap: FakeImap) -> None:
    """The next run goes on."""
    imap.folder.breaks_at = 9
    with pytest.raises(SourceError, match="broke off"):
        desk.take(imap.url, allow_plain=True)
    imap.folder.breaks_at = None
    desk.take(imap.url, allow_plain=True)
    assert [name for name, _ in desk.cases()] == ["mail-4", "mail-9"]


def test_mails_that_were_numbered_anew_are_not_taken_twice(desk: Desk, imap: FakeImap) -> None:
    """The operator says from which day on."""
    desk.take(imap.url, allow_plain=True)
    imap.folder.validity = 8
    with pytest.raises(SourceError, match="numbered the mails anew"):
        desk.take(imap.url, allow_plain=True)
    imap.folder.mails = {1: mail("三，我要举报")}
    assert desk.take(imap.url, allow_plain=True, from_start=True).taken == 1


def test_what_a_mail_server_refuses_is_one_sentence(
    desk: Desk, imap: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the password, and none is sent in clear unless that is allowed."""
    with pytest.raises(SourceError, match="offers no encryption"):
        desk.take(imap.url)
    with pytest.raises(SourceError, match="there is no folder 'other'"):
        desk.take(imap.url.replace("%E6%8A%95%E8%AF%89", "other"), allow_plain=True)
    monkeypatch.setenv("TRIAGE_IMAP_PASSWORD", "another-password")
    with pytest.raises(SourceError, match="refuses the user or password"):
        desk.take(imap.url, allow_plain=True)
    assert not any("another" in said for said in imap.folder.said if "LOGIN" not in said)


@pytest.mark.parametrize(
    ("url", "said"),
    [("imaps://mail.example.com", "no address"), ("pop://a@b", "no address"),
     ("imaps://a:geheim@b/x", "holds a password"), ("imaps://a@b:x", "no address")],
)  # fmt: skip
def test_an_address_that_is_none_is_not_repeated(url: str, said: str) -> None:
    """It may hold a password."""
    with pytest.raises(SourceError, match=said) as caught:
        read_account(url, PASSWORD)
    assert "geheim" not in str(caught.value)
