from __future__ import annotations

from pathlib import Path

from classifier import Triage
from classifier.policy_file import load_policy
from tests.show.purging import measure


def test_a_small_run_deletes_what_it_made(default_model: Triage, tmp_path: Path) -> None:
    """The command's own way: old cases go, the complaints that came in meanwhile stay."""
    found = measure(200, tmp_path, default_model, load_policy())
    assert found["deleted"] == 200
    assert found["beside_most_ms"] > 0
