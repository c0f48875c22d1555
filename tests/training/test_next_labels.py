"""Which texts are worth labelling, and the way to a labelling tool and back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from classifier import Triage
from classifier.artifact import read_artifact
from classifier.errors import InputFileError
from classifier.prediction import Band, Category, Intensity, RankedCategory
from tests.builders import prediction, write_csv
from training.__main__ import main
from training.next_labels import Candidate, choose, doubt_of, read_candidates

TEXTS = (
    "汤里有一只虫子，请问怎么处理", "汤里有一只虫子，请问怎么处理！", "快递三天没动了，包裹在哪",
    "退款什么时候到，客服没有回复", "客服态度太差劲了，还乱扔快递", "面包里吃出铁丝还不退款",
)  # fmt: skip


def pool(folder: Path, texts: tuple[str, ...] = TEXTS) -> Path:
    """A table of texts without labels."""
    rows: list[tuple[object, ...]] = [(f"t{n}", text) for n, text in enumerate(texts)]
    return write_csv(folder / "pool.csv", rows, ("id", "text"))


def next_labels(folder: Path, model: Path, kind: str, *options: str) -> Path:
    """Run `next-labels` over the pool; the path of what it wrote."""
    target = folder / f"next.{ {'label-studio': 'json', 'doccano': 'jsonl'}.get(kind, 'csv') }"
    command = ["next-labels", "--data", str(pool(folder)), "--model", str(model), "--number", "3"]
    done = CliRunner().invoke(main, [*command, "--output", str(target), "--format", kind, *options])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == str(target)
    return target


def read_back(folder: Path, *files: Path) -> tuple[list[dict[str, str]], str]:
    """Run `read-labels`; the rows of the table, and what was printed."""
    target = folder / "labels.csv"
    done = CliRunner().invoke(main, ["read-labels", *map(str, files), "--output", str(target)])
    assert done.exit_code == 0, done.exception
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file)), done.stdout


def test_doubt_by_hand() -> None:
    """Category 0.6 against 0.3 is 0.7; two even levels of four are half the largest entropy."""
    top = (RankedCategory("a", 0.6), RankedCategory("b", 0.3))
    said = prediction()._replace(
        category=Category("a", "a", 0.6, Band.LOW, top),
        intensity=Intensity(1, "x", 0.5, (0.5, 0.5, 0.0, 0.0), Band.LOW),
    )
    assert doubt_of(said) == pytest.approx((0.7 + 0.5) / 2)
    assert doubt_of(said._replace(intensity=None)) == pytest.approx(0.7)
    assert doubt_of(said._replace(intensity=None, category=None)) is None


def test_of_near_duplicates_one_is_chosen(toy_folder: Path) -> None:
    """The more doubted of two reposts is taken, and never both."""
    artifact = read_artifact(toy_folder)
    found = [
        Candidate(str(n), text, text, prediction(), 0.9 - n / 10) for n, text in enumerate(TEXTS)
    ]
    chosen = choose(found, artifact, 5)
    assert [one.row_id for one in chosen] == ["0", "2", "3", "4", "5"]


def test_chosen_texts_are_spread(toy_folder: Path) -> None:
    """Of two groups of alike texts with equal doubt, two chosen texts come one from each."""
    texts = [f"{a}快递丢了，快递员乱扔包裹{b}" for a, b in ("上午", "今天", "啊呀", "真是")]
    texts += [f"{a}退款没到，退款一直推{b}" for a, b in ("请问", "喂喂", "你们", "又是")]
    found = [Candidate(str(n), text, text, prediction(), 0.5) for n, text in enumerate(texts)]
    chosen = choose(found, read_artifact(toy_folder), 2)
    assert sorted(int(one.row_id) // 4 for one in chosen) == [0, 1]


def test_what_cannot_or_need_not_be_labelled_is_counted(tmp_path: Path, toy: Triage) -> None:
    """Empty, repeated, known and foreign texts are left out, each with its reason."""
    texts = ("退款没到账，打13800001111", "", "退款没到账，打13800001111", "hello there my friend",
             "快递丢了没人管")  # fmt: skip
    known = frozenset({"快递丢了没人管"})
    found, left_out = read_candidates([pool(tmp_path, texts)], "text", toy, known=known)
    assert [(one.row_id, one.text) for one in found] == [("t0", "退款没到账，打[手机]")]
    assert sum(left_out.values()) == 4
    assert (left_out["no text"], left_out["repeated text"], left_out["labelled already"]) == (
        1,
    ) * 3


def test_label_studio_and_back(tmp_path: Path, toy_folder: Path) -> None:
    """Tasks fit the interface; two who agree settle, a skipped task and a dispute stay out."""
    path = next_labels(tmp_path, toy_folder, "label-studio", "--show-model")
    tasks = json.loads(path.read_text(encoding="utf-8"))
    interface = ET.fromstring(  # noqa: S314  (our own file)
        path.with_suffix(".interface.xml").read_text(encoding="utf-8")
    )
    known = {c.get("alias") for c in interface.findall("./Choices[@name='category']/Choice")}
    assert known == {"attitude", "delivery", "refund", "safety"}
    (category, level) = tasks[0]["predictions"][0]["result"]
    assert category["value"]["choices"][0] in known
    assert level["from_name"] == "level"
    agreed, disputed, skipped = tasks
    agreed["annotations"] = [annotation(1, "refund", "3"), annotation(2, "refund", "3")]
    disputed["annotations"] = [annotation(1, "refund", "3"), annotation(2, "safety", "3")]
    skipped["annotations"] = [annotation(1, "refund", "1") | {"was_cancelled": True}]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    rows, shown = read_back(tmp_path, path)
    assert [(r["category"], r["intensity"], r["label_weight"], r["reviewers"]) for r in rows] == [
        ("refund", "3", "1.0", "2"), ("", "3", "1.0", "2"),
    ]  # fmt: skip
    assert f"disputed: {disputed['data']['row_id']}, category" in shown


def annotation(by: int, category: str, level: str) -> dict[str, object]:
    """One annotation as Label Studio exports it."""
    result = [
        {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [value]},
         "id": "x", "origin": "manual"}
        for name, value in (("category", category), ("level", level))
    ]  # fmt: skip
    return {"id": by, "completed_by": by, "result": result, "was_cancelled": False,
            "ground_truth": False, "updated_at": "2026-11-01T00:00:00Z"}  # fmt: skip


def test_a_ground_truth_decides(tmp_path: Path) -> None:
    """A reviewer's ground truth outweighs two who agree."""
    truth = annotation(3, "safety", "5") | {"ground_truth": True, "completed_by": {"id": 3}}
    task = {"data": {"row_id": "a", "text": "虫子"},
            "annotations": [annotation(1, "x", "1"), annotation(2, "x", "1"), truth]}  # fmt: skip
    (tmp_path / "e.json").write_text(json.dumps([task]), encoding="utf-8")
    rows, _ = read_back(tmp_path, tmp_path / "e.json")
    assert (rows[0]["category"], rows[0]["status"]) == ("safety", "adjudicated")


def test_doccano_and_back(tmp_path: Path, toy_folder: Path) -> None:
    """Without labels at first; one exported file for each person."""
    path = next_labels(tmp_path, toy_folder, "doccano")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all(line["label"] == [] for line in lines)
    known = json.loads(path.with_suffix(".labels.json").read_text(encoding="utf-8"))
    assert {"category:refund", "level:5"} <= {label["text"] for label in known}
    for name, labels in (("anna", ["category:refund", "level:3"]), ("bernd", ["category:refund"])):
        # an export: doccano's own number, then text, what came in beside it, label and comments
        line = {"id": 7, **lines[0], "label": labels, "Comments": []}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    rows, shown = read_back(tmp_path, tmp_path / "anna.jsonl", tmp_path / "bernd.jsonl")
    assert [(r["id"], r["category"], r["intensity"]) for r in rows] == [
        (lines[0]["row_id"], "refund", "3")
    ]
    assert "agreed 1" in shown


def test_a_table_and_back(tmp_path: Path, toy_folder: Path) -> None:
    """Rows that were filled in come back, empty ones do not; one person counts less."""
    path = next_labels(tmp_path, toy_folder, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert not any(row["category"] + row["intensity"] for row in rows)
    rows[1] |= {"category": "refund", "intensity": "2"}
    filled = [tuple(row.values()) for row in rows]
    found, _ = read_back(tmp_path, write_csv(path, filled, tuple(rows[0])))
    assert [(r["id"], r["category"], r["label_weight"]) for r in found] == [
        (rows[1]["row_id"], "refund", "0.6")
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "no valid JSON"),
        ("a.json", '{"a": 1}', "a list of tasks is needed"),
        ("a.json", '[{"data": {"row_id": "a", "text": "虫"}}]', "export as JSON, not JSON-MIN"),
        ("a.jsonl", '{"text": "虫", "label": []}', "line 1: row_id is missing"),
        ("a.jsonl", '{"text": "虫", "row_id": "a", "label": ["refund"]}', "label 'refund' is none"),
        ("a.jsonl", '{"text": "虫", "row_id": "a", "label": ["level:x"]}', "no whole number"),
        ("a.txt", "", "format '.txt' is none of .json, .jsonl, .csv"),
        ("a.jsonl", '{"text": "虫", "row_id": "a", "label": []}', "nobody has labelled"),
    ],
)
def test_what_is_no_export_says_why(tmp_path: Path, name: str, content: str, message: str) -> None:
    """The message names the file, the place and what is needed."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    done = CliRunner().invoke(
        main, ["read-labels", str(tmp_path / name), "--output", str(tmp_path / "o.csv")]
    )
    assert isinstance(done.exception, InputFileError)
    assert message in str(done.exception)
