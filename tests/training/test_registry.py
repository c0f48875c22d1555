"""Which version is current changes under a lock, with a history, and goes back step by step."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from click.testing import CliRunner, Result

from classifier import Triage, load
from classifier.artifact import WEIGHTS, current_version
from classifier.errors import ModelError, SettingsError
from tests.builders import renamed
from training.__main__ import main
from training.registry import HISTORY, Change, find_folder, previous_version, read_history, switch

Models = dict[str, Triage]


@pytest.fixture(scope="module")
def loaded(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Versions a, b and c of one model."""
    folder = tmp_path_factory.mktemp("loaded")
    return {version: load(renamed(toy_folder, folder / version)) for version in "abc"}


@pytest.fixture
def models(toy_folder: Path, tmp_path: Path) -> Path:
    """The folders of the same versions; a is current, put there by hand."""
    for version in "abc":
        renamed(toy_folder, tmp_path / version)
    (tmp_path / "CURRENT").write_text("a\n", encoding="utf-8")
    return tmp_path


def call(models: Path, *command: str) -> Result:
    """Run a command on the models folder."""
    return CliRunner().invoke(main, [*command, "--models", str(models)])


def promotion(why: str = "trial") -> Change:
    """A promotion without gates."""
    return Change("promote", why, "li", is_forced=True)


def test_a_change_is_noted_with_who_when_why_and_from_what(models: Path, loaded: Models) -> None:
    """The entry that is returned is the line of the history."""
    change = Change("promote", "每月更新", "li", gates={"passed": True})
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    entry = switch(models, loaded["b"], change, expected="a", now=now)
    assert current_version(models) == "b"
    assert read_history(models) == [entry]
    assert (entry["action"], entry["version"], entry["before"]) == ("promote", "b", "a")
    assert (entry["at"], entry["by"], entry["why"]) == (
        "2026-03-04T05:06:07+00:00", "li", "每月更新",
    )  # fmt: skip
    assert entry["data"][0]["name"] == "toy.csv"
    assert len(entry["code"]["trained"]["sha256"]) == 64
    assert entry["digest"] == loaded["b"].describe()["digest"]
    assert "a -> b  li, gates passed: 每月更新" in call(models, "history").output
    assert json.loads(call(models, "history", "--json").stdout) == entry


def test_of_promotions_at_once_one_wins(models: Path, loaded: Models) -> None:
    """Each looked when a was current: one changes it, the others change nothing; fifty times."""
    start = Barrier(4)

    def promote(version: str) -> str | None:
        start.wait()
        try:
            switch(models, loaded[version], promotion(), expected="a")
        except ModelError as error:
            assert "meanwhile, a was expected: nothing was changed" in str(error)  # noqa: PT017
            return None
        return version

    won = []
    with ThreadPoolExecutor(4) as pool:
        for _ in range(50):
            (winner,) = filter(None, pool.map(promote, "bcbc"))
            assert current_version(models) == winner
            switch(models, loaded["a"], promotion(), expected=winner)
            won += [winner, "a"]
    assert [entry["version"] for entry in read_history(models)] == won
    assert {path.name for path in models.iterdir()} == {*"abc", "CURRENT", HISTORY, ".lock"}


def test_rollback_goes_back_step_by_step(models: Path, loaded: Models) -> None:
    """Two promotions are taken back by two rollbacks; then there is nothing before."""
    switch(models, loaded["b"], promotion(), expected="a")
    switch(models, loaded["c"], promotion(), expected="b")
    for expected in ("b", "a"):
        run = call(models, "rollback", "--why", "complaints")
        assert run.exit_code == 0, run.output
        assert current_version(models) == expected
    assert "no history of an earlier version: name one" in str(call(models, "rollback").exception)
    assert [entry["action"] for entry in read_history(models)] == ["promote"] * 2 + ["rollback"] * 2


def test_a_change_that_was_cut_off_counts_as_none() -> None:
    """The entry of b was written, CURRENT still says a: before a there was z."""
    keys = ("action", "version", "before")
    steps = [("first", "z", None), ("promote", "a", "z"), ("promote", "b", "a")]
    history = [dict(zip(keys, step, strict=True)) for step in steps]
    assert previous_version(history, "a") == "z"
    assert previous_version(history, "b") == "a"
    assert previous_version(history, "q") == "b"  # by hand to another one
    assert previous_version([], "a") is None


def test_a_broken_folder_is_never_made_current(models: Path, loaded: Models) -> None:
    """Neither promote nor rollback changes anything if the model does not load."""
    (models / "b" / WEIGHTS).write_bytes(b"")
    for command in (
        ("promote", "b", "--force", "--why", "w"),
        ("promote", "b", "--holdout", __file__),
        ("rollback", "--to", "b"),
    ):
        assert isinstance(call(models, *command).exception, ModelError)
    (models / "empty").mkdir()
    unknown = str(call(models, "promote", "empty", "--force", "--why", "w").exception)
    assert "no model 'empty' in" in unknown
    assert "there are a, b, c" in unknown
    assert current_version(models) == "a"
    assert not read_history(models)
    switch(models, loaded["c"], promotion(), expected="a")
    (models / "a" / WEIGHTS).unlink()
    assert isinstance(call(models, "rollback").exception, ModelError)
    assert current_version(models) == "c"


def test_force_needs_a_reason_and_is_noted(models: Path) -> None:
    """Without gates somebody says why."""
    run = call(models, "promote", "b", "--force")
    assert isinstance(run.exception, SettingsError)
    assert "--why is missing" in str(run.exception)
    long = call(models, "promote", "b", "--force", "--why", "w" * 501)
    assert "--why has 501 characters, at most 500" in str(long.exception)
    run = call(models, "promote", "b", "--force", "--why", "fraud wave", "--by", "li")
    assert run.stdout == "current model: b (before: a)\n"
    assert "a -> b  li, forced: fraud wave" in call(models, "history").output
    again = call(models, "promote", "b", "--force", "--why", "w").exception
    assert "b is the current model already" in str(again)


def test_a_model_is_named_by_version_folder_or_current(models: Path) -> None:
    """Only one that lies in the models folder can become current."""
    assert find_folder(models, "CURRENT") == models / "a"
    assert find_folder(models, str(models / "b")) == models / "b"
    elsewhere = shutil.copytree(models / "b", models / "deeper" / "b")
    for command in (
        ("promote", str(elsewhere), "--force", "--why", "w"),
        ("rollback", "--to", str(elsewhere)),
    ):
        assert "does not lie in" in str(call(models, *command).exception)
    assert "no history yet" in call(models, "history").stderr


def test_a_damaged_history_is_named_by_line(models: Path) -> None:
    """A rollback goes on with --to."""
    (models / HISTORY).write_text('{"action": "first", "version": "a"}\n{"acti', encoding="utf-8")
    assert "line 2 has no `action`" in str(call(models, "rollback").exception)
    assert call(models, "rollback", "--to", "b").exit_code == 0
