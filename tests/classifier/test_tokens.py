"""All engines cut into the same text, read the same user words, and are told apart."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import ModelError
from classifier.text import clean
from classifier.tokens import ENGINES, cut_batch, tokeniser, user_words, words_of


@pytest.mark.parametrize("engine", ENGINES)
@given(sent=st.text(st.sampled_from("退款客服已读不回气死我了abc 123,!😡的")))
def test_pieces_join_to_the_text(engine: str, sent: str) -> None:
    """Nothing is lost or added by cutting."""
    assert "".join(tokeniser(engine).cut(sent)) == sent


@pytest.mark.parametrize("engine", ENGINES)
def test_user_words_stay_whole(engine: str) -> None:
    """Complaint words that general dictionaries split are one piece in all engines."""
    assert tokeniser(engine).cut("客服已读不回") == ["客服", "已读不回"]
    assert tokeniser(engine).cut("跟你们没完") == ["跟你们没完"]


def test_fingerprints_tell_engines_apart() -> None:
    """The fingerprint names the engine."""
    assert len({tokeniser(engine).fingerprint for engine in ENGINES}) == len(ENGINES)


def test_an_unknown_engine_is_refused() -> None:
    """The message names the engine asked for and those there are."""
    with pytest.raises(ModelError, match=r"'hanlp'.*compiled, rjieba, jieba"):
        tokeniser("hanlp")


@pytest.mark.parametrize("engine", ENGINES)
@given(sent=st.lists(st.text(st.sampled_from("退款 差评,!a1的😡"), max_size=20), max_size=6))
def test_cutting_a_batch_equals_cutting_each_text(engine: str, sent: list[str]) -> None:
    """A batch is cut as its texts are, with a line break after each."""
    texts = [clean(item).text for item in sent]
    chosen = tokeniser(engine)
    cut = chosen.cut
    batch = cut_batch(chosen.piece_ends, texts)
    assert batch.pieces == [p for text in texts for p in [*cut(text), "\n"]]
    assert batch.piece_ends.tolist() == list(accumulate(map(len, batch.pieces)))
    assert "".join(map(chr, batch.codes)) == "".join(batch.pieces)


def test_white_space_is_no_word() -> None:
    """Spaces are pieces but not words; one-character words are words."""
    assert words_of(["不", " ", "好"]) == ["不", "好"]
    assert all(word.strip() for word in user_words())
