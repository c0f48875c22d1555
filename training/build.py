"""Writes a fitted model as the folder that the service reads."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from classifier.artifact import Artifact, Json, digest, write_manifest, write_model_files
from classifier.concepts import concepts_hash
from classifier.heads import CategoryHead, IntensityHead
from classifier.lexicon import lexicon_hash
from classifier.neutral import neutral_hash
from training.config import TrainingConfig, recorded
from training.dataset import Dataset, FileRecord
from training.fit import Fitted
from training.profile import profile_of

LIBRARIES = ("numpy", "scipy", "scikit-learn", "jieba", "rjieba", "opencc")


def build(dataset: Dataset, fitted: Fitted, config: TrainingConfig, metrics: Json) -> Artifact:
    """The artifact of a fitted model; its version is yet to be given."""
    weights = np.hstack([head.weights for head in fitted.linear]).astype(np.float32)
    bias = np.concatenate([head.bias for head in fitted.linear])
    manifest: Json = {
        "tokeniser": {
            "engine": fitted.vectoriser.tokeniser.engine,
            "fingerprint": fitted.vectoriser.tokeniser.fingerprint,
        },
        "features": fitted.vectoriser.settings.as_dict(),
        "heads": {
            "category": _category(fitted.category) if fitted.category else None,
            "intensity": _intensity(fitted.intensity) if fitted.intensity else None,
        },
        "concepts": {"sha256": concepts_hash()},
        "neutral": {"sha256": neutral_hash()},
        "signals": {"lexicon_sha256": lexicon_hash()},
        "data": {
            "files": [_file(file) for file in dataset.files],
            "examples": len(dataset.examples),
            "left_out": dict(sorted(dataset.left_out.items())),
        },
        "training": recorded(config),
        "code": {"sha256": code_hash()},
        "libraries": {name: version(name) for name in LIBRARIES},
        "figures": _headline(metrics),
        "profile": profile_of(dataset, fitted).as_json(),
    }
    return Artifact("", manifest, weights, bias, fitted.vectoriser.idf, fitted.vectoriser.terms)


def code_hash() -> str:
    """SHA-256 over the source files of `classifier` and `training`, by name and content."""
    found = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for package in ("classifier", "training"):
        for path in sorted((root / package).rglob("*.py")):
            content = path.read_bytes()
            name = path.relative_to(root).as_posix()
            found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def write_folder(artifact: Artifact, models: Path, metrics: Json) -> Path:
    """Write the model under a new version name; the folder appears whole or not at all.

    The name is the time and the start of the content's digest: the same content has the same end.
    """
    models.mkdir(parents=True, exist_ok=True)
    created_at = datetime.now(UTC)
    work = Path(tempfile.mkdtemp(prefix=".training-", dir=models))
    try:
        manifest = write_model_files(work, artifact)
        write_manifest(work, manifest | {"created_at": created_at.isoformat(timespec="seconds")})
        metrics_text = json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True)
        (work / "metrics.json").write_text(metrics_text + "\n", encoding="utf-8")
        work.chmod(0o755)
        target = models / f"{created_at:%Y%m%d-%H%M%S}-{digest(manifest)[:8]}"
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _file(file: FileRecord) -> Json:
    table = file.mapping
    return {
        "name": file.name,
        "sha256": file.sha256,
        "rows": file.rows,
        "weight": file.weight,
        "mapping": {"name": table.name, "sha256": table.sha256} if table.name else None,
    }


def _category(head: CategoryHead) -> Json:
    return {
        "codes": list(head.codes),
        "names": list(head.names),
        "scale": head.scale,
        "thresholds": asdict(head.thresholds),
    }


def _intensity(head: IntensityHead) -> Json:
    return {
        "kind": head.kind,
        "levels": list(head.levels),
        "names": list(head.names),
        "scales": list(head.scales),
        "offsets": list(head.offsets),
        "cuts": list(head.cuts),
        "thresholds": asdict(head.thresholds),
    }


def _headline(metrics: Json) -> Json:
    """The held-out figures a reader asks for first."""
    found: Json = {}
    for head, names in (
        ("category", ("accuracy", "macro_f1", "ece")),
        ("intensity", ("qwk", "high_average_precision", "high_ece")),
    ):
        table = metrics.get(head)
        if isinstance(table, dict):
            found[head] = {name: table[name] for name in names if name in table}
    return found
