from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier import load
from classifier.artifact import MANIFEST, write_manifest
from classifier.errors import ModelError
from classifier.profile import labels_of, read_profile
from tests.builders import TOY_ROWS, write_csv
from training.__main__ import main
from training.drift import read_stream

TEXTS = [text + end for text, _, _ in TOY_ROWS for end in ("", "，店名叫东门那家")] * 10


@pytest.fixture(scope="module")
def model(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy model with the profile of 400 texts: 60 would say nothing for sure."""
    folder = tmp_path_factory.mktemp("profiled") / "model"
    shutil.copytree(toy_folder, folder)
    triage = load(folder)
    manifest = triage.describe()
    labels, profile = labels_of(manifest), read_profile(manifest)
    assert profile is not None
    stream = read_stream([texts_file(folder.parent, TEXTS)], triage, labels, "text", lambda _: None)
    counts = {name: found.tolist() for name, found in stream.counts.items()}
    changed = {**profile.as_json(), "texts": len(TEXTS), "counts": counts}
    write_manifest(folder, manifest_of(folder, profile=changed))
    return folder


def texts_file(folder: Path, texts: list[str]) -> Path:
    """An unlabelled table."""
    return write_csv(folder / "texts.csv", [(text,) for text in texts], ("text",))


def manifest_of(folder: Path, **changes: object) -> dict[str, object]:
    """The manifest of a model, changed; None takes an entry away."""
    found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del found["digest"]
    return {k: v for k, v in {**found, **changes}.items() if v is not None}


def run(model: Path, data: Path, *options: str) -> Result:
    """Run `drift`."""
    command = ["drift", "--model", str(model), "--data", str(data), *options]
    return CliRunner().invoke(main, command)


def verdicts(result: Result) -> dict[str, str]:
    """The verdict on each measure, from the JSON."""
    assert result.exit_code == 0, result.output
    return {one["measure"]: one["verdict"] for one in json.loads(result.stdout)["findings"]}


def test_the_same_texts_are_stable(model: Path, tmp_path: Path) -> None:
    """Every measure that texts have, and none of it has moved."""
    found = verdicts(run(model, texts_file(tmp_path, TEXTS[:200]), "--json"))
    assert set(found) == {
        "length", "oov", "outcome", "category", "confidence", "level", "score",
    }  # fmt: skip
    assert set(found.values()) == {"stable"}


def test_half_of_the_texts_in_english_ask_to_act(model: Path, tmp_path: Path) -> None:
    """They cannot be judged and their words are unknown; the mix of the others stays."""
    texts = [text if n % 2 else "i want my money back" for n, text in enumerate(TEXTS)]
    found = verdicts(run(model, texts_file(tmp_path, texts), "--json"))
    assert (found["outcome"], found["oov"]) == ("act", "act")
    assert found["score"] == "stable"


def test_half_of_the_texts_about_one_thing_ask_to_act(model: Path, tmp_path: Path) -> None:
    """The mix of categories moves; the exit code says so only when it is asked to."""
    about = [text for text, category, _ in TOY_ROWS if category == "refund"]
    texts = [text if n % 2 else about[n % 5] for n, text in enumerate(TEXTS)]
    data = texts_file(tmp_path, texts)
    assert verdicts(run(model, data, "--json"))["category"] == "act"
    assert run(model, data).exit_code == 0
    assert run(model, data, "--fail-on", "act").exit_code == 1
    assert "category" in run(model, data).stdout


def test_the_page_has_a_picture_for_each_distribution(model: Path, tmp_path: Path) -> None:
    """It is self-contained, in Chinese, and holds no text of the table."""
    page = tmp_path / "drift.html"
    result = run(model, texts_file(tmp_path, TEXTS[:150]), "--output", str(page))
    assert result.exit_code == 0, result.output
    content = page.read_text(encoding="utf-8")
    assert content.count("<svg") == 7
    assert "漂移报告" in content
    assert "稳定" in content
    assert "src=" not in content
    assert "东门" not in content
    assert "verdict: stable" in result.stdout


def test_a_table_of_predictions_needs_no_texts(model: Path, tmp_path: Path) -> None:
    """What `classify` wrote gives all but the words; other models' lines are left out."""
    line = {
        "outcome": "ok", "signals": [], "chars_used": 9, "model_version": model.name,
        "category": {"code": "refund", "prob": 0.9, "band": "high"},
        "intensity": {"level": 2, "score": 0.25, "probs": [0.2] * 5, "band": "high"},
    }  # fmt: skip
    lines = [{**line, "id": str(n)} for n in range(150)]
    lines.append({**line, "id": "x", "model_version": "another"})
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    result = run(model, path, "--json")
    found = verdicts(result)
    assert "oov" not in found
    assert found["category"] == "act"
    assert json.loads(result.stdout)["left_out"] == {"prediction of another model": 1}


def verdict(number: int, model: Path, said: str, *reasons: str, **more: object) -> str:
    """A line of the feedback export."""
    return json.dumps({
        "case_id": number, "at": "2026-01-02T00:00:00Z", "model_version": model.name,
        "case_reasons": reasons, "is_settled": False,
        "prediction": {"category": {"code": "refund", "prob": 0.99}, "intensity": None},
        "correction": {"category": said, "level": 1}, **more,
    }) + "\n"  # fmt: skip


def test_only_cases_drawn_at_random_say_how_often_the_model_errs(
    model: Path, tmp_path: Path
) -> None:
    """Of all cases two thirds were overruled, of those drawn at random none."""
    lines = [verdict(n, model, "refund", "audit") for n in range(120)]
    lines += [verdict(n, model, "delivery", "priority") for n in range(200, 440)]
    lines.append(verdict(900, model, "refund", "audit", model_version="another"))
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    result = run(model, texts_file(tmp_path, TEXTS[:150]), "--feedback", str(path), "--json")
    assert verdicts(result)["override_category"] == "stable"
    reviewed = json.loads(result.stdout)["reviewed"][0]
    assert (reviewed["drawn"], reviewed["drawn_share"], reviewed["all"]) == (120, 0.0, 360)
    later = run(
        model, tmp_path / "texts.csv", "--feedback", str(path), "--since", "2026-02-01", "--json"
    )
    assert "override_category" not in verdicts(later)


def test_the_settling_verdict_on_a_case_decides(model: Path, tmp_path: Path) -> None:
    """An adjudication counts, whatever stands before or after it."""
    lines = [
        verdict(1, model, "delivery", "audit"),
        verdict(1, model, "refund", "audit", is_settled=True),
        verdict(1, model, "delivery", "audit", at="2026-01-03T00:00:00Z"),
    ]
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    result = run(model, texts_file(tmp_path, TEXTS[:150]), "--feedback", str(path), "--json")
    assert json.loads(result.stdout)["reviewed"][0]["drawn_share"] == 0.0


def test_a_model_without_a_profile_says_so(model: Path, tmp_path: Path) -> None:
    """In one sentence; it still loads."""
    old = tmp_path / "old"
    shutil.copytree(model, old)
    write_manifest(old, manifest_of(old, profile=None))
    result = run(old, texts_file(tmp_path, TEXTS[:5]))
    assert isinstance(result.exception, ModelError)
    assert "has no profile" in str(result.exception)
