from __future__ import annotations

import json
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service import first_start
from service.db import Database
from service.keys import list_keys
from service.tables import Scope
from service.users import count_users
from tests.service.fakes import make_settings


def test_a_new_database_gets_one_key_and_one_supervisor(database: Database) -> None:
    """The secrets are returned once; a second start makes nothing."""
    secrets = first_start.prepare(database)
    assert secrets is not None
    assert secrets.key is not None
    assert secrets.password is not None
    assert list_keys(database)[0].scopes == {Scope.CLASSIFY}
    assert first_start.prepare(database) is None
    assert (len(list_keys(database)), count_users(database)) == (1, 1)


def test_instances_that_start_at_once_make_one_supervisor(database: Database) -> None:
    """One of them shows the password; the others start all the same."""
    barrier = threading.Barrier(4)

    def start(_number: int) -> first_start.Secrets | None:
        barrier.wait()
        return first_start.prepare(database)

    with ThreadPoolExecutor(4) as pool:
        shown = [secrets for secrets in pool.map(start, range(4)) if secrets]
    assert len([one for one in shown if one.password]) == 1
    assert count_users(database) == 1


def test_secrets_do_not_show_in_logs(database: Database) -> None:
    """Their text form holds neither key nor password."""
    secrets = first_start.prepare(database)
    assert secrets is not None
    assert str(secrets.key) not in repr(secrets)
    assert str(secrets.password) not in repr(secrets)


def test_the_announced_command_is_one_a_shell_understands(tmp_path: Path) -> None:
    """The curl line holds the key, the right port, and JSON with a text."""
    settings = make_settings(tmp_path, TRIAGE_PORT="8123", TRIAGE_HOST="0.0.0.0")  # noqa: S104
    words = shlex.split(first_start.curl("ct_a_b", settings))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:8123/v1/classify"]
    assert "Authorization: Bearer ct_a_b" in words
    assert json.loads(words[-1])["text"]


def test_the_announcement_says_that_it_is_shown_once(tmp_path: Path) -> None:
    """Key, user and password are in it, in Chinese."""
    shown = first_start.announcement(
        first_start.Secrets("ct_a_b", "geheim"), make_settings(tmp_path)
    )
    for part in ("只显示这一次", "ct_a_b", "supervisor", "geheim", "curl"):
        assert part in shown
