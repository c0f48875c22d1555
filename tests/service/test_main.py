from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from service.__main__ import main
from service.db import Database
from service.keys import find_key, list_keys
from service.settings import read_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new TRIAGE_HOME."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_MODELS", str(tmp_path / "models"))
    return tmp_path


def run(*words: str, stdin: str = "") -> Result:
    """The result of one command."""
    return CliRunner().invoke(main, list(words), input=stdin)


def database_of(home: Path) -> Database:
    """The database in a home."""
    return Database(read_settings({"TRIAGE_HOME": str(home)}).database_url)


def test_a_key_is_printed_alone_on_the_last_line(home: Path) -> None:
    """A script takes the last line and has the key."""
    result = run("create-key", "--name", "crm", "--scope", "classify")
    key = result.stdout.splitlines()[-1]
    assert result.exit_code == 0
    database = database_of(home)
    assert find_key(database, key, list_keys(database)[0].created_at) is not None
    database.close()


def test_a_key_can_have_scopes_and_an_end(home: Path) -> None:
    """Scopes add up; the expiry is that many days away."""
    run("create-key", "--name", "a", "--scope", "classify", "--scope", "metrics",
        "--expires-days", "30")  # fmt: skip
    database = database_of(home)
    key = list_keys(database)[0]
    database.close()
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in {29, 30}
    assert len(key.scopes) == 2


def test_keys_are_listed_without_secrets_and_revoked_by_id() -> None:
    """Listing shows state and use for people and machines; revoking changes the state."""
    key = run("create-key", "--name", "crm", "--scope", "classify").stdout.splitlines()[-1]
    key_id, secret = key.split("_")[1:]
    listed = run("list-keys").stdout
    assert key_id in listed
    assert "live" in listed
    assert secret not in listed
    assert run("revoke-key", key_id).exit_code == 0
    assert run("verify-audit").stdout.startswith("OK: 2 entries")
    shown = json.loads(run("list-keys", "--json").stdout)
    assert (shown["id"], shown["state"], shown["scopes"]) == (key_id, "revoked", ["classify"])


def test_a_user_gets_a_generated_password_on_the_last_line() -> None:
    """Without standard input a password is made and shown once."""
    result = run("create-user", "--name", "王主管", "--role", "adjudicator")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()[-1]) == 20


def test_a_password_from_standard_input_is_not_shown() -> None:
    """A password that the operator gives is not repeated."""
    words = ("create-user", "--name", "a", "--role", "reviewer", "--password-stdin")
    result = run(*words, stdin="correct horse battery\n")
    assert result.exit_code == 0
    assert "correct" not in result.output


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("revoke-key", "nothing"), 1, "no key"),
        (("create-key", "--name", " ", "--scope", "classify"), 1, "name"),
        (("create-key", "--name", "a", "--scope", "fly"), 2, "classify"),
        (("create-key", "--name", "a"), 2, "--scope"),
        (("create-user", "--name", "a", "--role", "king"), 2, "adjudicator"),
        (("create-user", "--name", "a", "--role", "reviewer", "--password-stdin"), 1, "12-200"),
        (("serve",), 1, "make train"),
    ],
)
def test_mistakes_are_one_sentence_on_standard_error(
    words: tuple[str, ...], code: int, part: str
) -> None:
    """Exit code 1 for what cannot be done, 2 for how it was asked; no trace of the program."""
    result = run(*words)
    assert result.exit_code == code
    assert part in result.stderr
    assert "Traceback" not in result.output


def test_a_bad_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named."""
    monkeypatch.setenv("TRIAGE_PORT", "http")
    result = run("serve")
    assert (result.exit_code, "TRIAGE_PORT" in result.stderr) == (1, True)


def test_the_api_document_is_written(tmp_path: Path) -> None:
    """To a file or to standard output."""
    run("openapi", "--output", str(tmp_path / "openapi.json"))
    written = (tmp_path / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(written)["openapi"] == "3.1.0"
    assert run("openapi").stdout == written


def test_people_are_managed_from_the_command_line() -> None:
    """Made, listed, given a role and a password, disabled and enabled; all of it audited."""
    run("create-user", "--name", "anna", "--role", "viewer")
    assert run("set-role", "anna", "--role", "reviewer").exit_code == 0
    changed = run("set-password", "anna", "--password-stdin", stdin="correct horse battery\n")
    assert (changed.exit_code, "horse" in changed.output) == (0, False)
    assert len(run("set-password", "anna").stdout.splitlines()[-1]) == 20
    assert run("disable-user", "anna").exit_code == 0
    shown = json.loads(run("list-users", "--json").stdout)
    assert (shown["name"], shown["role"], shown["state"]) == ("anna", "reviewer", "disabled")
    assert run("enable-user", "anna").exit_code == 0
    assert run("end-sessions", "anna").stdout == "ended 0 sessions of anna\n"
    assert "nobody" in run("end-sessions", "nobody").stderr
    assert "active" in run("list-users").stdout
    assert run("verify-audit").stdout.startswith("OK: 6 entries")


def test_a_tampered_audit_log_is_named(home: Path) -> None:
    """Exit code 1 and the first entry that does not fit."""
    run("create-user", "--name", "anna", "--role", "viewer")
    run("create-user", "--name", "bernd", "--role", "viewer")
    database = database_of(home)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET after = '{}' WHERE id = 2"))
    database.close()
    found = run("verify-audit")
    assert (found.exit_code, "BROKEN: entry 2" in found.stderr) == (1, True)


def test_verifying_without_the_secret_is_one_sentence() -> None:
    """A log cannot be verified in a home that never wrote one."""
    found = run("verify-audit")
    assert (found.exit_code, "secret.key" in found.stderr) == (1, True)


def test_feedback_is_exported_to_a_folder(tmp_path: Path) -> None:
    """Without verdicts nothing is written, and it is said."""
    found = run("export-feedback", "--out", str(tmp_path / "fb"))
    assert (found.exit_code, found.stdout) == (0, "0 verdicts in 0 files, 0 written\n")


def test_a_demo_needs_a_model_and_texts(tmp_path: Path) -> None:
    """Each missing thing is one sentence."""
    assert "make train" in run("demo", "--corpus", str(tmp_path)).stderr
