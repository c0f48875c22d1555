"""The texts that are measured with: a sample of the corpus, the same each time."""

from __future__ import annotations

import pandas as pd

from tests.conftest import ROOT


def rows(number: int) -> pd.DataFrame:
    """So many rows of the corpus."""
    files = sorted((ROOT / "data" / "corpus").glob("*.csv"))
    return pd.concat([pd.read_csv(f, dtype=str) for f in files]).sample(number, random_state=1)


def sample(number: int) -> tuple[list[str], list[str]]:
    """Texts and categories of so many rows."""
    found = rows(number)
    return found.text.tolist(), found.category.tolist()
