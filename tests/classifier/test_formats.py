"""Model folders of every format there has been stay readable, and say what they said then.

`formats/<number>` is a folder that the program of that time wrote from the toy rows of
`tests/builders.py` (`min_df` 5, words and characters up to 2, no concepts); it is never made anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import Triage
from classifier.artifact import FORMAT, MANIFEST, read_artifact
from classifier.tokens import tokeniser

FORMATS = Path(__file__).parent / "formats"
# As the program that wrote the folder answered: category, probability, level, score.
ANSWERS = {
    "1": {
        "退款一直推，太差劲了": ("refund", 0.998852, 3, 0.499976),
        "快递丢了": ("delivery", 0.999999, 5, 0.857699),
        "虫子": ("safety", 0.999650, 2, 0.294209),
    },
}


@pytest.mark.parametrize("number", sorted(ANSWERS))
def test_a_frozen_folder_answers_as_it_did(number: str) -> None:
    """Same categories, probabilities, levels and scores, to six digits."""
    artifact = read_artifact(FORMATS / number)
    assert artifact.manifest["format"] == int(number)
    # The dictionary may change, and then models are trained again; the format is another matter.
    engine = artifact.manifest["tokeniser"]["engine"]
    here = {"engine": engine, "fingerprint": tokeniser(engine).fingerprint}
    triage = Triage(replace(artifact, manifest=artifact.manifest | {"tokeniser": here}))
    for text, found in zip(ANSWERS[number], triage.predict(list(ANSWERS[number])), strict=True):
        category, prob, level, score = ANSWERS[number][text]
        assert (found.category.code, found.intensity.level) == (category, level)
        assert found.category.prob == pytest.approx(prob, abs=1e-6)
        assert found.intensity.score == pytest.approx(score, abs=1e-6)


def test_every_format_has_its_frozen_folder() -> None:
    """Who raises the format freezes a folder of it beside the older ones."""
    there = {path.parent.name for path in FORMATS.glob(f"*/{MANIFEST}")}
    assert there == set(ANSWERS) == {str(number) for number in range(1, FORMAT + 1)}
    for number in there:
        assert json.loads((FORMATS / number / MANIFEST).read_text("utf-8"))["format"] == int(number)
