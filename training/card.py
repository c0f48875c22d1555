"""`card.md` of a model: what it is for, how good it is, where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from classifier.artifact import Json
from training.summary import summary

_CARD = """# Model card: {version}

## What it is for

Reads one Chinese customer complaint and gives an anger level, an issue category and calibrated
probabilities, to help people decide which case to see first and who should act. A person decides;
the model explains.

**Not for**: judging people (customers or staff), refusing service, texts in other languages,
medical or crisis assessment. A missing risk signal does not mean that there is no risk.

## Data

{data}

## Figures

On held-out folds of the training data, near duplicates kept in one fold, calibration fitted on the
other folds, with 95 % bootstrap intervals. They say how the model does on text *like its training
data*; measure it on your own text with `python -m training evaluate`.

```
{summary}
```

Intensity models compared by QWK: {kinds}.

Recall by category: {recall}.
{against}
## Where it fails

The held-out mistakes it was surest of, the confusion matrices and the words it listens to are in
`report.html` beside this card. Sarcasm, very short texts and texts with two issues are its weak
places.

## Fairness

Words that say who somebody is (husband or wife, son or daughter, titles, ethnic groups, some of
age) are read alike: exchanging one for another changes neither category nor level. Regions, names,
dialect and words outside the lists are not; `docs/fairness.md` says what was measured on the
default model and what that cannot show. `python -m tests.show.fairness --model` measures this one.

## How it was made

{training}
"""


_SLICE_FIGURES = ("texts", "accuracy", "qwk", "mae")
_AGAINST = """
## Figures on other text

On {texts} labelled texts that it was not fitted on (`--against`).

```
{summary}
```

Recall by category: {recall}.

| part | texts | category accuracy | QWK | mean level error |
|---|---|---|---|---|
{slices}
"""


def write_card(folder: Path, manifest: Mapping[str, object], metrics: Json) -> None:
    """Write the card from the manifest and the measured figures, and from nothing else."""
    kinds = _table(_table(metrics, "intensity_kinds"), "qwk")
    recall = _table(_table(metrics, "category"), "recall")
    text = _CARD.format(
        version=folder.name,
        data=_data(_table(manifest, "data")),
        summary=summary(metrics),
        kinds=_pairs(kinds, ".4f") or "none trained",
        recall=_pairs(recall, ".2f") or "no category head",
        against=_against(_table(metrics, "against")),
        training=_training(manifest),
    )
    (folder / "card.md").write_text(text, encoding="utf-8")


def _against(metrics: Mapping[str, object]) -> str:
    if not metrics:
        return ""
    slices = [
        f"| {name} | " + " | ".join(_cell(part, key) for key in _SLICE_FIGURES) + " |"
        for name, part in _table(metrics, "slices").items()
        if isinstance(part, Mapping)
    ]
    return _AGAINST.format(
        texts=metrics["texts"],
        summary=summary(metrics),
        recall=_pairs(_table(_table(metrics, "category"), "recall"), ".2f") or "no category head",
        slices="\n".join(slices),
    )


def _cell(part: Mapping[str, object], key: str) -> str:
    value = part.get(key)
    if isinstance(value, Mapping):
        return f"{value['value']:.2f} [{value['low']:.2f}, {value['high']:.2f}]"
    return f"{value:.2f}" if isinstance(value, float) else str(value if value is not None else "")


def _data(data: Mapping[str, object]) -> str:
    files = data.get("files")
    lines = [
        f"- `{file['name']}`, {file['rows']} rows, SHA-256 `{str(file['sha256'])[:16]}…`"
        + (f", weight {file['weight']:g}" if file.get("weight", 1) != 1 else "")
        + (f", codes by `{file['mapping']['name']}`" if file.get("mapping") else "")
        for file in (files if isinstance(files, list) else [])
    ]
    left_out = _pairs(_table(data, "left_out"), "")
    return "\n".join(
        [*lines, "", f"{data['examples']} examples used; left out: {left_out or 'none'}."]
    )


def _training(manifest: Mapping[str, object]) -> str:
    libraries = _pairs(_table(manifest, "libraries"), "")
    tokeniser = _table(manifest, "tokeniser").get("fingerprint")
    return f"Tokeniser {tokeniser}; {libraries}; settings in `manifest.json` under `training`."


def _pairs(table: Mapping[str, object], spec: str) -> str:
    return ", ".join(f"{name} {value:{spec}}" for name, value in table.items())


def _table(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = values.get(name)
    return value if isinstance(value, Mapping) else {}
