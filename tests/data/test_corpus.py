"""The corpus keeps its promises: schema, labels, coverage, no near duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from classifier.lexicon import packaged_rules
from classifier.pii import mask
from classifier.text import clean
from tests.conftest import ROOT
from training.config import load_config
from training.split import group_near_duplicates

CORPUS = ROOT / "data" / "corpus"
CHANNELS = ["review", "chat", "hotline", "platform", "letter", "social", "email", "app_store"]
CATEGORIES = list(load_config().category_names)
SIGNALS = [rule.code for rule in packaged_rules()]
MIN_TEXTS = 10_000
MIN_OF_CATEGORY, MIN_OF_LEVEL, MIN_OF_SIGNAL = 450, 1200, 120
MAX_PHRASE_SHARE = 0.02

SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(str, pa.Check.str_matches(r"^b\d{2}-\d{4}$"), unique=True),
        "text": pa.Column(str, pa.Check(lambda s: s.str.strip() == s), unique=True),
        "category": pa.Column(str, pa.Check.isin(CATEGORIES)),
        "intensity": pa.Column(int, pa.Check.in_range(1, 5)),
        "risks": pa.Column(str, pa.Check(lambda s: s.map(risks_are_valid))),
        "channel": pa.Column(str, pa.Check.isin(CHANNELS)),
        "trade": pa.Column(str, pa.Check.str_matches(r"^[a-z_]+$")),
        "author_batch": pa.Column(str, pa.Check.str_matches(r"^b\d{2}$")),
    },
    strict=True,
)


def risks_are_valid(cell: str) -> bool:
    """Known codes, sorted, joined by a bar, none twice."""
    codes = cell.split("|") if cell else []
    return codes == sorted(set(codes)) and set(codes) <= set(SIGNALS)


@pytest.fixture(scope="module")
def corpus() -> pd.DataFrame:
    """All rows of all batches."""
    files = sorted(CORPUS.glob("*.csv"))
    return pd.concat([pd.read_csv(f, dtype={"risks": str}, keep_default_na=False) for f in files])


def test_every_row_fits_the_schema(corpus: pd.DataFrame) -> None:
    """Ids and texts are unique, codes are known; all faults are listed at once."""
    SCHEMA.validate(corpus, lazy=True)


def test_there_are_enough_texts_of_every_kind(corpus: pd.DataFrame) -> None:
    """The quotas of categories, levels and signals hold, and every category has every level."""
    assert len(corpus) >= MIN_TEXTS
    signals = Counter(code for cell in corpus.risks for code in cell.split("|") if code)
    assert corpus.category.value_counts().reindex(CATEGORIES).min() >= MIN_OF_CATEGORY
    assert corpus.intensity.value_counts().min() >= MIN_OF_LEVEL
    assert min(signals[code] for code in SIGNALS) >= MIN_OF_SIGNAL
    pairs = Counter(zip(corpus.category, corpus.intensity, strict=True))
    missing = [(c, n) for c in CATEGORIES for n in range(1, 6) if not pairs[c, n]]
    assert missing == []


def test_no_two_texts_are_near_duplicates(corpus: pd.DataFrame) -> None:
    """No pair shares 60 % of its character 3-grams."""
    texts = [clean(text).text for text in corpus.text]
    groups = group_near_duplicates(texts, 0.6, seed=0)
    _, first, counts = np.unique(groups, return_index=True, return_counts=True)
    assert [texts[i] for i in first[counts > 1]] == []


def phrases(text: str) -> Iterator[str]:
    """The first four and the last five characters of a text."""
    yield "^" + text[:4]
    yield text[-5:] + "$"


def test_no_opening_or_ending_is_a_habit(corpus: pd.DataFrame) -> None:
    """None stands in more than 2 % of the texts."""
    counts = Counter(phrase for text in corpus.text for phrase in phrases(text))
    assert counts.most_common(1)[0][1] <= MAX_PHRASE_SHARE * len(corpus)


def test_no_text_holds_personal_data(corpus: pd.DataFrame) -> None:
    """Masking finds nothing to mask but numbers that were written as masked already."""
    found = [
        text for text in corpus.text if mask(text) != text and "*" not in text and "x" not in text
    ]
    assert found == []


def test_the_datasheet_counts_what_is_there(corpus: pd.DataFrame) -> None:
    """`data/README.md` states the number of texts."""
    assert f"{len(corpus):,} texts" in (ROOT / "data" / "README.md").read_text(encoding="utf-8")
