"""The whole way from text to prediction, for many texts at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from classifier import explain, language
from classifier.artifact import Artifact, current_version, read_artifact
from classifier.clauses import REACHES, Parts
from classifier.concepts import concepts_hash, packaged_concepts
from classifier.errors import ModelError
from classifier.features import Vectoriser
from classifier.kernels import Longs
from classifier.kernels.reading import Reader, Reading
from classifier.lexicon import packaged_rules
from classifier.likeness import Term, likeness, telling_terms
from classifier.lookup import Phrasebook, code_points, joined
from classifier.manifest import read_category_head, read_features, read_intensity_head, text_of
from classifier.neutral import neutral_hash, packaged_neutral
from classifier.prediction import (
    Band,
    Category,
    Evidence,
    Intensity,
    Outcome,
    Prediction,
    Signal,
)
from classifier.signals import Match, SignalFinder
from classifier.text import CleanText, clean_batch
from classifier.tokens import tokeniser

CATEGORY, INTENSITY = "category", "intensity"
# Texts worked on at once: larger batches are hardly faster, and a file of them is resumed by these.
BATCH = 256
# A tuple is made of values in half the time of the class itself.
_prediction = partial(tuple.__new__, Prediction)


class Triage:
    """A loaded model; made by `load`, safe between threads, never changed after."""

    def __init__(self, artifact: Artifact) -> None:
        manifest = artifact.manifest
        self.version = artifact.version
        self._manifest = manifest
        self._tokeniser = tokeniser(text_of(manifest, "tokeniser", "engine"))
        fitted_with = text_of(manifest, "tokeniser", "fingerprint")
        if self._tokeniser.fingerprint != fitted_with:
            raise ModelError(
                f"model {self.version} was fitted with tokeniser {fitted_with}, here is "
                f"{self._tokeniser.fingerprint}: train again or install the former"
            )
        settings = read_features(manifest)
        if settings.concept_weight and text_of(manifest, "concepts", "sha256") != concepts_hash():
            raise ModelError(
                f"model {self.version} was fitted with other concepts than those packaged here: "
                "train again"
            )
        names = packaged_concepts().names if settings.concept_weight else []
        if list(artifact.terms[2]) != names:
            raise ModelError(
                f"model {self.version} has {len(artifact.terms[2])} concepts, its settings and the "
                f"packaged ones ask for {len(names)}, by their names and in order"
            )
        self._neutral = packaged_neutral() if "neutral" in manifest else None
        if self._neutral and text_of(manifest, "neutral", "sha256") != neutral_hash():
            raise ModelError(
                f"model {self.version} was fitted with other neutral words than those packaged "
                "here: train again"
            )
        self._vectoriser = Vectoriser(settings, self._tokeniser, artifact.terms, artifact.idf)
        self._category = read_category_head(manifest)
        self._intensity = read_intensity_head(manifest)
        self._bias = artifact.bias
        n_category = self._category.n_columns if self._category else 0
        n_intensity = self._intensity.n_columns if self._intensity else 0
        if n_category + n_intensity != len(self._bias) or not len(self._bias):
            raise ModelError(
                f"model {self.version} has {len(self._bias)} logits, its labels need "
                f"{n_category} + {n_intensity}"
            )
        self._split = n_category
        columns = [artifact.idf.astype(np.float32), artifact.weights]
        self._explained: list[tuple[str, float]] = []  # heads and factors of their weights
        if self._category:
            self._explained.append((CATEGORY, self._category.scale))
        if self._intensity:
            direction = self._intensity.direction.astype(np.float32)
            # Not by @: OpenBLAS would start its threads, which then wait for work in a loop.
            columns.append(np.einsum("ij,j->i", artifact.weights[:, n_category:], direction))
            self._explained.append((INTENSITY, 1.0))
        self._table = np.column_stack(columns)  # side by side: one access to memory for a term
        self._signals = SignalFinder(packaged_rules(), frequency=self._vectoriser.frequencies())
        segmenter = self._tokeniser.segmenter
        self._reader = Reader(
            segmenter.tables if segmenter else None,
            Phrasebook([*self._vectoriser.phrases, self._signals.anchors]).tables,
            self._vectoriser.words.tables,
            packaged_concepts().numbers,
            self._vectoriser.blocks,
            self._table,
            self._bias,
            self._signals.matcher,
            explain.RULES,
            REACHES,
        )

    def describe(self) -> dict[str, object]:
        """What the model is, for people and machines: everything the manifest says."""
        return {"version": self.version, **self._manifest}

    def predict(self, texts: Sequence[str], *, with_evidence: bool = True) -> list[Prediction]:
        """One prediction per text, in order; no text makes it raise.

        Without evidence it is about twice as fast.
        """
        chunks = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        work = partial(self._predict_batch, with_evidence=with_evidence)
        if len(chunks) < 2:
            return work(texts) if chunks else []
        with ThreadPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as pool:
            return list(chain.from_iterable(pool.map(work, chunks)))

    def count_words(self, texts: Sequence[str]) -> tuple[Longs, Longs]:
        """How many words each text has, and how many of them the model does not know."""
        return self._vectoriser.count_words([item.text for item in self._read(texts)])

    def telling_terms(self, text: str, most: int) -> list[Term]:
        """The pieces of a text that weigh most in the model's eyes, the heaviest first."""
        return telling_terms(self._vectoriser, self._read([text])[0].text, most)

    def likeness(self, text: str, others: Sequence[str]) -> list[float]:
        """How alike each other text is to the first, as the cosine of the model's features, 0-1."""
        texts = [item.text for item in self._read([text, *others])]
        return likeness(self._vectoriser, texts[0], texts[1:])

    def _read(self, texts: Sequence[str]) -> list[CleanText]:
        """The texts as the heads see them."""
        cleaned = clean_batch(texts)
        return self._neutral.read_batch(cleaned) if self._neutral else cleaned

    def _predict_batch(self, texts: Sequence[str], *, with_evidence: bool) -> list[Prediction]:
        """All stages over the whole batch; what cannot be judged is scored too and not said."""
        cleaned = clean_batch(texts)
        read = self._neutral.read_batch(cleaned) if self._neutral else cleaned
        # Signals are found in texts as they were sent: those that read otherwise come again behind.
        again = [row for row, item in enumerate(cleaned) if item is not read[row]]
        seen = [item.text for item in read] + [cleaned[row].text for row in again]
        reading = self._read_all(seen)
        logits = reading.logits[: len(texts)]
        categories: list[Category] | list[None] = [None] * len(texts)
        intensities: list[Intensity] | list[None] = [None] * len(texts)
        likeliest = np.zeros(len(texts), np.int64)
        if self._category:
            categories, likeliest = self._category.answers(logits[:, : self._split])
        if self._intensity:
            intensities = self._intensity.answers(logits[:, self._split :])
        evidence: Sequence[tuple[Evidence, ...]] = [()] * len(texts)
        if with_evidence:
            # Columns of the table: of the answer, if there is one, and of the anger.
            chosen = np.zeros((len(seen), len(self._explained)), np.int64)
            chosen[: len(texts), 0] = likeliest + 1
            if self._intensity:
                chosen[:, -1] = self._table.shape[1] - 1
            evidence = explain.evidence(read, reading.explain(chosen), self._explained)
        signals = self._signals.meant(seen, reading.codes, reading.stretches, Parts(reading.parts))
        for row, found in zip(again, signals[len(texts) :], strict=True):
            signals[row] = found
        return self._said(cleaned, categories, intensities, signals, evidence)

    def _read_all(self, texts: Sequence[str]) -> Reading:
        """All that the compiled loops find in clean texts, in one call."""
        batch = joined(texts)
        codes = code_points(batch)
        is_ours = self._tokeniser.segmenter is not None
        piece_ends = None if is_ours else self._tokeniser.piece_ends(batch, codes)
        return self._reader.read(codes, len(texts), piece_ends)

    def _said(
        self,
        texts: Sequence[CleanText],
        categories: Sequence[Category | None],
        intensities: Sequence[Intensity | None],
        signals: Sequence[Sequence[Match]],
        evidence: Sequence[tuple[Evidence, ...]],
    ) -> list[Prediction]:
        """Text by text what was found, but nothing of what cannot be judged."""
        version, tokeniser = self.version, self._tokeniser.fingerprint
        low, ok, needs_human = Band.LOW, Outcome.OK, Outcome.NEEDS_HUMAN
        said = []
        # One loop without a call for each text: half the time. `signals` may have more behind.
        for item, category, intensity, matches, spans in zip(
            texts, categories, intensities, signals, evidence, strict=False
        ):
            code, why = ("zh", None) if item.is_chinese else language.detect(item.text)
            reasons: tuple[str, ...] = ()
            if why is not None:
                category, intensity, spans, reasons = None, None, (), (why,)  # noqa: PLW2901
            else:
                if category and category.band is low:
                    reasons = (f"low_confidence_{CATEGORY}",)
                if intensity and intensity.band is low:
                    reasons = (*reasons, f"low_confidence_{INTENSITY}")
            used = item.chars_used
            truncated = used < len(item.original)
            said.append(_prediction((
                needs_human if reasons else ok,
                (*reasons, "truncated") if truncated else reasons,
                intensity, category,
                tuple([_signal(item, match) for match in matches]) if matches else (),
                spans, code, used, truncated, version, tokeniser,
            )))  # fmt: skip
        return said


def _signal(item: CleanText, match: Match) -> Signal:
    start, end = item.span(match.start, match.end)
    return Signal(match.code, start, end, item.original[start:end])


def load(folder: Path | str | None = None, *, models: Path = Path("models")) -> Triage:
    """The model in a folder, or the one that `CURRENT` in the models folder names.

    Raises:
        ModelError: there is none, or it must not be served; one sentence says why.
    """
    return Triage(read_artifact(folder_of(folder, models=models)))


def folder_of(folder: Path | str | None = None, *, models: Path = Path("models")) -> Path:
    """Where the model lies that `load` would load.

    Raises:
        ModelError: `CURRENT` does not exist or names none.
    """
    if folder is not None:
        return Path(folder).absolute()
    version = current_version(models)
    if version is None:
        raise ModelError(f"{models / 'CURRENT'} does not exist: run `make train` first")
    return (models / version).absolute()
