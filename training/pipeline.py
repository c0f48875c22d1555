"""A trained model as scikit-learn pipelines, for notebooks: from raw texts to probabilities.

`pipeline.joblib` is a pickle. It is for whoever made it or trusts who did; the service never reads
it. `TextFeatures` can also be fitted anew and stands in any scikit-learn pipeline or search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from classifier.artifact import Artifact, read_artifact
from classifier.errors import ModelError
from classifier.features import FeatureSettings, Vectoriser, fit_vectoriser
from classifier.heads import CategoryHead, IntensityHead
from classifier.manifest import read_category_head, read_features, read_intensity_head, text_of
from classifier.neutral import packaged_neutral
from classifier.text import clean_batch
from classifier.tokens import ENGINES, tokeniser
from classifier.triage import CATEGORY, INTENSITY, Triage

PIPELINE = "pipeline.joblib"
Floats = NDArray[np.float64]


class TextFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Raw texts to TF-IDF rows of words, characters and concepts, as the classifier counts them.

    The parameters are those of `classifier.features.FeatureSettings`; `engine` cuts into words,
    `neutral` reads one word for all that say who somebody is (`classifier.neutral`).
    Learned: `terms_`, the terms of each block in column order, and `idf_`, shape (features,).

    >>> texts = ["快递太慢了", "快递员骂人", "退款太慢"]
    >>> TextFeatures(min_df=2, char_ngrams=(1, 1), concept_weight=0.0).fit_transform(texts).shape
    (3, 5)
    """

    def __init__(  # noqa: PLR0913  (scikit-learn reads one argument for each parameter)
        self,
        word_ngrams: tuple[int, int] = (1, 1),
        char_ngrams: tuple[int, int] = (1, 3),
        min_df: int = 3,
        *,
        sublinear_tf: bool = True,
        concept_weight: float = 1.5,
        engine: str = ENGINES[0],
        neutral: bool = True,
    ) -> None:
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.min_df = min_df
        self.sublinear_tf = sublinear_tf
        self.concept_weight = concept_weight
        self.engine = engine
        self.neutral = neutral

    def fit(self, texts: Iterable[str], _labels: object = None) -> TextFeatures:
        """Learn the terms that at least `min_df` of the texts hold.

        Raises:
            ValueError: a parameter is out of range.
        """
        vectoriser = fit_vectoriser(self._clean(texts), self._settings(), tokeniser(self.engine))
        self.terms_, self.idf_ = vectoriser.terms, vectoriser.idf
        self._vectoriser = vectoriser
        return self

    def transform(self, texts: Iterable[str]) -> sp.csr_matrix:
        """The rows, shape (texts, features)."""
        check_is_fitted(self, "idf_")
        return sp.csr_matrix(self._made().vectorise(self._clean(texts)))

    def get_feature_names_out(self, _names: object = None) -> NDArray[np.object_]:
        """`word:…`, `char:…` or `concept:…` for each column."""
        check_is_fitted(self, "idf_")
        blocks = zip(("word", "char", "concept"), self.terms_, strict=True)
        return np.array([f"{name}:{t}" for name, terms in blocks for t in terms], dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the loaded word segmenter, which is made anew."""
        return {k: v for k, v in super().__getstate__().items() if k != "_vectoriser"}

    def _clean(self, texts: Iterable[str]) -> Sequence[str]:
        found = [item.text for item in clean_batch(list(texts))]
        return [packaged_neutral().text(one) for one in found] if self.neutral else found

    def _made(self) -> Vectoriser:
        if not hasattr(self, "_vectoriser"):
            cutter = tokeniser(self.engine)
            self._vectoriser = Vectoriser(self._settings(), cutter, self.terms_, self.idf_)
        return self._vectoriser

    def _settings(self) -> FeatureSettings:
        return FeatureSettings(
            _pair(self.word_ngrams), _pair(self.char_ngrams), self.min_df,
            self.sublinear_tf, self.concept_weight,
        )  # fmt: skip


class OrderedLevels(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The intensity head of a trained model over its features; it cannot be fitted anew."""

    def __init__(self, head: IntensityHead, weights: Floats, bias: Floats) -> None:
        self.head = head
        self.weights = weights
        self.bias = bias

    def fit(self, _matrix: object, _levels: object = None) -> OrderedLevels:
        """Refuses: levels are fitted by `python -m training train`.

        Raises:
            TypeError: always.
        """
        raise TypeError("OrderedLevels cannot be fitted: train by `python -m training train`")

    def __sklearn_is_fitted__(self) -> bool:
        """It is made of what was fitted."""
        return True

    @property
    def classes_(self) -> NDArray[np.int64]:
        """The levels, ascending."""
        return np.array(self.head.levels)

    def predict_proba(self, matrix: sp.csr_matrix) -> Floats:
        """The probability of each level, shape (texts, levels)."""
        return self.head.probabilities(matrix @ self.weights + self.bias)

    def decision_function(self, matrix: sp.csr_matrix) -> Floats:
        """The score: the expected rank in 0-1, shape (texts,)."""
        return self.head.scores(self.predict_proba(matrix))

    def predict(self, matrix: sp.csr_matrix) -> NDArray[np.int64]:
        """The level of each text, by the learned cuts of the expected rank."""
        return self.classes_[self.head.ranks(self.decision_function(matrix))]


def pipelines(folder: Path) -> dict[str, Pipeline]:
    """A pipeline for each head of a model folder: "category", "intensity".

    Both take raw texts and give the probabilities that the classifier gives, to 1e-5.

    Raises:
        ModelError: the model is damaged, or must not be served here.
    """
    artifact = read_artifact(folder)
    Triage(artifact)  # refuses what this program would misread, such as another word segmenter
    manifest = artifact.manifest
    category, intensity = read_category_head(manifest), read_intensity_head(manifest)
    features = _features(artifact)
    split = category.n_columns if category else 0
    weights = artifact.weights.astype(np.float64)
    found = {}
    if category:
        head = _logistic(category, weights[:, :split], artifact.bias[:split])
        found[CATEGORY] = Pipeline([("features", features), ("head", head)])
    if intensity:
        levels = OrderedLevels(intensity, weights[:, split:], artifact.bias[split:])
        found[INTENSITY] = Pipeline([("features", features), ("head", levels)])
    return found


def write_pipelines(folder: Path) -> Path:
    """Write `pipeline.joblib` into a model folder; returns its path.

    Raises:
        ModelError: the model cannot be served, or the folder cannot be written to.
    """
    path = folder / PIPELINE
    try:
        joblib.dump(pipelines(folder), path, compress=3)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _features(artifact: Artifact) -> TextFeatures:
    settings = read_features(artifact.manifest)
    engine = text_of(artifact.manifest, "tokeniser", "engine")
    features = TextFeatures(
        settings.word_ngrams, settings.char_ngrams, settings.min_df,
        sublinear_tf=settings.sublinear_tf, concept_weight=settings.concept_weight, engine=engine,
        neutral="neutral" in artifact.manifest,
    )  # fmt: skip
    features.terms_, features.idf_ = artifact.terms, artifact.idf
    return features


def _logistic(head: CategoryHead, weights: Floats, bias: Floats) -> LogisticRegression:
    """A fitted logistic regression; two classes have one row of weights, their difference."""
    model = LogisticRegression()
    model.classes_ = np.array(head.codes)
    coefficients, intercepts = head.scale * weights.T, head.scale * bias
    if len(head.codes) == 2:
        coefficients = coefficients[1:] - coefficients[:1]
        intercepts = intercepts[1:] - intercepts[:1]
    model.coef_, model.intercept_ = coefficients, intercepts
    model.n_features_in_ = weights.shape[0]
    model.n_iter_ = np.array([0], np.int32)
    return model


def _pair(values: Sequence[int]) -> tuple[int, int]:
    """A search may give a list."""
    low, high = values
    return low, high
