"""Our segmenter cuts as rjieba does, whatever the text, and never stumbles."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from classifier.lookup import joined
from classifier.segmenter import Segmenter
from classifier.text import clean_batch
from classifier.tokens import cut_batch, tokeniser, user_words

CORPUS = Path(__file__).resolve().parents[2] / "data" / "corpus"
CUT, ORACLE = tokeniser("compiled").cut, tokeniser("rjieba").cut

ASCII = "abcXYZ019+#&._%-"
RARE_HAN = st.one_of(
    st.characters(min_codepoint=low, max_codepoint=high)
    for low, high in (
        (0x33F0, 0x4E0F), (0x9FA0, 0xA00F), (0xF8F0, 0xFB0F), (0x1FFF0, 0x2001F),
        (0x2A6D0, 0x2A70F), (0x2B730, 0x2B82F), (0x2CE90, 0x2CEBF), (0x2EBD0, 0x2EC0F),
        (0x2F7F0, 0x30010),
    )
)  # fmt: skip
PARTS = st.one_of(
    st.text(st.sampled_from(ASCII), max_size=8),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=6),
    st.text(st.sampled_from("的了不是我你退款客服差评快递小明北京大学生命硕士研究"), max_size=12),
    st.text(RARE_HAN, max_size=3),
    st.text(st.sampled_from(" \t\r\n,。!?·γ😡👪\u3000\u200d"), max_size=3),
    st.sampled_from([*user_words()[:200], "AT&T", "c++", "B超", "T恤", "γ射线", "100.50%", "a--b"]),
    st.text(max_size=4),
)


def corpus_texts() -> list[str]:
    """All texts of the corpus, cleaned."""
    texts = []
    for path in sorted(CORPUS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    return [item.text for item in clean_batch(texts)]


def test_the_whole_corpus_is_cut_as_by_rjieba() -> None:
    """Not one piece of the corpus differs."""
    texts = corpus_texts()
    assert len(texts) > 20_000
    assert [text for text in texts if CUT(text) != ORACLE(text)] == []


@given(st.lists(PARTS, max_size=8).map("".join))
@hypothesis_settings(max_examples=500)
def test_any_text_is_cut_as_by_rjieba(text: str) -> None:
    """Scripts, digits, marks, emoji and rare characters in any mixture."""
    assert CUT(text) == ORACLE(text)


def test_every_word_of_the_dictionary_is_known() -> None:
    """Each line of jieba's dictionary is cut as by rjieba, and with its neighbour behind it."""
    spec = find_spec("jieba")
    assert spec
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "dict.txt"
    words = [line.split(" ")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    text = joined([*words, *map("".join, pairwise(words))])
    assert CUT(text) == ORACLE(text)


def test_every_chinese_character_is_known_to_the_model() -> None:
    """Random runs of all characters, most of them no words, are cut as by rjieba."""
    rng = np.random.default_rng(7)
    codes = np.concatenate([rng.permutation(np.arange(0x4E00, 0xA000)) for _ in range(40)])
    breaks = rng.random(len(codes)) < 0.1
    text = "".join(map(chr, np.where(breaks, ord("\n"), codes)))
    assert CUT(text) == ORACLE(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "a" * 20_000, "好" * 20_000, "丨" * 20_000, "-" * 20_000, "1." * 10_000,
        "囗a" * 5_000, "㐀" * 5_000, "的的了" * 3_000, "😡" * 5_000, "%" * 99, "\r\n" * 9, "\r",
    ],
)  # fmt: skip
def test_long_runs_are_cut_as_by_rjieba(text: str) -> None:
    """Runs of one kind, of any length."""
    assert CUT(text) == ORACLE(text)


def test_lone_surrogates_are_pieces() -> None:
    """They cannot come from cleaning; if they do, each is a piece."""
    assert CUT("退款\ud800客服") == ["退款", "\ud800", "客服"]


def test_known_pieces() -> None:
    """Words, unknown words, numbers with their units, codes and marks."""
    assert CUT("他来到了网易杭研大厦") == ["他", "来到", "了", "网易", "杭研", "大厦"]
    assert CUT("订单A-12_3.5退了50%,") == ["订单", "A-12_3.5", "退", "了", "50%", ","]


@given(
    st.lists(st.lists(PARTS, max_size=4).map(lambda p: "".join(p).replace("\n", "")), max_size=6)
)
def test_a_batch_is_cut_as_each_text(texts: list[str]) -> None:
    """What stands before or after a text changes nothing in it."""
    texts = [text.rstrip("\r") for text in texts]
    batch = cut_batch(tokeniser("compiled").piece_ends, texts)
    assert batch.pieces == [piece for text in texts for piece in [*CUT(text), "\n"]]


def test_threads_do_not_disturb_one_another() -> None:
    """Eight threads with other texts each get what one alone gets."""
    texts = [joined(corpus_texts()[start : start + 500]) for start in range(0, 4000, 500)]
    alone = [CUT(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(CUT, texts * 4)) == alone * 4


def test_the_fingerprint_tells_tables_apart() -> None:
    """Other user words or another frequency have another fingerprint; the same have the same."""
    made = [Segmenter(["已读不回"], 9), Segmenter(["已读"], 9), Segmenter(["已读不回"], 8)]
    assert len({segmenter.fingerprint for segmenter in made}) == 3
    assert Segmenter(["已读不回"], 9).fingerprint == made[0].fingerprint
