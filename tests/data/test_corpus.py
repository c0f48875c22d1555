"""The corpus keeps its promises: schema, labels, coverage, no near duplicates."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

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
MIN_OF_CATEGORY, MIN_OF_LEVEL, MIN_OF_SIGNAL, MIN_OF_OTHER = 450, 1200, 120, 900
_NUMBERS = ("[手机]", "[座机]", "[身份证]", "[银行卡]", "[车牌]", "[护照]", "[QQ]")
COMMON = ["quality", "delivery", "refund", "attitude", "false_ad", "price_fee"]
MIN_OF_COMMON = 800
MIN_HARD_NEGATIVES = 60
# Plain words that make one think of a signal; a text that holds one without the signal is a hard
# negative: quoted, negated, an idiom, a question, or simply something else.
TELLTALE = {
    "self_harm": "想死|自杀|跳楼|不活|轻生|去死|遗书|割腕|上吊|没意思|要命|累死|笑死|气死|急死",
    "violence": "打死|弄死|砸|揍|砍|动手|杀|拼命|打你|打人|捅|烧了|掐死|收拾",
    "injury": "受伤|烫|过敏|中毒|拉肚子|着火|爆炸|骨折|住院|流血|摔|漏电|冒烟|医院|刹车|发烧",
    "vulnerable": "老人|孩子|孕妇|残疾|宝宝|小孩|老太|爷爷|奶奶|婴儿|我妈|我爸|怀孕",
    "legal": "起诉|律师|法院|报警|法律|仲裁|告你|官司|派出所|立案|警察|诉讼|公安",
    "regulator": "12315|12345|消协|银保监|工信部|工商|信访|监管|举报|市监|消费者协会",
    "media": "曝光|微博|抖音|媒体|记者|小红书|黑猫|315|电视台|新闻|朋友圈|热搜|论坛",
    "group": "我们|大家|业主|维权|群里|家长|邻居|好多人|很多人|几百",
    "repeat": "多次|再次|几次|一直|还没|每次|个月|催|反复|几遍",
    "fraud_loss": "骗|盗刷|被盗|扣了|转账|诈|划走|扣款",
    "privacy_leak": "信息|泄露|隐私|身份证|个人|骚扰|号码|短信|通讯录",
    "staff_abuse": "骂|威胁|歧视|吼|侮辱|滚|辱|推搡|动手|嘲|红包",
    "deadline": "今天|明天|马上|小时|尽快|立刻|今晚|月底",
    "churn": "再也不|不会再|最后一次|注销|卸载|退订|销户|拉黑|别家|再来|下次",
}
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
    assert corpus.category.value_counts()[COMMON].min() >= MIN_OF_COMMON
    assert (corpus.category == "other").sum() >= MIN_OF_OTHER
    pairs = Counter(zip(corpus.category, corpus.intensity, strict=True))
    missing = [(c, n) for c in CATEGORIES for n in range(1, 6) if not pairs[c, n]]
    assert missing == []


@pytest.mark.parametrize("code", SIGNALS)
def test_there_are_hard_negatives_of_every_signal(corpus: pd.DataFrame, code: str) -> None:
    """Enough texts hold a signal's words without the signal."""
    is_labelled = corpus.risks.str.split("|").map(lambda codes: code in codes)
    holds_words = corpus.text.str.contains(TELLTALE[code])
    assert (holds_words & ~is_labelled).sum() >= MIN_HARD_NEGATIVES


def known_texts() -> Iterator[str]:
    """Texts that the corpus must not repeat: CSV files under the folder that a setting names."""
    csv.field_size_limit(1 << 24)
    for file in sorted(Path(os.environ["TRIAGE_KNOWN_TEXTS"]).rglob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from (row.get("text") or "" for row in csv.DictReader(lines))


def passages(text: str) -> set[str]:
    """All passages of 14 letters and digits."""
    letters = re.sub(r"[^0-9A-Za-z\u3400-\u9fff]+", "", text)
    return {letters[place : place + 14] for place in range(len(letters) - 13)}


@pytest.mark.skipif(
    "TRIAGE_KNOWN_TEXTS" not in os.environ,
    reason="TRIAGE_KNOWN_TEXTS names no folder of texts that the corpus must not repeat",
)
def test_no_text_repeats_a_known_one(corpus: pd.DataFrame) -> None:
    """No passage of 14 characters also stands in the texts of other sources."""
    owners = {
        part: name
        for name, text in zip(corpus.id, corpus.text, strict=True)
        for part in passages(text)
    }
    assert {owners[p] for text in known_texts() for p in passages(text) if p in owners} == set()


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
    """No number tells of a person, but for those that were written as masked already.

    Names and addresses are invented, as the datasheet says, and order numbers are nobody's.
    """
    found = [
        text
        for text in corpus.text
        if any(token in mask(text) for token in _NUMBERS) and "*" not in text and "x" not in text
    ]
    assert found == []


def test_the_datasheet_counts_what_is_there(corpus: pd.DataFrame) -> None:
    """`data/README.md` states the number of texts."""
    assert f"{len(corpus):,} texts" in (ROOT / "data" / "README.md").read_text(encoding="utf-8")
