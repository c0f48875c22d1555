from __future__ import annotations

from pathlib import Path

import pytest

from service.outbox.targets import TargetsError, load_targets
from tests.service.outbox.conftest import SECRET

GOOD = """
page_url = "https://triage.example.com/cases/{case_id}"

[targets.crm]
kind = "webhook"
url = "https://crm.example.com/hook"
secret_env = "CRM_SECRET"

[targets.duty]
kind = "feishu"
url_env = "FEISHU_URL"
secret_env = "FEISHU_SECRET"
priority = "P1"
teams = ["legal"]

[on_call.experts]
people = ["王芳"]
feishu_ids = ["ou_1"]

[escalation]
remind_share = 0.25
late_shares = [0.0, 1.0]
on_call = { L2 = "experts" }
"""
SET = {
    "CRM_SECRET": SECRET,
    "FEISHU_URL": "https://open.feishu.cn/open-apis/bot/v2/hook/x",
    "FEISHU_SECRET": "s",
}


def mistakes(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    """What is wrong with a file."""
    path = tmp_path / "targets.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TargetsError) as caught:
        load_targets(path, SET if environment is None else environment)
    return caught.value.mistakes


def test_a_good_file_gives_targets_with_their_secrets_hidden(tmp_path: Path) -> None:
    """What is printed of a target shows no secret and no robot's address."""
    path = tmp_path / "targets.toml"
    path.write_text(GOOD, encoding="utf-8")
    found = load_targets(path, SET)
    assert list(found.by_name) == ["crm", "duty"]
    assert found.by_name["crm"].values["secret"] == SECRET
    assert SECRET not in repr(found)
    assert "open-apis" not in repr(found)


def test_no_file_means_nobody(tmp_path: Path) -> None:
    """Nothing is delivered, nothing escalates."""
    found = load_targets(None, {})
    assert (dict(found.by_name), found.settings.escalation) == ({}, None)


def test_a_subscription_chooses_by_type_priority_and_team(tmp_path: Path) -> None:
    """Programs get everything unless told otherwise, people what they have to act on."""
    path = tmp_path / "targets.toml"
    path.write_text(GOOD, encoding="utf-8")
    targets = load_targets(path, SET).by_name
    urgent, calm = {"priority": "P1", "team": "legal"}, {"priority": "P2", "team": "legal"}
    assert targets["crm"].wants("case.created", calm)
    assert targets["crm"].wants("model.promoted", {})
    assert targets["duty"].wants("case.escalated", urgent)
    assert not targets["duty"].wants("case.created", urgent)
    assert not targets["duty"].wants("case.escalated", calm)
    assert not targets["duty"].wants("case.escalated", {"priority": "P0", "team": "finance"})


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """Place, value and what is allowed."""
    found = mistakes(
        tmp_path,
        """
        [targets.crm]
        kind = "webhook"
        secret_env = "crm secret"
        [targets.chat]
        kind = "slack"
        [targets.duty]
        kind = "wecom"
        url_env = "URL"
        per_minute = 0
        colour = "red"
        """,
    )
    joined = "\n".join(found)
    assert "targets.crm.webhook.secret_env is 'crm secret'" in joined
    assert "targets.chat" in joined
    assert "'feishu'" in joined
    assert "targets.duty.wecom.per_minute is 0" in joined
    assert "targets.duty.wecom.colour is unknown" in joined


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (('"https://crm', '"http://crm'), "allow_http = true"),
        (('"https://crm', '"ftp://crm'), "url begins with 'ftp'"),
        (('"https://crm', '"https://anna:pw@crm'), "belongs into no address"),
        (('url = "https://crm.example.com/hook"\n', ""), "url or url_env is missing"),
        (('kind = "webhook"', 'kind = "webhook"\nevents = ["case.exploded"]'), "case.exploded"),
        (('kind = "webhook"', 'kind = "webhook"\ntimeout_seconds = 60'), "ok"),
        (('L2 = "experts"', 'L2 = "nobody"'), "lists are experts"),
        (("[0.0, 1.0]", "[1.0, 0.0]"), "growing numbers"),
        (("/cases/{case_id}", "/cases"), "{case_id}"),
        (('page_url = "', 'zone = "Mars/Base"\npage_url = "'), "zone is 'Mars/Base'"),
        (('page_url = "', 'lease_seconds = 5\npage_url = "'), "less than lease_seconds"),
        (("[targets.crm]", "[targets.crm"), "line"),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, change: tuple[str, str], part: str) -> None:
    """What a schema cannot say is said too; a slow target alone is no mistake."""
    text = GOOD.replace(*change)
    assert text != GOOD
    if part == "ok":
        path = tmp_path / "targets.toml"
        path.write_text(text, encoding="utf-8")
        assert load_targets(path, SET).by_name["crm"].settings.timeout_seconds == 60
        return
    assert part in "\n".join(mistakes(tmp_path, text))


@pytest.mark.parametrize("secret", ["", "plain", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!"])
def test_a_secret_that_cannot_sign_is_refused_unseen(tmp_path: Path, secret: str) -> None:
    """The variable is named, its value is not."""
    found = "\n".join(mistakes(tmp_path, GOOD, {**SET, "CRM_SECRET": secret}))
    assert "secret_env" in found
    assert secret == "" or secret not in found.replace("not whsec_ and", "")


@pytest.mark.parametrize(
    ("more", "password", "part"),
    [
        ('user_env = "U"', "p", "belong together"),
        ('user_env = "U"\npassword_env = "P"\nsecurity = "none"', "p", "starttls or tls"),
        ('user_env = "U"\npassword_env = "P"', "密码", "beyond ASCII"),
        ('to = ["a@b.c, d@e.f"]', "p", "targets.mail.email.to.0"),
    ],
)
def test_mistakes_of_an_email_target(tmp_path: Path, more: str, password: str, part: str) -> None:
    """A password is never sent in the clear."""
    text = f'[targets.mail]\nkind = "email"\nhost = "mx"\nsender = "a@b.c"\n{more}\n'
    found = "\n".join(mistakes(tmp_path, text, {"U": "u", "P": password}))
    assert part in found
    assert "密码" not in found


def test_a_robots_address_is_not_shown(tmp_path: Path) -> None:
    """Its token is a secret, also when the address is wrong."""
    wrong = {**SET, "FEISHU_URL": "gopher://open.feishu.cn/hook/tok3n"}
    assert "tok3n" not in "\n".join(mistakes(tmp_path, GOOD, wrong))
