"""Groups texts of one category into recurring problems, and finds a group again later.

TF-IDF of words, 50 dimensions of it (latent semantic analysis, Deerwester et al. 1990), and HDBSCAN
(Campello, Moulavi, Sander 2013): the number of problems need not be known, and what does not recur
is left out instead of being pressed into a group, as k-means would. It works on a sample, since its
time grows with the square; all other texts go to the nearest group if they are near enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from service.insight.surges import MIN_CASES, Floats, Longs
from service.insight.words import Pieces, is_term

SAMPLE = 3000  # texts of a category that HDBSCAN sees: 2 s
MAX_ISSUES = 30  # of a category, the largest
_DIMENSIONS = 50
_SMALLEST_SHARE = 0.005  # of the sample: a rarer problem is not a frequent one
_TERMS = 40  # of a centre, kept to find the group again
_NEAR = 0.1  # quantile of the members' own similarity that a text must reach
_MOST = 0.5  # of the texts
SAME = 0.4  # cosine of two centres from which on they are one problem


@dataclass(frozen=True, slots=True)
class Cluster:
    """One group: places of its texts, the most central one first, and the centre's terms."""

    members: tuple[int, ...]
    terms: dict[str, float]


def clusters(texts: Sequence[Pieces], *, seed: int = 7) -> list[Cluster]:
    """The groups of texts that recur, the largest first; none in fewer than ten texts.

    The same texts in the same order and the same seed give the same groups.
    """
    if len(texts) < 2 * MIN_CASES:
        return []
    vectoriser = TfidfVectorizer(analyzer=terms, min_df=2, sublinear_tf=True)
    try:
        matrix = csr_matrix(vectoriser.fit_transform(texts))
    except ValueError:  # no word stands in two texts
        return []
    filled = np.flatnonzero(np.diff(matrix.indptr))
    chosen = filled
    if len(filled) > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(filled, SAMPLE, replace=False))
    labels = _labels(matrix[chosen], seed)
    names = vectoriser.get_feature_names_out()
    return _assigned(matrix, chosen, labels, names)


def match(new: Sequence[Mapping[str, float]], old: Mapping[int, Mapping[str, float]]) -> list[int]:
    """For each new centre the number of the old one that it is, or 0; no old one twice.

    The nearest pairs come first; below `SAME` there is none.

    >>> match([{"退款": 1.0}, {"发货": 1.0}], {7: {"发货": 0.8, "慢": 0.6}})
    [0, 7]
    """
    pairs = [
        (cosine(centre, other), place, number)
        for place, centre in enumerate(new)
        for number, other in old.items()
    ]
    found, taken = [0] * len(new), set()
    for near, place, number in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if near >= SAME and not found[place] and number not in taken:
            found[place] = number
            taken.add(number)
    return found


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine of two sparse centres.

    >>> cosine({"a": 3.0, "b": 4.0}, {"b": 2.0})
    0.8
    """
    both = sum(weight * other.get(term, 0.0) for term, weight in one.items())
    lengths = [sum(weight**2 for weight in each.values()) for each in (one, other)]
    return float(both / np.sqrt(lengths[0] * lengths[1])) if all(lengths) else 0.0


def terms(pieces: Pieces) -> list[str]:
    """The pieces that tell what a text is about."""
    return [piece for piece in pieces if is_term(piece)]


def _labels(matrix: csr_matrix, seed: int) -> Longs:
    """The group of each row, -1 for none."""
    dimensions = min(_DIMENSIONS, min(matrix.shape) - 1)
    if dimensions < 1:
        return np.zeros(matrix.shape[0], np.int64)
    left, weights, _ = randomized_svd(matrix, dimensions, n_iter=2, random_state=seed)
    smallest = max(MIN_CASES, round(_SMALLEST_SHARE * matrix.shape[0]))
    # Leaves: small and alike, and joined again where their words are. The default, excess of mass,
    # made one group of a third of all texts.
    model = HDBSCAN(
        min_cluster_size=smallest, min_samples=3, cluster_selection_method="leaf", copy=True
    )
    found: Longs = model.fit_predict(normalize(left * weights)).astype(np.int64)
    return found


def _assigned(
    matrix: csr_matrix, chosen: Longs, labels: Longs, names: Sequence[str]
) -> list[Cluster]:
    """Every text with the group whose centre is nearest, if it is near enough."""
    number = int(labels.max(initial=-1)) + 1
    if not number:
        return []
    inside = labels >= 0
    labels[inside] = _joined(_centres(matrix, chosen[inside], labels[inside]))[labels[inside]]
    labels[inside] = _sharing(matrix[chosen], labels)[labels[inside]]
    number = int(labels.max()) + 1
    centres = _centres(matrix, chosen[inside], labels[inside])
    near: Floats = np.asarray((matrix @ centres.T).todense())
    own = near[chosen[inside], labels[inside]]
    least = np.array([np.quantile(own[labels[inside] == one], _NEAR) for one in range(number)])
    nearest = near.argmax(axis=1)
    best = near[np.arange(len(nearest)), nearest]
    nearest[best < np.maximum(least[nearest], 1e-9)] = -1
    found = []
    for one in range(number):
        places = np.flatnonzero(nearest == one)
        if len(places) >= MIN_CASES:
            order = places[np.argsort(-best[places], kind="stable")]
            found.append(Cluster(tuple(order.tolist()), _heaviest(centres[one], names)))
    return sorted(found, key=lambda one: -len(one.members))[:MAX_ISSUES]


def _centres(matrix: csr_matrix, rows: Longs, labels: Longs) -> csr_matrix:
    """The mean direction of the rows of each group."""
    shape = (int(labels.max()) + 1, matrix.shape[0])
    return csr_matrix(normalize(csr_matrix((np.ones(len(rows)), (labels, rows)), shape) @ matrix))


def _joined(centres: csr_matrix) -> Longs:
    """For each group the number of the problem that it is one wording of."""
    if centres.shape[0] < 2:
        return np.zeros(centres.shape[0], np.int64)
    apart = np.clip(1 - (centres @ centres.T).toarray(), 0, None)
    model = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - SAME
    )
    found: Longs = model.fit_predict(apart).astype(np.int64)
    return found


def _sharing(matrix: csr_matrix, labels: Longs) -> Longs:
    """The same for groups that share a word of their own.

    Most texts of each have the word, and most texts that have it are theirs: those about 快递柜 are
    one problem, however differently they tell of it, and those that say 电话 are not.
    """
    rows = np.flatnonzero(labels >= 0)
    shape = (int(labels.max()) + 1, matrix.shape[0])
    group = csr_matrix((np.ones(len(rows)), (labels[rows], rows)), shape)
    has = csr_matrix((np.ones(len(matrix.data)), matrix.indices, matrix.indptr), matrix.shape)
    numbers = (group @ has).toarray()
    telling = numbers >= _MOST * np.bincount(labels[rows])[:, None]
    own = (numbers * telling).sum(axis=0) >= _MOST * np.asarray(has.sum(axis=0)).ravel()
    words = csr_matrix(telling[:, own & (telling.sum(axis=0) > 1)], dtype=np.float64)
    found: Longs = connected_components(words @ words.T, directed=False)[1].astype(np.int64)
    return found


def _heaviest(centre: csr_matrix, names: Sequence[str]) -> dict[str, float]:
    order = np.argsort(-centre.data, kind="stable")[:_TERMS]
    return {
        str(names[centre.indices[place]]): round(float(centre.data[place]), 4) for place in order
    }
