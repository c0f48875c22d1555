"""From exported verdicts to tables and figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier.errors import InputFileError
from tests.training.feedback_lines import AUDIT, line, write_lines
from training.__main__ import main
from training.dataset import Columns, read_dataset
from training.feedback import read_feedback
from training.feedback_figures import agreement, feedback_figures, override_rates


def day(folder: Path) -> Path:
    """Seven cases: agreed, disputed, adjudicated, single twice, two drawn at random."""
    folder.mkdir(exist_ok=True)
    write_lines(folder / "2026-11-01.jsonl", [
        line(1, ("refund", 3)), line(1, ("refund", 3), by="bernd", kind="second_review"),
        line(2, ("delivery", 4)), line(2, ("refund", 2), by="bernd", kind="second_review"),
        line(3, ("delivery", 4), band="high"),
        line(3, ("refund", 4), by="bernd", kind="second_review"),
        line(3, ("delivery", 5), by="chef", kind="adjudication", band="high", risks=("legal",)),
        line(4, ("refund", 3)),
        line(5, ("attitude", 3), text="=打我13800001111"),
        line(6, ("refund", 1), reasons=AUDIT), line(7, ("refund", 3), reasons=AUDIT),
    ])  # fmt: skip
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table that was written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def run(folder: Path, *options: str) -> str:
    """Run `feedback` on the seven cases; what it printed."""
    done = CliRunner().invoke(
        main,
        ["feedback", "--data", str(day(folder / "in")), "--out", str(folder / "out"), *options],
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_training_table_holds_what_counts_and_how_much(tmp_path: Path) -> None:
    """Open cases and the random share stay out; weights follow the rules."""
    run(tmp_path)
    rows = rows_of(tmp_path / "out" / "train.csv")
    assert [
        (r["id"], r["category"], r["intensity"], r["label_weight"], r["status"]) for r in rows
    ] == [
        ("feedback-1", "refund", "3", "1.0", "agreed"),
        ("feedback-3", "delivery", "5", "2.0", "adjudicated"),
        ("feedback-4", "refund", "3", "0.3", "single"),
        ("feedback-5", "attitude", "3", "0.6", "single"),
    ]
    assert rows[1]["risks"] == "legal"
    assert [r["id"] for r in rows_of(tmp_path / "out" / "open.csv")] == ["feedback-2"]
    hard = rows_of(tmp_path / "out" / "hard.csv")
    assert [(r["id"], r["heads"]) for r in hard] == [("feedback-3", "category|level")]


def test_texts_are_masked_again_and_no_formula(tmp_path: Path) -> None:
    """A table that a person opens runs nothing and names nobody."""
    run(tmp_path)
    assert rows_of(tmp_path / "out" / "train.csv")[3]["text"] == "'=打我[手机]"


def test_training_reads_the_tables(tmp_path: Path) -> None:
    """Both tables have the columns of `train`; the source tells them apart."""
    run(tmp_path)
    dataset = read_dataset([tmp_path / "out" / "train.csv"], Columns())
    assert dataset.categories == ["attitude", "delivery", "refund"]
    assert {e.cells["source"] for e in dataset.examples} == {"feedback"}
    assert {r["source"] for r in rows_of(tmp_path / "out" / "audit.csv")} == {"audit"}


def test_override_rates_of_both_parts_and_of_all_traffic(tmp_path: Path) -> None:
    """2 of 4 by rule, 1 of 2 drawn; drawn ones stand for 1 / 0.1 each: (2 + 10) / (4 + 20)."""
    cases = read_feedback([day(tmp_path / "in")])
    override = feedback_figures(cases, 0.1)["override"]
    assert isinstance(override, dict)
    assert (override["rules"]["any"]["cases"], override["rules"]["any"]["rate"]) == (4, 0.5)
    assert override["audit"]["any"]["rate"] == 0.5
    assert override["audit"]["level"]["overridden"] == 1
    assert override["traffic"]["rate"] == pytest.approx(12 / 24)
    assert override["traffic"]["share_by_rule"] == pytest.approx(4 / 24)


def test_a_wilson_interval_by_hand(tmp_path: Path) -> None:
    """1 of 4 with z = 1.96: (0.25 + z²/8 ± z √(0.1875/4 + z²/64)) / (1 + z²/4)."""
    lines = [line(n, ("refund" if n else "safety", 3)) for n in range(4)]
    rate = override_rates(read_feedback([write_lines(tmp_path / "a.jsonl", lines)]))["category"]
    assert isinstance(rate, dict)
    assert rate["low"] == pytest.approx(0.0456, abs=2e-4)
    assert rate["high"] == pytest.approx(0.6994, abs=2e-4)


def test_kappas_by_hand(tmp_path: Path) -> None:
    """Categories 3 of 4 equal; levels as in a table with unused levels between."""
    pairs = [("a", "a", 1, 1), ("a", "a", 1, 1), ("b", "b", 5, 5), ("a", "b", 5, 4)]
    lines = [
        one
        for case, (left, right, low, high) in enumerate(pairs, start=1)
        for one in (line(case, (left, low)), line(case, (right, high), by="bernd"))
    ]
    found = agreement(read_feedback([write_lines(tmp_path / "a.jsonl", lines)]))
    # Cohen 1960: observed 3/4; by chance 3/4 * 2/4 + 1/4 * 2/4 = 1/2
    assert found["category"] == {"pairs": 4, "equal": 0.75, "kappa": pytest.approx(0.5)}
    # observed squares 1 / 4; by chance (2*(0+0+16+9) + 2*(16+16+0+1)) / 16 = 116 / 16
    assert found["level"]["kappa"] == pytest.approx(1 - 0.25 / (116 / 16))


def test_no_kappa_where_all_say_one_thing(tmp_path: Path) -> None:
    """One label only has no agreement beyond chance, and no warning."""
    lines = [line(1, ("a", 1)), line(1, ("a", 1), by="bernd")]
    found = agreement(read_feedback([write_lines(tmp_path / "a.jsonl", lines)]))
    assert found["category"] == {"pairs": 1, "equal": 1.0, "kappa": None}


def test_the_same_verdict_in_two_exports_counts_once(tmp_path: Path) -> None:
    """A copy of a day's file changes nothing."""
    one = line(1, ("refund", 3))
    write_lines(tmp_path / "a.jsonl", [one])
    write_lines(tmp_path / "b.jsonl", [one])
    (case,) = read_feedback([tmp_path])
    assert len(case.opinions) == 1


def test_an_older_export_says_so(tmp_path: Path) -> None:
    """Without reasons a case is in neither part, and the summary asks for another export."""
    path = write_lines(tmp_path / "a.jsonl", [line(1, ("refund", 3), reasons=None)])
    options = ["feedback", "--data", str(path), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, options)
    assert "1 cases do not say why they became one" in done.stdout
    assert len(rows_of(tmp_path / "out" / "train.csv")) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correction": None}, "line 1: correction is NoneType"),
        ({"kind": "guess"}, "line 1: kind is 'guess', allowed are review"),
        ({"prediction": {"outcome": "ok"}}, "line 1: signals is 'None'"),
        ({"reviewer": ""}, "line 1: reviewer is missing"),
    ],
)
def test_a_wrong_line_is_named_without_its_text(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    """The message says file, line and field."""
    path = write_lines(tmp_path / "a.jsonl", [line(1, ("refund", 3)) | change])
    with pytest.raises(InputFileError, match=message) as caught:
        read_feedback([path])
    assert "退款一直" not in str(caught.value)


def test_a_reviewer_is_measured_by_the_adjudicator_alone(tmp_path: Path) -> None:
    """Of the two who differed neither said delivery and 5; the adjudicator is not counted."""
    figures = json.loads(run(tmp_path, "--json"))
    by_name = {one["reviewer"]: one for one in figures["reviewers"]}
    assert (by_name["bernd"]["adjudicated"], by_name["bernd"]["upheld"]) == (1, 0)
    assert by_name["chef"]["adjudicated"] == 0


def test_the_summary_reads(tmp_path: Path) -> None:
    """Statuses, agreement, both override rates and the files are printed."""
    shown = run(tmp_path)
    for part in (
        "two who agree 1, an adjudicator 1; one person only 4, open 1",
        "quadratic-weighted kappa", "random audit share", "train.csv: 4 rows",
    ):  # fmt: skip
        assert part in shown


def test_no_verdicts_is_an_error(tmp_path: Path) -> None:
    """An empty folder says how to fill it."""
    done = CliRunner().invoke(main, ["feedback", "--data", str(tmp_path)])
    assert isinstance(done.exception, InputFileError)
    assert "export-feedback" in str(done.exception)
