"""A damaged, edited or foreign model folder is refused in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from classifier import Triage, load
from classifier.artifact import (
    MANIFEST,
    VOCABULARY,
    WEIGHTS,
    current_version,
    digest,
    read_artifact,
    set_current,
)
from classifier.concepts import concepts_hash, packaged_concepts
from classifier.errors import ModelError


@pytest.fixture
def copy(toy_folder: Path, tmp_path: Path) -> Path:
    """A copy of the toy model that a test may spoil."""
    return Path(shutil.copytree(toy_folder, tmp_path / "model"))


def edit_manifest(folder: Path, change: Callable[[dict], None], *, sealed: bool) -> None:
    """Change the manifest, with or without making its digest fit again."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    if sealed:
        manifest["digest"] = digest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_a_whole_folder_loads(copy: Path) -> None:
    """The copy of a good model is a good model."""
    assert load(copy).predict(["退款一直推"])[0].category is not None


@pytest.mark.parametrize("name", [WEIGHTS, VOCABULARY])
def test_a_flipped_bit_is_noticed(copy: Path, name: str) -> None:
    """One changed byte in weights or vocabulary and the model is not served."""
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} was changed or cut off"):
        load(copy)


@pytest.mark.parametrize("name", [WEIGHTS, VOCABULARY])
def test_a_cut_or_missing_file_is_noticed(copy: Path, name: str) -> None:
    """Half a file and no file are both named."""
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=name):
        load(copy)
    (copy / name).unlink()
    with pytest.raises(ModelError, match=name):
        load(copy)


def test_an_edited_manifest_is_noticed(copy: Path) -> None:
    """A threshold changed by hand no longer fits the digest."""
    edit_manifest(copy, lambda m: m["heads"]["category"].update(scale=9.0), sealed=False)
    with pytest.raises(ModelError, match="changed after training"):
        load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(format=99), "format is '99', this program reads format 1"),
        (lambda m: m["tokeniser"].update(fingerprint="rjieba-0-x"), "was fitted with tokeniser"),
        (lambda m: m["tokeniser"].update(engine="hanlp"), "'hanlp'"),
        (lambda m: m["features"].update(char_ngrams=[1, 9]), "char_ngrams"),
        (lambda m: m["features"].update(surprise=1), "features"),
        (lambda m: m["heads"]["category"].update(codes=["a"]), "codes and names"),
        (lambda m: m["heads"]["category"].update(scale=-1), "scale is -1"),
        (lambda m: m["heads"]["intensity"].update(kind="guess"), "kind is 'guess'"),
        (lambda m: m["heads"]["intensity"].update(levels=[5, 4, 3, 2, 1]), "must ascend"),
        (lambda m: m["heads"]["intensity"].update(cuts="x"), "a list of numbers"),
        (
            lambda m: m["heads"]["category"].update(thresholds={"medium": 2, "high": 1}),
            "thresholds",
        ),
        (lambda m: m["heads"].update(category=None), "its labels need"),
        (lambda m: m.pop("heads"), "heads is"),
        (lambda m: m.pop("files"), "names no hash"),
    ],
)
def test_a_manifest_that_does_not_fit_is_named(
    copy: Path, change: Callable[[dict], None], message: str
) -> None:
    """Even with a fitting digest, every value is checked before anything is built."""
    edit_manifest(copy, change, sealed=True)
    with pytest.raises(ModelError, match=message):
        load(copy)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_a_manifest_that_is_no_manifest_is_named(copy: Path, content: bytes) -> None:
    """Empty, cut, deeply nested or foreign content is one sentence."""
    (copy / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=MANIFEST):
        load(copy)


def test_weights_that_do_not_fit_are_named(copy: Path) -> None:
    """Another shape, or values that are no numbers, are refused even with fitting hashes."""
    tensors = load_tensors((copy / WEIGHTS).read_bytes())
    for name, spoiled, message in (
        ("idf", tensors["idf"][:-1], "do not fit"),
        ("bias", np.full_like(tensors["bias"], np.nan), "not finite"),
    ):
        content = save_tensors(tensors | {name: spoiled})
        (copy / WEIGHTS).write_bytes(content)
        hashed = __import__("hashlib").sha256(content).hexdigest()
        edit_manifest(copy, lambda m, h=hashed: m["files"].update({WEIGHTS: h}), sealed=True)
        with pytest.raises(ModelError, match=message):
            read_artifact(copy)


def test_concepts_that_are_not_the_packaged_ones_are_named(copy: Path) -> None:
    """The loops take the number of a concept for its row: with fewer they would read beyond."""
    found = read_artifact(copy)
    features = {**found.manifest["features"], "concept_weight": 1.0}
    manifest = {**found.manifest, "features": features, "concepts": {"sha256": concepts_hash()}}
    forged = replace(found, manifest=manifest)
    message = f"has 0 concepts, .* for {len(packaged_concepts().names)}"
    with pytest.raises(ModelError, match=message):
        Triage(forged)


def test_a_pickle_is_never_read(copy: Path) -> None:
    """A file that would run code on unpickling does not run when the folder is loaded."""
    (copy / "pipeline.joblib").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    load(copy)
    assert not Path("pwned").exists()


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    """The message names what is missing."""
    with pytest.raises(ModelError, match=f"no {MANIFEST}"):
        load(tmp_path)


@pytest.mark.parametrize("content", ["", "../evil\n", "/etc\n", "..", "a/b"])
def test_current_must_name_one_folder(tmp_path: Path, content: str) -> None:
    """`CURRENT` cannot point out of the models folder."""
    (tmp_path / "CURRENT").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="one folder name"):
        current_version(tmp_path)


def test_current_is_replaced_whole(tmp_path: Path) -> None:
    """The new name is there, and no temporary file is left."""
    assert current_version(tmp_path) is None
    set_current(tmp_path, "one")
    set_current(tmp_path, "two")
    assert current_version(tmp_path) == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]
