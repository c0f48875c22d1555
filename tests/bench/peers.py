"""Other libraries that a user might pick, on the same texts: only how fast they are.

Measured if they are installed: `pip install snownlp cnsenti fasttext-numpy2-wheel`; the lock file
has none of them. SnowNLP tells positive from negative, cnsenti counts words of feelings; fastText
is fitted here on a part of the texts, cut by rjieba. What they say is not compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import rjieba

Run = Callable[[], object]
_FITTED = 1500


def peers(texts: list[str], labels: list[str]) -> Iterator[tuple[str, Run]]:
    """Name and run of each that is installed; a run reads all texts once."""
    if find_spec("snownlp"):
        from snownlp import SnowNLP  # noqa: PLC0415  (may be absent)

        yield "SnowNLP", lambda: [SnowNLP(text).sentiments for text in texts]
    if find_spec("cnsenti"):
        from cnsenti import Emotion  # noqa: PLC0415

        emotion = Emotion()
        yield "cnsenti", lambda: [emotion.emotion_count(text) for text in texts]
    if find_spec("fasttext"):
        yield "fastText, with rjieba", _fasttext(texts, labels)


def _fasttext(texts: list[str], labels: list[str]) -> Run:
    import fasttext  # noqa: PLC0415

    segmenter = rjieba.Jieba()

    def cut(text: str) -> str:
        return " ".join(segmenter.cut(text.replace("\n", " ")))

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        pairs = zip(texts[:_FITTED], labels[:_FITTED], strict=True)
        file.write("\n".join(f"__label__{label} {cut(text)}" for text, label in pairs))
        file.flush()
        model = fasttext.train_supervised(str(Path(file.name)), wordNgrams=2, verbose=0)
    return lambda: model.predict([cut(text) for text in texts])
