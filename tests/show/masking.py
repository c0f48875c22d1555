"""How much of the personal data in hand-written texts is masked, and how much else.

`python -m tests.show.masking [FILE …]`: each line of a file is a text with marks ⟦kind:piece⟧. A
piece counts as found when every character of it that identifies (letters, digits, Chinese other
than a title) is masked; a mask is false when it touches no piece, or covers more than two
characters beside them.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import pandas as pd

from classifier.pii import mask, masked
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "data" / "personal"
KINDS = {
    "mobile": "[手机]", "landline": "[座机]", "id_card": "[身份证]", "bank_card": "[银行卡]",
    "email": "[邮箱]", "plate": "[车牌]", "passport": "[护照]", "address": "[地址]",
    "name": "[姓名]", "order": "[单号]", "wechat": "[微信]", "qq": "[QQ]",
}  # fmt: skip
_TOKENS = set(KINDS.values())
_TOKEN = re.compile(r"\[[^\[\]]+\]")
_MARK = re.compile(r"⟦(\w+):([^⟧]*)⟧")
_TITLE = re.compile(
    "先生|女士|小姐|太太|夫人|大爷|大妈|大娘|奶奶|爷爷|老太|阿姨|叔叔|大姐|大哥|老师|师傅"
)
# A name is told where one of these stands before it or a title behind it; others only the story
# tells, and no list of words finds them all.
_TELLS = re.compile(
    r"(?:我叫|我是|本人|叫做?|姓名|名字|联系人|收件人|收货人|签名|户名)[:： 是为]{0,2}$"
)
_CALLED = re.compile(r"\s*(?:先生|女士|小姐|太太)")
_MAX_BESIDE = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """What somebody marked as personal: its kind, and where it stands."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """One text without its marks, and what was marked."""

    place: str
    text: str
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Counts:
    """Pieces found and missed by kind; masks, and false ones, by the kind of their token."""

    pieces: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    masks: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    story_names: int = 0  # names that nothing beside them tells, of `pieces`
    story_found: int = 0

    def told_recall(self) -> float:
        """The share of all pieces but names of the story that are masked."""
        found, pieces = self.found.total() - self.story_found, self.pieces.total()
        return found / (pieces - self.story_names)

    def recall(self, kind: str | None = None) -> float:
        """The share of the pieces that are masked, of one kind or of all."""
        return _share(self.found, self.pieces, kind)

    def precision(self, kind: str | None = None) -> float:
        """The share of the masks that cover personal data and little else."""
        return 1.0 - _share(self.false, self.masks, kind, empty=0.0)


def _share(
    part: Counter[str], whole: Counter[str], kind: str | None, *, empty: float = 1.0
) -> float:
    sums = (part[kind], whole[kind]) if kind else (part.total(), whole.total())
    return sums[0] / sums[1] if sums[1] else empty


def read(file: Path) -> list[Case]:
    """The cases of a file; lines that are empty or begin with # are left out."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [
        unmarked(line, f"{file.name}:{number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]


def unmarked(line: str, place: str) -> Case:
    r"""The text of a line, in which \n is a line break, and its marked pieces.

    >>> unmarked("找⟦name:王芳⟧", "here")
    Case(place='here', text='找王芳', pieces=(Piece(kind='name', start=1, end=3),))
    """
    line = line.replace("\\n", "\n")
    text, pieces, position = "", [], 0
    for match in _MARK.finditer(line):
        if match.group(1) not in KINDS:
            raise ValueError(f"{place}: {match.group(1)!r} is no kind; there are {[*KINDS]}")
        text += line[position : match.start()]
        pieces.append(Piece(match.group(1), len(text), len(text) + len(match.group(2))))
        text += match.group(2)
        position = match.end()
    return Case(place, text + line[position:], tuple(pieces))


def measure(cases: Iterable[Case]) -> Counts:
    """What masking finds of the pieces, and what it takes that is none."""
    counts = Counts()
    for case in cases:
        masks = masked(case.text).pieces
        hidden = {place for start, end, _, _ in masks for place in range(start, end)}
        for piece in case.pieces:
            is_found = identifying(case.text, piece) <= hidden
            counts.pieces[piece.kind] += 1
            counts.found[piece.kind] += is_found
            if piece.kind == "name" and not is_told(case.text, piece):
                counts.story_names += 1
                counts.story_found += is_found
            if not is_found:
                _note(counts, case, piece, "missed")
        personal = {place for one in case.pieces for place in range(one.start, one.end)}
        tokens = masked(case.text).text
        for start, end, new_start, new_end in masks:
            kind = next(k for k, token in KINDS.items() if token == tokens[new_start:new_end])
            counts.masks[kind] += 1
            beside = {p for p in range(start, end) if case.text[p].isalnum()} - personal
            if len(beside) > _MAX_BESIDE or personal.isdisjoint(range(start, end)):
                counts.false[kind] += 1
                _note(counts, case, Piece(kind, start, end), "false")
    return counts


def is_told(text: str, name: Piece) -> bool:
    """Whether words beside a name tell that it is one: 我叫…, 收件人…, …女士.

    >>> is_told("我叫王芳", Piece("name", 2, 4)), is_told("王芳说过", Piece("name", 0, 2))
    (True, False)
    """
    return bool(
        _TELLS.search(text[: name.start])
        or _CALLED.match(text, name.end)
        or _CALLED.search(text, name.start, name.end)
    )


def identifying(text: str, piece: Piece) -> set[int]:
    """The places of a piece's letters, digits and Chinese, a title left out."""
    places = {place for place in range(piece.start, piece.end) if text[place].isalnum()}
    if piece.kind == "name":
        for title in _TITLE.finditer(text, piece.start, piece.end):
            places -= set(range(*title.span()))
    return places


def _note(counts: Counts, case: Case, piece: Piece, what: str) -> None:
    shown = (
        f"{case.text[: piece.start]}⟦{case.text[piece.start : piece.end]}⟧{case.text[piece.end :]}"
    )
    counts.faults.append(f"{case.place} {what} {piece.kind}: {shown!r}")


def table(counts: Counts) -> list[str]:
    """The figures by kind and over all, one a line."""
    lines = [f"{'kind':<10} pieces recall  masks precision"]
    for kind in (*KINDS, None):
        numbers = (counts.pieces[kind], counts.masks[kind]) if kind else (
            counts.pieces.total(), counts.masks.total(),
        )  # fmt: skip
        lines.append(
            f"{kind or 'all':<10} {numbers[0]:6} {counts.recall(kind):6.3f} {numbers[1]:6} "
            f"{counts.precision(kind):9.3f}"
        )
    told = counts.pieces.total() - counts.story_names
    return [*lines, f"without {counts.story_names} names that only the story tells: "
            f"{told} pieces, recall {counts.told_recall():.3f}"]  # fmt: skip


def corpus() -> list[str]:
    """The texts of the corpus, few of which name anybody."""
    tables = [
        pd.read_csv(file, keep_default_na=False)
        for file in sorted((ROOT / "data" / "corpus").glob("*.csv"))
    ]
    return list(pd.concat(tables)["text"])


def seconds_a_text(texts: Sequence[str]) -> float:
    """How long masking takes, the best of three runs."""
    runs = []
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            masked(text)
        runs.append(time.process_time() - started)
    return min(runs) / len(texts)


def masked_texts(texts: Sequence[str]) -> Iterator[str]:
    """How many texts have each token, as lines."""
    counts = Counter(token for text in texts for token in _TOKENS & {*_TOKEN.findall(mask(text))})
    for token, number in counts.most_common():
        yield f"{token} in {number} of {len(texts)} texts"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--corpus", "plain", is_flag=True, help="Count what is masked in the corpus instead.")
@click.option("--quiet", is_flag=True, help="Leave out what was missed or masked in vain.")
def main(paths: Sequence[Path], *, quiet: bool, plain: bool) -> None:
    """Measure masking on FILES, or on all of tests/data/personal."""
    if plain:
        texts = corpus()
        for line in masked_texts(texts):
            click.echo(line)
        sample = random.Random(1).sample(texts, 4000)  # noqa: S311  (no secret)
        click.echo(f"{seconds_a_text(sample) * 1e6:.0f} µs a text, the best of three")
        return
    everything: list[Case] = []
    for file in paths or sorted(FOLDER.glob("*.txt")):
        cases = read(file)
        everything += cases
        empty = sum(not case.pieces for case in cases)
        click.echo(f"{file.name}: {len(cases)} texts, {empty} of them without personal data")
    counts = measure(everything)
    for line in [*([] if quiet else counts.faults), *table(counts)]:
        click.echo(line)


if __name__ == "__main__":
    main()
