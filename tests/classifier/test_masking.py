"""How much of the personal data in hand-written texts is masked, and how much else."""

from __future__ import annotations

from classifier.pii import mask
from tests.show.masking import FOLDER, KINDS, Counts, measure, read, unmarked

MIN_CASES, MIN_RECALL, MIN_PRECISION, MIN_NAMES = 2200, 0.960, 0.970, 0.915
MIN_TOLD = 0.98  # all but names that only the story tells


def measured() -> tuple[int, Counts]:
    """How many texts there are, and what masking found in them."""
    cases = [case for file in sorted(FOLDER.glob("*.txt")) for case in read(file)]
    return len(cases), measure(cases)


def test_nearly_all_personal_data_is_masked_and_little_else() -> None:
    """Over all files: pieces found, and masks that cover personal data."""
    number, counts = measured()
    assert number >= MIN_CASES
    assert {*counts.pieces} == {*KINDS}
    assert counts.recall() >= MIN_RECALL, counts.faults
    assert counts.precision() >= MIN_PRECISION, counts.faults
    assert counts.recall("name") >= MIN_NAMES, counts.faults
    assert counts.told_recall() >= MIN_TOLD, counts.faults


def test_a_piece_counts_as_found_only_if_all_of_it_is_masked() -> None:
    """A missed piece, a half masked one and a mask of nothing are told apart."""
    lines = [
        "打⟦mobile:13800001111⟧找⟦name:王芳⟧女士",
        "客服小李说⟦name:小李⟧",
        "住中山路8号3栋501",
    ]
    counts = measure(unmarked(line, "here") for line in lines)
    assert (counts.pieces.total(), counts.found.total()) == (3, 2)
    assert (counts.masks.total(), counts.false["address"]) == (3, 1)
    assert counts.recall("mobile") == 1.0
    assert counts.precision("address") == 0.0


def test_a_name_is_told_by_what_stands_beside_it() -> None:
    """Words before it or a title, in the mark or behind; a name of the story counts apart."""
    lines = ["我叫⟦name:汤婷⟧", "⟦name:王芳女士⟧来过", "上次是⟦name:蒲公英⟧签的字"]
    counts = measure(unmarked(line, "here") for line in lines)
    assert (counts.story_names, counts.told_recall()) == (1, 1.0)


def test_who_says_what_they_are_called_is_masked_and_who_called_somebody_is_not() -> None:
    """我叫 is both; a name of another language, and one that ends in 群, are names."""
    assert mask("我叫图雅，家在郊外") == "我叫[姓名]，家在郊外"
    assert mask("我叫郭立群，买了台破壁机") == "我叫[姓名]，买了台破壁机"
    for text in ("我叫快递，三天没来", "我叫老板，老板不理", "我叫人来修，没人来"):
        assert mask(text) == text


def test_ordinary_things_are_not_masked_as_names() -> None:
    """A supervisor who cannot read what the insect was in is not helped; announced names stay."""
    for text in (
        "沙拉里有虫子", "值机那个戴眼镜的一直在笑", "经理居然说是我自己弄的", "我拍照发给管家了",
        "麦克风一放，全场都听见了", "骑手凌晨一点加我微信", "一箱杨梅全化成汤",
        "买的羊绒衫洗一次就缩水",
    ):  # fmt: skip
        assert mask(text) == text
    assert mask("联系人：柳条，电话不变") == "联系人：[姓名]，电话不变"
