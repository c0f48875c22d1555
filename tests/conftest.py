"""Models for the tests: a toy one trained here, and the default one that `make test` trains."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import settings

from classifier import Triage, load
from classifier.artifact import current_version
from classifier.cluster import Run, runner
from tests.builders import toy_csv
from training.__main__ import main as training_main

# No deadlines: speed is measured by `make bench`. In CI the same examples come each time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

ROOT = Path(__file__).resolve().parent.parent

TOY_CONFIG = """
seed = 7
[features]
min_df = 1
[folds]
number = 3
"""


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder trained on the toy rows by the command line."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "train.toml").write_text(TOY_CONFIG, encoding="utf-8")
    options = ["--data", str(toy_csv(folder)), "--out", str(folder / "models")]
    run = CliRunner().invoke(
        training_main, ["train", *options, "--config", str(folder / "train.toml")]
    )
    assert run.exit_code == 0, run.output
    return Path(run.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Triage:
    """The toy model, loaded."""
    return load(toy_folder)


@pytest.fixture(scope="session")
def default_model() -> Triage:
    """The model that is served; `make test` trains it first, CI must have it."""
    if current_version(ROOT / "models") is None:
        if os.environ.get("CI"):
            pytest.fail("models/CURRENT is missing: run the tests by `make test`")
        pytest.skip("models/CURRENT is missing: run the tests by `make test`")
    return load(models=ROOT / "models")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Run]:
    """A Dask cluster of two worker processes on this machine; its killed workers come again.

    It does not outlive its module: others kill child processes of theirs.
    """
    pytest.importorskip("distributed")
    with runner("local", 2) as run:
        yield run
