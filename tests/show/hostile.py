"""Hostile files for every reader of tables, models and rules, each in a process with limits.

`python -m tests.show.hostile` prints what became of each: read, refused by an error of our own, or
a fault: another error, a crash, 30 seconds, 1.5 GB more memory. The exit status is 1 after a fault.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save

from classifier.artifact import MANIFEST, VOCABULARY, WEIGHTS, current_version, digest
from classifier.errors import TriageError
from classifier.files import read_rows
from classifier.playbook_file import load_playbook
from classifier.policy_file import load_policy
from classifier.triage import load
from service.intake.mbox import pieces
from service.outbox.targets import load_targets
from tests.show.fuzz import small_model
from training.config import load_config
from training.gates_file import load_gates
from training.labels_read import read_labels
from training.mapping import read_mapping

_MEMORY_BYTES, _SECONDS = 1_500_000_000, 30
_BOMB_BYTES = 300_000_000
_READ, _REFUSED = "read", "refused"


class Case(NamedTuple):
    """A file's name and content, and what reads it; content may be a function that writes it."""

    what: str
    name: str
    content: bytes | Callable[[Path], object]
    read: Callable[[Path], object]


def outcome(case: Case, folder: Path) -> tuple[str, float]:
    """What became of a case in a process of its own, and the seconds that it took."""
    path = folder / case.name
    if isinstance(case.content, bytes):
        path.write_bytes(case.content)
    else:
        case.content(path)
    ear, mouth = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            _child(case, path, mouth)
        finally:
            os._exit(1)  # never goes on as a second parent
    os.close(mouth)
    with os.fdopen(ear, "rb") as said:
        found = said.read().decode()
    status = os.waitpid(child, 0)[1]
    seconds = time.perf_counter() - start
    return found or f"ended by signal {os.WTERMSIG(status)}", seconds


def _child(case: Case, path: Path, mouth: int) -> None:
    held = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_SECONDS)
    try:
        found = case.read(path)
        for _ in found if isinstance(found, Iterator) else ():
            pass
        said = _READ
    except TriageError as error:
        said = f"{_REFUSED}: {type(error).__name__}"
    except BaseException as error:
        said = f"{type(error).__name__}: {str(error)[:80]}"
    os.write(mouth, said.encode())


def cases(model: Path) -> Iterator[Case]:
    """All cases; `model` is a good model folder."""
    yield from _tables()
    yield from _rules()
    yield from _models(model)


_rows = partial(read_rows, needs="text")


def _tables() -> Iterator[Case]:
    wide = b"text\n" + b"a," * 2_000_000 + b"\n"
    yield Case("formula cells", "t.csv", b"text\n=cmd|' /C calc'!A0\n@SUM(1)\n", _rows)
    yield Case("a quote never closed", "t.csv", b'text\n"' + b"a" * 20_000_000, _rows)
    yield Case("a row of 2,000,000 cells", "t.csv", wide, _rows)
    yield Case("NUL bytes", "t.csv", b"text\n\0\0\0\n", _rows)
    yield Case("half a UTF-16 character", "t.csv", "text\n差".encode("utf-16")[:-1], _rows)
    yield Case("deep JSON", "t.jsonl", b'{"text": ' + b"[" * 1_000_000, _rows)
    yield Case("a number of a million digits", "t.jsonl", b'{"text": ' + b"1" * 10**6 + b"}", _rows)
    yield Case("a line without end", "t.jsonl", b"[" * 50_000_000, _rows)
    yield Case("half a UTF-16 character", "t.jsonl", '{"text": "差"}'.encode("utf-16")[:-1], _rows)
    yield Case(
        "zip bomb as shared texts", "t.xlsx", partial(_workbook, "xl/sharedStrings.xml"), _rows
    )
    yield Case(
        "zip bomb as a sheet", "t.xlsx", partial(_workbook, "xl/worksheets/sheet1.xml"), _rows
    )
    yield Case("a billion laughs", "t.xlsx", partial(_workbook, ""), _rows)
    yield Case("no workbook", "t.xlsx", b"PK\3\4" + b"\0" * 100, _rows)
    yield Case("bomb of zeros", "t.parquet", _parquet, _rows)
    yield Case("cut off", "t.parquet", partial(_cut_parquet, 0.5), _rows)
    yield Case("bytes flipped", "t.parquet", partial(_cut_parquet, 1.0), _rows)
    labels = lambda path: read_labels([path])  # noqa: E731
    yield Case("deep JSON of labels", "t.json", b"[" * 1_000_000, labels)
    yield Case("one line of 100 MB", "t.mbox", b"From a@b 1 10:10 2026\n" + b"a" * 10**8, _mails)
    yield Case("a border without end", "t.mbox", b"From a a11:11a111" * 200_000, _mails)


def _mails(path: Path) -> Iterator[object]:
    return (piece.entry() for piece in pieces(path, None))


def _workbook(bomb: str, path: Path) -> None:
    """A workbook of which one part unpacks to 300 MB, or holds entities in entities."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><worksheet>&e9;</worksheet>'
    space = "http://schemas.openxmlformats.org"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{types}.sharedStrings+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" xmlns:r="{space}/'
        'officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/worksheets/sheet1.xml": laughs,
        "xl/sharedStrings.xml": f'<sst xmlns="{space}/spreadsheetml/2006/main"></sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            content = text.encode()
            archive.writestr(name, content + b" " * _BOMB_BYTES if name == bomb else content)


def _parquet(path: Path) -> None:
    table = pa.table({"text": pa.array(["\0" * 1_000_000] * 600)})
    pq.write_table(table, path, compression="gzip", use_dictionary=False)


def _cut_parquet(share: float, path: Path) -> None:
    pq.write_table(pa.table({"text": [f"退款{number}" for number in range(10_000)]}), path)
    content = bytearray(path.read_bytes())
    content[200:240] = bytes(byte ^ 0xFF for byte in content[200:240])
    path.write_bytes(content[: int(len(content) * share)])


def _rules() -> Iterator[Case]:
    contents = {
        "keys of 400,000 parts": b"a." * 400_000 + b"a=1",
        "deep lists": b"x=" + b"[" * 200_000,
        "a number of 900,000 digits": b"x=" + b"1" * 900_000,
        "no UTF-8": b"x='\xff'",
        "bytes without end": b" " * 5_000_000,
    }
    readers: tuple[Callable[[Path], object], ...] = (
        load_policy, load_playbook, load_gates, load_config, read_mapping,
        _targets,
    )  # fmt: skip
    for what, content in contents.items():
        for read in readers:
            yield Case(f"{what}: {read.__name__}", "t.toml", content, read)


def _targets(path: Path) -> object:
    return load_targets(path, {})


def _models(good: Path) -> Iterator[Case]:
    weights = load_tensors((good / WEIGHTS).read_bytes())
    huge = json.dumps({"weights": {"dtype": "F32", "shape": [1 << 40, 1 << 20],
                                   "data_offsets": [0, 1 << 62]}}).encode()  # fmt: skip
    nan = np.full_like(weights["weights"], np.nan)
    of_files: dict[str, tuple[str, bytes]] = {
        "cut off": (WEIGHTS, (good / WEIGHTS).read_bytes()[:-100]),
        "whole numbers": (WEIGHTS, save(weights | {"bias": weights["bias"].astype(np.int64)})),
        "another shape": (WEIGHTS, save(weights | {"bias": weights["bias"][None]})),
        "a scalar": (WEIGHTS, save(weights | {"bias": np.array(1.0)})),
        "a huge declared shape": (WEIGHTS, len(huge).to_bytes(8, "little") + huge),
        "a header of 2^60 bytes": (WEIGHTS, (1 << 60).to_bytes(8, "little") + b"{}"),
        "NaN": (WEIGHTS, save(weights | {"weights": nan})),
        "a pickle": (WEIGHTS, b"cos\nsystem\n(S'exit 1'\ntR."),
        "no UTF-8": (VOCABULARY, b"w\t\xff\n"),
    }
    for what, (name, content) in of_files.items():
        yield Case(f"model: {what}", "m", partial(_model, good, name, content, {}), load)
    changes: dict[str, dict[str, object]] = {
        "files elsewhere": {"files": {"../../etc/passwd": "0" * 64}},
        "hashes that are none": {"files": {WEIGHTS: 1, VOCABULARY: [2]}},
        "features of other types": {"features": {"min_df": "a", "char_ngrams": [1.5, 2]}},
        "levels without end": {"heads": {"category": None, "intensity": {"kind": "adjacent",
                               "levels": [1e308, 1e309], "names": ["a", "b"]}}},
    }  # fmt: skip
    for what, change in changes.items():
        yield Case(f"model: {what}", "m", partial(_model, good, "", b"", change), load)
    yield Case("model: weights are a device", "m", partial(_linked, good, "/dev/zero"), load)
    yield Case("model: weights are a pipe", "m", partial(_linked, good, ""), load)
    version = lambda path: current_version(path.parent)  # noqa: E731
    yield Case("CURRENT is a pipe", "CURRENT", os.mkfifo, version)
    yield Case("CURRENT of 50 MB", "CURRENT", b"a" * 50_000_000, version)


def _model(good: Path, name: str, content: bytes, change: dict[str, object], path: Path) -> None:
    """A copy of a model with one file and some of the manifest replaced, whose hashes fit."""
    path.mkdir()
    files = {n: (good / n).read_bytes() for n in (WEIGHTS, VOCABULARY)}
    files |= {name: content} if name else {}
    manifest = json.loads((good / MANIFEST).read_bytes())
    manifest["files"] = {n: hashlib.sha256(found).hexdigest() for n, found in files.items()}
    manifest |= change
    manifest["digest"] = digest(manifest)
    for n, found in (files | {MANIFEST: json.dumps(manifest).encode()}).items():
        (path / n).write_bytes(found)


def _linked(good: Path, target: str, path: Path) -> None:
    _model(good, "", b"", {}, path)
    (path / WEIGHTS).unlink()
    if target:
        (path / WEIGHTS).symlink_to(target)
    else:
        os.mkfifo(path / WEIGHTS)


def is_fault(said: str) -> bool:
    """Whether it was neither read nor refused."""
    return said != _READ and not said.startswith(_REFUSED)


@click.command()
def main() -> None:
    """Try all files and print what became of each."""
    faults = tried = 0
    with tempfile.TemporaryDirectory() as place:
        model = small_model(Path(place) / "good")
        for case in cases(model):
            folder = Path(place) / str(tried)
            folder.mkdir()
            said, seconds = outcome(case, folder)
            tried, faults = tried + 1, faults + is_fault(said)
            click.echo(f"{case.name:<10} {case.what:<55} {said:<30} {seconds:5.1f} s")
    click.echo(f"{tried} files, {faults} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
