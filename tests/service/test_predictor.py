from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from classifier.errors import ModelError
from classifier.policy_file import load_policy, packaged_path
from service.policy_watch import PolicyWatch
from service.predictor import Predictor
from tests.service.fakes import FakeTriage, load_fake, make_model


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder whose current model is v1."""
    make_model(tmp_path, "v1")
    return tmp_path


@pytest.fixture
def predictor(models: Path) -> Predictor:
    """A predictor that serves v1."""
    return Predictor(models, load_fake, load_policy())


def test_without_a_model_the_start_says_what_to_run(tmp_path: Path) -> None:
    """A missing CURRENT is one sentence with the command."""
    with pytest.raises(ModelError, match="make train"):
        Predictor(tmp_path, load_fake, load_policy())


def test_a_damaged_model_stops_the_start(models: Path) -> None:
    """The library's sentence is handed on."""
    make_model(models, "v2", is_damaged=True)
    with pytest.raises(ModelError, match="v2 is damaged"):
        Predictor(models, load_fake, load_policy())


def test_a_model_has_predicted_before_a_request_meets_it(
    predictor: Predictor, models: Path
) -> None:
    """What the library makes at its first use is made before the fork, and before a swap."""
    assert isinstance(predictor.model, FakeTriage)
    assert predictor.model.texts_seen == 1
    make_model(models, "v2")
    predictor.refresh()
    assert predictor.model.version == "v2"
    assert predictor.model.texts_seen == 1


def test_a_new_model_is_swapped_in(predictor: Predictor, models: Path) -> None:
    """After CURRENT changed the next look serves the new model."""
    make_model(models, "v2")
    assert predictor.versions[0] == "v1"
    predictor.refresh()
    assert predictor.versions[0] == "v2"


def test_a_damaged_new_model_is_logged_once_and_the_old_one_serves(
    predictor: Predictor, models: Path
) -> None:
    """A bad model on the way in hurts nobody; a good one after it is taken."""
    make_model(models, "v2", is_damaged=True)
    with capture_logs() as events:
        for _ in range(10):
            predictor.refresh()
    assert [event["event"] for event in events] == ["model_refused"]
    assert predictor.versions[0] == "v1"
    make_model(models, "v3")
    predictor.refresh()
    assert predictor.versions[0] == "v3"


def test_a_model_that_is_whole_now_is_taken_at_once(predictor: Predictor, models: Path) -> None:
    """It was named before all of it had been copied."""
    make_model(models, "v2", is_damaged=True)
    predictor.refresh()
    (models / "v2" / "fake").touch()
    predictor.refresh()
    assert predictor.versions[0] == "v2"


def test_a_repaired_model_is_taken_after_a_minute(predictor: Predictor, models: Path) -> None:
    """A refused version is looked at again every sixty checks, though nothing seems changed."""
    make_model(models, "v2", is_damaged=True)
    before = (models / "v2").stat()
    predictor.refresh()
    (models / "v2" / "fake").touch()
    os.utime(models / "v2", ns=(before.st_atime_ns, before.st_mtime_ns))
    predictor.refresh()
    assert predictor.versions[0] == "v1"
    for _ in range(60):
        predictor.refresh()
    assert predictor.versions[0] == "v2"


@pytest.mark.parametrize("content", [None, "", "../elsewhere", "a\nb/c"])
def test_a_broken_current_leaves_the_old_model(
    predictor: Predictor, models: Path, content: str | None
) -> None:
    """A missing or senseless CURRENT changes nothing."""
    if content is None:
        (models / "CURRENT").unlink()
    else:
        (models / "CURRENT").write_text(content)
    predictor.refresh()
    assert predictor.versions[0] == "v1"


def test_a_request_keeps_its_model_while_another_is_swapped_in(models: Path) -> None:
    """The new model is loaded beside the old one, which answers until the swap."""
    make_model(models, "v1")
    loading, go_on = threading.Event(), threading.Event()

    def load_slowly(folder: Path) -> FakeTriage:
        if folder.name == "v2":
            loading.set()
            assert go_on.wait(10)
        return load_fake(folder)

    predictor = Predictor(models, load_slowly, load_policy())
    make_model(models, "v2")
    refresh = threading.Thread(target=predictor.refresh)
    refresh.start()
    assert loading.wait(10)
    assert predictor.model.predict(["服务太差"])[0].model_version == "v1"
    go_on.set()
    refresh.join()
    assert predictor.model.predict(["服务太差"])[0].model_version == "v2"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the packaged policy, written a minute ago."""
    path = tmp_path / "rules.toml"
    path.write_bytes(packaged_path().read_bytes())
    _age(path)
    return path


@pytest.fixture
def watching(models: Path, rules: Path) -> Predictor:
    """A predictor that watches that file."""
    watch = PolicyWatch(rules)
    return Predictor(models, load_fake, watch.current, policy_watch=watch)


def _age(path: Path) -> None:
    """Lets a file be a minute old."""
    then = path.stat().st_mtime - 60
    os.utime(path, (then, then))


def _write_version(path: Path, version: str) -> None:
    text = packaged_path().read_text(encoding="utf-8")
    old = load_policy().version
    path.write_text(text.replace(f'version = "{old}"', f"version = {version}", 1), encoding="utf-8")


def test_a_changed_policy_is_taken_over_without_a_restart(watching: Predictor, rules: Path) -> None:
    """The next look decides by the new file, and says so once with version and hash."""
    before = watching.policy
    _write_version(rules, '"new"')
    _age(rules)
    with capture_logs() as events:
        watching.refresh()
        watching.refresh()
    assert watching.versions[1] == "new"
    assert watching.policy.content_hash != before.content_hash
    assert [(event["event"], event["version"]) for event in events] == [("policy_swapped", "new")]


def test_a_file_that_is_being_written_waits_for_a_second_look(
    watching: Predictor, rules: Path
) -> None:
    """What was changed just now is served only when it is the same a look later."""
    old = watching.policy
    _write_version(rules, '"half"')
    watching.refresh()
    assert watching.policy is old
    _write_version(rules, '"whole"')
    watching.refresh()
    assert watching.policy is old
    watching.refresh()
    assert watching.versions[1] == "whole"


@pytest.mark.parametrize("content", ["7", '"', None])
def test_a_bad_policy_is_refused_with_one_line_and_the_old_one_stays(
    watching: Predictor, rules: Path, content: str | None
) -> None:
    """A wrong value, broken TOML, a file that is gone; a good one after it is taken."""
    old = watching.policy
    if content is None:
        rules.unlink()
    else:
        _write_version(rules, content)
        _age(rules)
    with capture_logs() as events:
        for _ in range(5):
            watching.refresh()
    assert [event["event"] for event in events] == ["policy_refused"]
    assert watching.policy is old
    _write_version(rules, '"good"')
    _age(rules)
    watching.refresh()
    assert watching.versions[1] == "good"


def test_a_candidate_comes_goes_and_is_never_the_current_model(
    predictor: Predictor, models: Path
) -> None:
    """SHADOW names it; without the file, or once it is promoted, there is none."""
    assert predictor.candidate is None
    make_model(models, "v2", pointer="SHADOW")
    predictor.refresh()
    assert predictor.candidate is not None
    assert predictor.candidate.version == "v2"
    make_model(models, "v2")
    predictor.refresh()
    assert predictor.candidate is None
    make_model(models, "v1")
    predictor.refresh()
    assert predictor.candidate is not None
    (models / "SHADOW").unlink()
    predictor.refresh()
    assert predictor.candidate is None


def test_a_damaged_candidate_neither_stops_the_start_nor_the_service(models: Path) -> None:
    """It is logged; the current model serves."""
    make_model(models, "v2", is_damaged=True, pointer="SHADOW")
    with capture_logs() as events:
        predictor = Predictor(models, load_fake, load_policy())
        predictor.refresh()
    assert [event["event"] for event in events] == ["model_refused"]
    assert predictor.candidate is None
    assert predictor.versions[0] == "v1"
