"""What each piece of evidence for a name weighs: `[points]` of classifier/resources/personal.toml.

`python -m tests.show.name_points` fits a logistic regression on the names marked in
tests/data/personal, and on strings of the corpus that have the form of a name and are none, and
prints the points. Three are set by hand: `least`, `longer` and `after_sex`; `LENIENCE` is added to
the bias, for to miss a name is worse than to mask a word.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import click
import pandas as pd
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.characters import fold
from classifier.name_scores import candidates, evidence
from classifier.personal import Found, covered
from tests.conftest import ROOT
from tests.show.masking import FOLDER, Case, read

LENIENCE = 2.3
BY_HAND = {"least": -1.0, "longer": 2.0, "after_sex": 3.0}
_SEED = 1


def marked(case: Case) -> Iterator[tuple[dict[str, float], bool]]:
    """The evidence at each possible name of a text, and whether it was marked as one."""
    other = [piece for piece in case.pieces if piece.kind != "name"]
    text = covered(fold(case.text), [Found(piece.start, piece.end, "") for piece in other])
    names = {(piece.start, piece.end) for piece in case.pieces if piece.kind == "name"}
    for at, given, end in candidates(text):
        is_name = (at, end) in names
        is_part = any(
            at < name_end and start < end and not (start == at and name_end < end)
            for start, name_end in names
        )
        if is_name or not is_part:
            yield evidence(text, at, given, end), is_name


def plain(texts: int) -> Iterator[dict[str, float]]:
    """The evidence at possible names of random texts of the corpus, which has few names."""
    tables = [
        pd.read_csv(file, keep_default_na=False)
        for file in sorted((ROOT / "data" / "corpus").glob("*.csv"))
    ]
    rows = pd.concat(tables)["text"].tolist()
    for text in map(fold, random.Random(_SEED).sample(rows, texts)):  # noqa: S311  (no secret)
        for at, given, end in candidates(text):
            yield evidence(text, at, given, end)


@click.command()
@click.option("--texts", default=12_000, show_default=True, help="Texts of the corpus.")
def main(texts: int) -> None:
    """Print the points."""
    cases = [case for file in sorted(FOLDER.glob("*.txt")) for case in read(file)]
    known = [pair for case in cases for pair in marked(case)]
    found = [one for one, _ in known] + [*plain(texts)]
    are_names = [is_name for _, is_name in known] + [False] * (len(found) - len(known))
    vectoriser = DictVectorizer()
    model = LogisticRegression(C=0.5, max_iter=1000).fit(vectoriser.fit_transform(found), are_names)
    fitted = dict(zip(vectoriser.get_feature_names_out(), model.coef_[0], strict=True))
    fitted["bias"] = model.intercept_[0] + LENIENCE
    for name, value in sorted({**fitted, **BY_HAND}.items()):
        click.echo(f"{name} = {value:.1f}")


if __name__ == "__main__":
    main()
