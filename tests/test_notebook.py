"""The example notebook runs from top to bottom, as a reader would run it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from classifier import Triage

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "notebooks" / "own_labels.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of jupyter's own packages
def test_the_example_notebook_runs(default_model: Triage) -> None:
    """Every cell without an error, and the last one shows what the serving model says."""
    assert default_model.version
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    paths = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=paths).execute()
    shown = [cell for cell in notebook.cells if cell.cell_type == "code"][-1].outputs[-1]
    assert "请问发票怎么开" in shown["data"]["text/plain"]
