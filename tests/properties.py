"""What must hold for any input, hostile or not: for the fuzzer and for the tests of the suite.

Each function takes one input and fails by `AssertionError`, or by whatever it should not raise.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from classifier.artifact import (
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    Json,
    digest,
    read_artifact,
)
from classifier.characters import INVISIBLE, fold
from classifier.dialogue import Role, Turn, customer_text, judge
from classifier.errors import ModelError, PlaybookError, PolicyError, RuleFileError
from classifier.manifest import read_category_head, read_features, read_intensity_head
from classifier.pii import KINDS, mask, masked
from classifier.playbook_file import parse_playbook
from classifier.policy_file import parse_policy
from classifier.prediction import Outcome, Prediction
from classifier.text import MAX_CHARS, clean, clean_batch
from classifier.tokens import cut_batch, tokeniser
from classifier.triage import Triage

_CLOSE = 1e-6
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")


def check_cleaning(text: str) -> None:
    """Cleaning again changes nothing, and every character stands for a span of the text as sent."""
    found = clean(text)
    assert found.original == text
    assert found.chars_used == min(len(text), MAX_CHARS)
    assert clean(found.text).text == found.text, "cleaning a clean text changed it"
    last = 0
    for place in range(len(found.text)):
        start, end = found.span(place, place + 1)
        assert 0 <= last <= start < end <= found.chars_used
        last = start
    (together,) = clean_batch([text])
    assert together.text == found.text


def check_tokens(text: str) -> None:
    """The pieces of a clean text are that text; a batch is cut as its texts are."""
    (item,) = clean_batch([text])
    pieces = tokeniser().cut(item.text)
    assert "".join(pieces) == item.text
    assert all(pieces)
    batch = cut_batch(tokeniser().piece_ends, [item.text, "", item.text])
    assert all(a < b for a, b in pairwise([0, *batch.piece_ends.tolist()]))
    assert batch.pieces == [*pieces, "\n", "\n", *pieces, "\n"]


def check_features(triage: Triage, text: str) -> None:
    """Each block of a row has its length or is empty; all values are finite and not negative."""
    vectoriser = triage._vectoriser
    (item,) = clean_batch([text])
    matrix = vectoriser.vectorise([item.text, item.text])
    assert matrix.shape == (2, vectoriser.n_features)
    first, second = matrix[[0]], matrix[[1]]
    assert (first != second).nnz == 0
    assert np.isfinite(first.data).all()
    assert (first.data > 0).all()
    limits = [1.0, 1.0, vectoriser.settings.concept_weight]
    for block, limit in zip(vectoriser.block_columns, limits, strict=False):
        length = float(np.linalg.norm(first[:, block].data))
        assert length == 0 or math.isclose(length, limit, abs_tol=_CLOSE)


def check_prediction(triage: Triage, text: str) -> None:
    """Probabilities add up to one, spans lie in the text, and company changes no answer."""
    found, empty, beside = triage.predict([text, "", text])
    assert found == beside == triage.predict([text])[0]
    assert empty.outcome is Outcome.NEEDS_HUMAN
    check_answer(found, text)


def check_answer(found: Prediction, text: str) -> None:
    """What holds of every answer."""
    assert found.chars_used == min(len(text), MAX_CHARS)
    assert found.truncated is (len(text) > MAX_CHARS)
    assert found.outcome is not Outcome.ERROR
    if found.intensity:
        assert math.isclose(sum(found.intensity.probs), 1.0, abs_tol=_CLOSE)
        assert 0 <= found.intensity.score <= 1
        assert 0 <= found.intensity.rank <= 1
    if found.category:
        shares = [one.prob for one in found.category.top]
        assert all(0 <= share <= 1 for share in shares)
        assert sum(shares) <= 1 + _CLOSE
        assert shares == sorted(shares, reverse=True)
        assert found.category.prob == shares[0]
    for piece in (*found.signals, *found.evidence):
        assert 0 <= piece.start < piece.end <= found.chars_used
        assert text[piece.start : piece.end] == piece.text


def check_signals(triage: Triage, text: str) -> None:
    """Signals stand in the clean text in order, known by name; those of one code never overlap."""
    (item,) = clean_batch([text])
    finder = triage._signals
    alone = finder.find(cut_batch(tokeniser().piece_ends, [item.text]))[0]
    together = finder.find(cut_batch(tokeniser().piece_ends, ["不退款就起诉", item.text]))[1]
    assert alone == together
    last: dict[str, int] = {}
    for match in alone:
        assert match.code in finder.rules
        assert last.get(match.code, 0) <= match.start < match.end <= len(item.text)
        last[match.code] = match.end
    assert alone == sorted(alone, key=lambda match: match.start)


def check_masking(text: str) -> None:
    """What is not masked stays as it was, and no number with a form of its own is left."""
    found = masked(text)
    position = new_position = 0
    for start, end, new_start, new_end in found.pieces:
        assert position <= start < end <= len(text)
        assert text[position:start] == found.text[new_position:new_start]
        assert found.text[new_start] == "["
        assert found.text[new_end - 1] == "]"
        assert found.span(start, end) == (new_start, new_end)
        position, new_position = end, new_end
    assert text[position:] == found.text[new_position:]
    assert mask(text) == found.text
    for kind in KINDS:
        for match in kind.pattern.finditer(_INVISIBLE.sub("", fold(found.text))):
            number = match.group().replace(" ", "").replace("-", "")
            assert not kind.check(number), f"a number for {kind.token} is left"


def check_policy(content: bytes) -> None:
    """A policy, or an error that names its mistakes."""
    _check_rules(parse_policy, PolicyError, content)


def check_playbook(content: bytes) -> None:
    """A playbook, or an error that names its mistakes."""
    _check_rules(parse_playbook, PlaybookError, content)


def _check_rules(
    parse: Callable[[bytes], object], fault: type[RuleFileError], content: bytes
) -> None:
    try:
        parse(content)
    except fault as error:
        mistakes = error.mistakes
    else:
        return
    assert mistakes
    assert all(isinstance(mistake, str) and mistake for mistake in mistakes)


def check_artifact(folder: Path, which: int, content: bytes) -> None:
    """A model folder of which one file is hostile is read whole or refused.

    `which` is the file: a manifest as it comes, one whose digest fits, weights, vocabulary. The
    hashes fit, so that the readers behind them are reached.
    """
    files = {name: (folder / name).read_bytes() for name in (MANIFEST, WEIGHTS, VOCABULARY)}
    if which % 4 < 2:
        files[MANIFEST] = _sealed(content) if which % 4 else content
    else:
        name = WEIGHTS if which % 4 == 2 else VOCABULARY
        files[name] = content
        manifest = json.loads(files[MANIFEST])
        manifest["files"][name] = hashlib.sha256(content).hexdigest()
        files[MANIFEST] = _sealed(json.dumps(manifest).encode())
    with tempfile.TemporaryDirectory() as place:
        for name, value in files.items():
            (Path(place) / name).write_bytes(value)
        try:
            found = read_artifact(Path(place))
            read_features(found.manifest)
            heads = read_category_head(found.manifest), read_intensity_head(found.manifest)
        except ModelError:
            return
    assert found.weights.shape == (sum(map(len, found.terms)), len(found.bias))
    assert np.isfinite(found.weights).all()
    for head in filter(None, heads):
        assert head.thresholds is not None


def _sealed(content: bytes) -> bytes:
    """The same manifest with a digest that fits, if it is a table at all."""
    try:
        manifest: Json = json.loads(content)
        if not isinstance(manifest, dict):
            return content
        return json.dumps(manifest | {"digest": digest(manifest)}).encode()
    except (ValueError, TypeError, RecursionError):
        return content


def check_dialogue(triage: Triage, turns: Sequence[tuple[Role, str]]) -> None:
    """How a conversation went names its own turns, and the answer stands on the customer's text."""
    said = [Turn(role, text) for role, text in turns]
    whole = customer_text(said)
    own = [turn.text for turn in said if turn.role is Role.CUSTOMER]
    decided, dialogue = judge(said, triage.predict([whole])[0], triage.predict(own))
    assert len(dialogue.turns) == len(said)
    for turn, heard in zip(said, dialogue.turns, strict=True):
        assert heard.role is turn.role
        if turn.role is Role.CUSTOMER:
            assert heard.start is not None
            assert whole[heard.start : heard.end] == turn.text
            assert 0 <= heard.repeated <= 1
        else:
            assert heard.intensity is None
    places = [dialogue.peak, dialogue.turning_point, dialogue.acknowledged_by]
    assert all(0 <= place < len(said) for place in places if place is not None)
    for piece in decided.signals:
        assert whole[piece.start : piece.end] == piece.text
    json.dumps(dialogue.as_json(), allow_nan=False)
