"""A playbook with a mistake suggests nothing, and the message says where."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier.__main__ import main
from classifier.errors import PlaybookError
from classifier.playbook_file import check_playbook, load_playbook, packaged_path, parse_playbook

SOURCE = packaged_path().read_text(encoding="utf-8")
PACKAGED = tomllib.loads(SOURCE)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), "", "playbook.version is ''"),
        (("min_band",), "sure", "playbook.min_band is 'sure', allowed are high, medium, low"),
        (("surprise",), 1, "playbook.surprise is unknown"),
        (("words", "lies"), [], "words.lies is unknown"),
        (("words", "promise"), "保证", "words.promise is '保证', a list of texts is needed"),
        (("levels",), {}, "levels must begin with a level whose min_rank is 0"),
        (("levels", "calm", "min_rank"), 0.1, "must begin with a level whose min_rank is 0"),
        (("levels", "upset", "min_rank"), 0.6, "levels must be listed from the calmest on"),
        (("levels", "angry", "mood"), "cross", "levels.angry.mood is 'cross', allowed are calm"),
        (("levels", "angry", "steps"), [], "levels.angry.steps is '[]', a list of 1-5 texts"),
        (("default", "calm"), "", "default.calm is ''"),
        (("default", "sad"), "好。", "default.sad is unknown"),
        (("categories", "refund", "steps"), ["查账。"], "a list of 2-5 texts is needed"),
        (("categories", "refund", "steps"), "查账。", "a list of texts is needed"),
        (
            ("categories", "refund", "steps"),
            ["查账。", "长" * 41],
            "refund.steps[2] has 41 charact",
        ),
        (
            ("categories", "refund", "calm"),
            "很" * 60 + "。",
            "61 characters; one line of at most 60",
        ),
        (("categories", "refund", "calm"), "请说", "2 characters; one line of at most 60"),
        (("categories", "refund", "calm"), "请\n说。", "one line"),
        (
            ("categories", "refund", "calm"),
            "我们保证查清。",
            "'保证' of words.promise: an opening pro",
        ),
        (
            ("categories", "refund", "calm"),
            "请您冷静。",
            "holds '冷静' of words.dispute: an opening",
        ),
        (("levels", "calm", "opening"), "是我们的错。", "holds '我们的错' of words.fault"),
        (("categories", "refund", "calm"), "亲，在的。", "holds '亲' of words.forms"),
        (("categories", "refund", "calm"), "请等3天。", "holds '3': figures look like money or da"),
        (("signals", "repeat", "also"), "全额给您。", "signals.repeat.also holds '全额'"),
        (("signals", "repeat", "first"), "yes", "signals.repeat.first is 'yes'"),
        (("signals", "repeat", "alone"), True, "signals.repeat.opening is missing"),
        (("signals", "self_harm", "also"), "好。", "signals.self_harm is alone: also and first"),
        (("priorities", "P9"), {"steps": ["急。"]}, "priorities.P9 is unknown"),
        (("doubt",), "读", "doubt is '读', a table is needed"),
    ],
)
def test_each_mistake_is_named_with_its_place(
    path: tuple[str, ...], value: object, message: str
) -> None:
    """The place, the value and what is allowed stand in one sentence."""
    values = copy.deepcopy(PACKAGED)
    table = values
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    with pytest.raises(PlaybookError) as caught:
        check_playbook(values)
    assert message in " | ".join(caught.value.mistakes)


@pytest.mark.parametrize("section", ["version", "words", "levels", "default", "doubt"])
def test_what_is_needed_is_missed(section: str) -> None:
    """Each of them is named."""
    values = {key: value for key, value in PACKAGED.items() if key != section}
    with pytest.raises(PlaybookError, match=f"{section} is missing"):
        check_playbook(values)


def test_signals_categories_and_priorities_may_be_left_out() -> None:
    """A playbook of levels and a default is enough to suggest something."""
    optional = {"signals", "categories", "priorities"}
    values = {key: value for key, value in PACKAGED.items() if key not in optional}
    found = check_playbook(values)
    assert (found.signals, found.categories, found.priorities) == ({}, {}, {})


def test_a_file_that_is_not_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    """One sentence that names the file."""
    with pytest.raises(PlaybookError, match=r"nowhere\.toml"):
        load_playbook(tmp_path / "nowhere.toml")
    with pytest.raises(PlaybookError, match="not TOML"):
        parse_playbook(b"version = [")
    with pytest.raises(PlaybookError, match="line 2: byte 0xff is not UTF-8"):
        parse_playbook(b"# x\n\xff")


def run(*command: object) -> Result:
    """One `python -m classifier playbook …`."""
    return CliRunner().invoke(main, ["playbook", *map(str, command)])


def test_check_names_every_mistake_with_its_line(tmp_path: Path) -> None:
    """Two slips in two places are two lines, in the order of the file; the status is a failure."""
    text = SOURCE.replace('mood = "angry"', 'mood = "cross"')
    text = text.replace("我先查一查订单现在的情况。", "我们明天一定送到。")
    path = tmp_path / "slips.toml"
    path.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    mood = lines.index('mood = "cross"') + 1
    (said,) = [n for n, line in enumerate(lines, start=1) if "明天一定送到" in line]
    done = run("check", path)
    assert done.exit_code == 1
    assert isinstance(done.exception, PlaybookError)
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        f"line {mood}", f"line {said}", f"line {said}",
    ]  # fmt: skip
    assert "has 3 mistakes" in str(done.exception)


def test_check_accepts_the_packaged_file_without_a_note() -> None:
    """Every signal of the lexicon is in it."""
    done = run("check", packaged_path())
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"version {PACKAGED['version']} (" in done.stdout


def test_check_notes_forgotten_and_unknown_signals(tmp_path: Path) -> None:
    """Both are allowed; nobody wants them by accident."""
    path = tmp_path / "notes.toml"
    path.write_text(SOURCE.replace("[signals.self_harm]", "[signals.selfharm]"), encoding="utf-8")
    done = run("check", path)
    assert done.exit_code == 0
    assert "note: signals.selfharm is no signal of the lexicon" in done.stderr
    assert "note: signals.self_harm is missing" in done.stderr


def test_show_tells_what_would_be_suggested(toy_folder: Path) -> None:
    """Opening, numbered steps, sources; or one JSON object."""
    text = "快递丢了还骗我，垃圾公司！！！"
    done = run("show", "--text", text, "--model", toy_folder)
    assert done.exit_code == 0, done.output
    assert "\n1. " in done.stdout
    assert "levels." in done.stdout.splitlines()[-1]
    assert '"opening": "' in run("show", "--text", text, "--model", toy_folder, "--json").stdout
