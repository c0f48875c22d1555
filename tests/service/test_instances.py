"""Several instances behind the documented proxy: what is killed or upgraded costs no complaint."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.service.fakes import make_model
from tests.service.postgres import postgres_server
from tests.show.instances import is_good, show

_SERVE_FAKE = (sys.executable, "-m", "tests.service.serve_fake")


def test_a_killed_and_an_upgraded_instance_cost_no_complaint(tmp_path: Path) -> None:
    """Every request is answered, every complaint stored once, and the new model answers."""
    if shutil.which("nginx") is None:
        if os.environ.get("CI"):
            pytest.fail("nginx is missing: CI runs the documented configuration")
        pytest.skip("nginx is missing")
    postgres_server()
    models = tmp_path / "models"
    make_model(models, "v1")
    found = show(tmp_path, models, lambda: make_model(models, "upgraded"), _SERVE_FAKE, 300)
    assert is_good(found), found
