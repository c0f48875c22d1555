"""The whole path on a toy model: answers, offsets, evidence, doubt, nonsense."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Triage, load
from classifier.errors import ModelError
from classifier.heads import CategoryHead
from classifier.manifest import read_category_head, read_intensity_head
from classifier.prediction import Outcome, Prediction
from classifier.text import MAX_CHARS, clean
from classifier.tokens import cut_batch

NONSENSE = [
    "", " ", "\t\n", "差", "!!!", "😡😡", "\ud800", "\x00\x00", "a" * 5000, "refund my money",
    "\u202e退款\u202c", "1" * 1000, "🇨🇳" * 50, "\ufeff", "<script>alert(1)</script>", "ﷺ" * 30,
]  # fmt: skip


def test_the_toy_model_tells_its_own_rows_apart(toy: Triage) -> None:
    """A new sentence with a known word gets that word's category, and anger its level."""
    calm, furious = toy.predict(["请问退款到账了吗", "快递丢了！！！王八蛋，不得好死"])
    assert calm.category is not None
    assert furious.category is not None
    assert (calm.category.code, furious.category.code) == ("refund", "delivery")
    assert calm.intensity is not None
    assert furious.intensity is not None
    assert calm.intensity.level < furious.intensity.level
    assert calm.intensity.score < furious.intensity.score


def rounded(found: Prediction) -> Prediction:
    """The prediction with weights to nine decimals: sums over a batch differ in the last bits."""
    evidence = tuple(e._replace(weight=round(e.weight, 9)) for e in found.evidence)
    return found._replace(evidence=evidence)


@pytest.mark.parametrize("sent", NONSENSE)
def test_nonsense_needs_a_human(toy: Triage, sent: str) -> None:
    """No guess is made of what cannot be read, and no text raises."""
    found = toy.predict([sent])[0]
    assert found.outcome is Outcome.NEEDS_HUMAN or found.language == "zh"
    assert found.outcome_reasons or found.outcome is Outcome.OK
    if found.language != "zh":
        assert found.category is None
        assert found.intensity is None


@given(sent=st.lists(st.text(), max_size=5))
def test_no_text_ever_raises(toy: Triage, sent: list[str]) -> None:
    """Any list of strings has as many answers, and every offset names its own piece of text."""
    found = toy.predict(sent)
    assert len(found) == len(sent)
    for text, prediction in zip(sent, found, strict=True):
        for piece in [*prediction.evidence, *prediction.signals]:
            assert text[piece.start : piece.end] == piece.text


def test_offsets_are_those_of_the_text_as_sent(toy: Triage) -> None:
    """Full width, traditional characters and runs before a word do not shift its place."""
    sent = "！！！！！！！ＡＢＣ，裏面，退款還沒到，我要打12315"
    found = toy.predict([sent])[0]
    signal = next(s for s in found.signals if s.code == "regulator")
    assert "12315" in sent[signal.start : signal.end]
    assert all(sent[e.start : e.end] == e.text for e in found.evidence)
    assert any("退款" in e.text for e in found.evidence)


def test_evidence_of_one_head_never_overlaps_and_comes_largest_first(toy: Triage) -> None:
    """Spans are whole words, disjoint, and sorted by the size of their contribution."""
    found = toy.predict(["快递丢了还骗我，垃圾公司！！！退款一直推"])[0]
    for head in ("category", "intensity"):
        pieces = [e for e in found.evidence if e.head == head]
        weights = [abs(e.weight) for e in pieces]
        assert weights == sorted(weights, reverse=True)
        ordered = sorted(pieces, key=lambda e: e.start)
        assert all(a.end <= b.start for a, b in pairwise(ordered))


def test_evidence_adds_up_to_the_logit(toy: Triage) -> None:
    """The contributions of all words of a text sum to its logit less the bias."""
    texts = [clean("快递丢了！！！气死我了").text, clean("退款 退款 一直推").text]
    batch = cut_batch(toy._tokeniser.piece_ends, texts)
    logits = toy._vectoriser.vectorise(texts) @ toy._table[:, 1:]
    found = toy._vectoriser.occurrences(batch)
    chosen = np.array([[1, 3], [2, 1]])  # columns of the table; the first is the idf
    shares = toy._vectoriser.shares(found, toy._table, chosen, len(batch.codes))
    border = len(texts[0])
    assert shares[:border].sum(axis=0) == pytest.approx(logits[0, [0, 2]], abs=1e-5)
    assert shares[border + 1 :].sum(axis=0) == pytest.approx(logits[1, [1, 0]], abs=1e-5)


def test_batch_and_single_answers_agree(toy: Triage) -> None:
    """One path serves both: the company a text keeps does not change its answer."""
    texts = ["快递丢了", "", "退款一直推，太差劲了", "hello", "客服骂人！！！"] * 80
    together = [rounded(found) for found in toy.predict(texts)]
    assert together == [rounded(toy.predict([text])[0]) for text in texts]


def test_evidence_does_not_change_the_answer(toy: Triage) -> None:
    """With or without reasons, the findings are the same."""
    texts = ["快递丢了还骗我，垃圾公司！！！", "退款什么时候到账"]
    for full, bare in zip(toy.predict(texts), toy.predict(texts, with_evidence=False), strict=True):
        assert (full.category, full.intensity, full.signals) == (
            bare.category, bare.intensity, bare.signals,
        )  # fmt: skip


def test_threads_get_the_same_answers(toy: Triage) -> None:
    """Eight threads at once agree with one."""
    texts = [f"快递第{n}天没到，退款一直推" for n in range(50)]
    expected = toy.predict(texts)
    start = threading.Barrier(8)

    def work() -> bool:
        start.wait()
        return all(toy.predict(texts) == expected for _ in range(3))

    with ThreadPoolExecutor(8) as pool:
        assert all(run.result() for run in [pool.submit(work) for _ in range(8)])


def test_a_text_beyond_the_limit_is_read_in_part_and_says_so(toy: Triage) -> None:
    """`truncated` and `chars_used` tell; nothing is cut silently."""
    found = toy.predict(["退款" * MAX_CHARS])[0]
    assert found.truncated
    assert found.chars_used == MAX_CHARS
    assert "truncated" in found.outcome_reasons


def test_the_description_is_the_manifest(toy: Triage, toy_folder: Path) -> None:
    """Labels, tokeniser and figures of the model are there for people and programs."""
    about = toy.describe()
    assert about["version"] == toy_folder.name
    category = read_category_head(about)
    assert isinstance(category, CategoryHead)
    assert category.codes == ("attitude", "delivery", "refund", "safety")
    intensity = read_intensity_head(about)
    assert intensity is not None
    assert intensity.levels == (1, 2, 3, 4, 5)


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    """Without a current model the message names the command that makes one."""
    with pytest.raises(ModelError, match="make train"):
        load(models=tmp_path)
