from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.recorded import read_recorded
from service.cases.feedback import export_feedback
from service.cases.verdicts import Opinion
from service.tables import Role
from tests.service.cases.conftest import Queue, person
from training.consensus import Status
from training.feedback import read_feedback


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "out"


def test_every_verdict_is_a_line_with_everything_training_needs(queue: Queue, out: Path) -> None:
    """Prediction, correction, pseudonym, version, masked text; the settling one is marked."""
    number = queue.add("电话13800001111，我要举报", id="A-1")
    queue.verdicts.give(number, person("anna"), Opinion(category="refund", reason="说的是退款"))
    queue.verdicts.give(number, person("bernd"), Opinion())
    done = export_feedback(queue.desk.database, queue.desk.secret, out)
    assert (done.verdicts, done.files, done.written) == (2, 1, 1)
    lines = [json.loads(line) for line in next(out.iterdir()).read_text("utf-8").splitlines()]
    first, second = lines
    assert first["text"] == "电话[手机]，我要举报"
    assert first["correction"] == {
        "category": "refund", "level": 4, "signals": ["regulator"], "priority": "P1",
    }  # fmt: skip
    assert first["prediction"]["category"]["code"] == "service"
    assert (first["model_version"], first["id"], first["is_correction"]) == ("v1", "A-1", True)
    assert [line["is_settled"] for line in lines] == [False, True]
    assert "audit" not in first["case_reasons"]
    assert "priority" in first["case_reasons"]
    assert first["reviewer"] != second["reviewer"]
    assert "anna" not in json.dumps(lines)
    assert first["case_reasons"] == ["priority", "intensity"]


def test_exporting_again_changes_nothing(queue: Queue, out: Path) -> None:
    """The same files byte for byte, not even written; a new verdict writes only its day."""
    number = queue.add()
    queue.verdicts.give(number, person("anna"), Opinion())
    export_feedback(queue.desk.database, queue.desk.secret, out)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()}
    done = export_feedback(queue.desk.database, queue.desk.secret, out)
    assert done.written == 0
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.iterdir()}
    queue.verdicts.give(number, person("bernd"), Opinion())
    assert export_feedback(queue.desk.database, queue.desk.secret, out).written == 1


def test_a_clock_that_was_set_back_splits_no_day(queue: Queue, out: Path) -> None:
    """Verdicts are put to their day by their time, not by their number."""
    now = datetime.now(UTC)
    for days in (1, 0, 1):
        queue.desk.clock = lambda days=days: now - timedelta(days=days)
        queue.verdicts.give(queue.add(), person("anna"), Opinion())
    done = export_feedback(queue.desk.database, queue.desk.secret, out)
    sizes = sorted(len(path.read_text("utf-8").splitlines()) for path in out.iterdir())
    assert (done.verdicts, done.files, sizes) == (3, 2, [1, 2])


def test_no_verdicts_make_no_files(queue: Queue, out: Path) -> None:
    """The folder is made, and empty."""
    queue.add()
    assert export_feedback(queue.desk.database, queue.desk.secret, out / "new").files == 0
    assert list((out / "new").iterdir()) == []


def test_an_exported_line_can_be_replayed(queue: Queue, out: Path) -> None:
    """Everything that a policy looks at is in it, so that the decision comes out the same."""
    number = queue.add("叫经理也没人理，我要举报", channel="12345", customer={"tier": "vip"})
    queue.verdicts.give(number, person("anna"), Opinion())
    export_feedback(queue.desk.database, queue.desk.secret, out)
    line = json.loads(next(out.iterdir()).read_text("utf-8"))
    recorded = read_recorded(line)
    decision = decide(recorded.prediction, load_policy(), recorded.context)
    assert recorded.id == str(number)
    assert decision.priority.name == line["decision"]["priority"]["level"] == "P0"
    assert decision.policy_hash == line["decision"]["policy_hash"]
    assert [clock["code"] for clock in line["decision"]["statutory"]] == ["city_hotline"]


def test_what_is_exported_is_what_training_reads(queue: Queue, out: Path) -> None:
    """A dispute that an adjudicator settled, with its reasons, comes through as it was meant."""
    number = queue.add("电话13800001111，我要举报")
    queue.verdicts.give(number, person("anna"), Opinion(category="refund", reason="退款"))
    queue.verdicts.give(number, person("bernd"), Opinion(category="service", reason="服务"))
    chef = person("chef", Role.ADJUDICATOR)
    queue.verdicts.give(
        number, chef, Opinion(category="refund", signals={"regulator": False}, reason="退")
    )
    export_feedback(queue.desk.database, queue.desk.secret, out)
    (case,) = read_feedback([out])
    assert (case.case_id, len(case.opinions)) == (str(number), 3)
    assert case.reasons == {"priority", "intensity"}
    ruling = case.ruling
    assert (ruling.status, ruling.category) == (Status.ADJUDICATED, "refund")
    assert (ruling.level, ruling.risks) == (4, frozenset())
    assert case.overrides() == {"category": True, "level": False, "risks": True}
    assert case.text == "电话[手机]，我要举报"
