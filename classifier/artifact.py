"""The model folder: plain arrays and text, every byte checked before anything is built from it.

    weights.safetensors   weights (features x logits, float32), bias (logits), idf (features)
    vocabulary            one term a line: `w`, `c` or `k`, a tab, the word, character or concept
                          term; columns in this order
    manifest.json         format, hashes, labels, tokeniser, features, heads, training record

`FORMAT` rises when a reader of this version could misread a folder; older formats stay readable.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from classifier.errors import ModelError, shorten

FORMAT = 1
MANIFEST, WEIGHTS, VOCABULARY = "manifest.json", "weights.safetensors", "vocabulary"
CURRENT, SHADOW = "CURRENT", "SHADOW"  # files that name the served version, and one tried beside it
_MAX_POINTER_BYTES, _MAX_MANIFEST_BYTES = 1000, 10_000_000
_MAX_FILE_BYTES = 4_000_000_000  # weights or vocabulary: a hundred times those of 100,000 texts
_BLOCKS = "wck"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Artifact:
    """The checked content of a model folder; `manifest` still holds plain JSON values."""

    version: str
    manifest: Json
    weights: NDArray[np.float32]
    bias: NDArray[np.float64]
    idf: NDArray[np.float64]
    terms: tuple[Sequence[str], Sequence[str], Sequence[str]]


def current_version(models: Path, *, pointer: str = CURRENT) -> str | None:
    """The version that `CURRENT` (or `SHADOW`) in the models folder names, None without that file.

    Raises:
        ModelError: the file does not hold one plain folder name.
    """
    path = models / pointer
    try:
        name = _content(path, _MAX_POINTER_BYTES).decode("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not name or name in {".", ".."} or Path(name).name != name:
        raise ModelError(f"{path} holds {shorten(name)}, one folder name is needed")
    return name


def set_current(models: Path, version: str, *, pointer: str = CURRENT) -> None:
    """Name the version to serve, or to try beside it, in one atomic step."""
    replacement = models / f".{pointer}.{os.getpid()}"
    replacement.write_text(version + "\n", encoding="utf-8")
    replacement.replace(models / pointer)


def digest(manifest: Mapping[str, object]) -> str:
    """SHA-256 of all that the manifest says, but for its time stamp and the digest itself."""
    content = {k: v for k, v in manifest.items() if k not in {"digest", "created_at", "version"}}
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=True).encode()
    ).hexdigest()


def write_model_files(folder: Path, artifact: Artifact) -> Json:
    """Write weights and vocabulary; the returned manifest has their hashes added."""
    tensors: dict[str, NDArray[np.generic]] = {
        "weights": artifact.weights,
        "bias": artifact.bias,
        "idf": artifact.idf,
    }
    (folder / WEIGHTS).write_bytes(save_tensors(tensors))
    blocks = zip(_BLOCKS, artifact.terms, strict=True)
    lines = [f"{block}\t{term}\n" for block, terms in blocks for term in terms]
    (folder / VOCABULARY).write_text("".join(lines), encoding="utf-8", newline="\n")
    return artifact.manifest | {
        "format": FORMAT,
        "files": {name: _sha256((folder / name).read_bytes()) for name in (WEIGHTS, VOCABULARY)},
    }


def write_manifest(folder: Path, manifest: Json) -> None:
    """Write the manifest last: a folder without one is not a model."""
    sealed = manifest | {"digest": digest(manifest)}
    text = json.dumps(sealed, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_artifact(folder: Path) -> Artifact:
    """The content of a model folder, after checking all of it.

    Raises:
        ModelError: something is missing, damaged, edited or of another format; says what.
    """
    manifest = read_manifest(folder)
    content = {name: _read_checked(folder, name, manifest) for name in (WEIGHTS, VOCABULARY)}
    try:
        tensors = load_tensors(content[WEIGHTS])
    except (SafetensorError, KeyError, TypeError) as error:  # also a type that NumPy lacks
        raise ModelError(f"{folder / WEIGHTS} is not a safetensors file: {error}") from error
    terms = _terms(folder, content[VOCABULARY])
    expected = {"weights", "bias", "idf"}
    if set(tensors) != expected:
        raise ModelError(
            f"{folder / WEIGHTS} holds {sorted(tensors)}, needed are {sorted(expected)}"
        )
    weights, bias, idf = tensors["weights"], tensors["bias"], tensors["idf"]
    features = sum(map(len, terms))
    if not all(tensor.dtype.kind == "f" for tensor in tensors.values()):
        raise ModelError(f"{folder / WEIGHTS} holds values that are no floating-point numbers")
    if bias.ndim != 1 or weights.shape != (features, len(bias)) or idf.shape != (features,):
        raise ModelError(
            f"{folder / WEIGHTS}: weights {weights.shape}, bias {bias.shape}, idf {idf.shape} "
            f"do not fit {features} terms"
        )
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ModelError(f"{folder / WEIGHTS} holds values that are not finite")
    return Artifact(folder.name, manifest, weights.astype(np.float32, copy=False), bias, idf, terms)


def read_manifest(folder: Path) -> Json:
    """What the manifest of a model folder says, after checking that it was not changed.

    Raises:
        ModelError: it is missing, damaged, edited or of another format.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(_content(path, _MAX_MANIFEST_BYTES).decode("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no model folder: it has no {MANIFEST}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelError(f"{path}: format is {shorten(found)}, this program reads format {FORMAT}")
    if manifest.get("digest") != digest(manifest):
        raise ModelError(f"{path} was changed after training: its digest does not match")
    return manifest


def _read_checked(folder: Path, name: str, manifest: Json) -> bytes:
    hashes = manifest.get("files")
    if not isinstance(hashes, dict) or name not in hashes:
        raise ModelError(f"{folder / MANIFEST} names no hash for {name}")
    try:
        content = _content(folder / name, _MAX_FILE_BYTES)
    except OSError as error:
        raise ModelError(f"{folder / name} cannot be read: {error}") from error
    if _sha256(content) != hashes[name]:
        raise ModelError(f"{folder / name} was changed or cut off: its SHA-256 does not match")
    return content


def _content(path: Path, limit: int) -> bytes:
    """The bytes of a file; a device or pipe, which may never end, is none."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is no regular file")
    if found.st_size > limit:
        raise ModelError(f"{path} has {found.st_size} bytes, allowed are {limit}")
    return path.read_bytes()


def _terms(folder: Path, content: bytes) -> tuple[list[str], list[str], list[str]]:
    terms: tuple[list[str], list[str], list[str]] = ([], [], [])
    reached = 0
    try:
        lines = content.decode("utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise ModelError(f"{folder / VOCABULARY} is not UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        block, _, term = line.partition("\t")
        place = _BLOCKS.find(block) if block else -1
        if not term or place < reached:
            raise ModelError(f"{folder / VOCABULARY}: line {number} is malformed")
        terms[place].append(term)
        reached = place
    return terms


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
