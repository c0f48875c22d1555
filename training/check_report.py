"""What `data-check` found: as readable Simplified Chinese, as JSON, as a list of rows."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from classifier.artifact import Json
from classifier.pii import mask
from training.check import Checked
from training.dataset import Reading
from training.row_problems import FileSeen, Hit, short

_PLACE = ("file", "sheet", "line", "other_file", "other_sheet", "other_line", "detail")
_EXAMPLES = 3
_CODES = 20
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run the cell
_BY_VALUE = ("unknown_code", "bad_level", "formula_error")  # told by value, not row by row
_HEAD = re.compile(r"^(?:category|intensity)\b")
_HEADS = {"category": "类别", "intensity": "强度"}
MUST_FIX = "fix"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its code, "fix" or "look", its title and what to do, in Chinese."""

    code: str
    severity: str
    title: str
    advice: str


def problems() -> list[Problem]:
    """All kinds of problems, in the order in which they are told."""
    text = (files("training") / "problems.toml").read_text(encoding="utf-8")
    return [Problem(code, **table) for code, table in tomllib.loads(text).items()]


def found_problems(checked: Checked) -> list[tuple[Problem, list[Hit], list[str]]]:
    """The problems that the data has, with their rows and with their labels."""
    found = (
        (problem, checked.hits.get(problem.code, []), checked.notes.get(problem.code, []))
        for problem in problems()
    )
    return [(problem, hits, notes) for problem, hits, notes in found if hits or notes]


def must_be_fixed(checked: Checked) -> bool:
    """Whether a problem was found that spoils training or its figures."""
    return any(problem.severity == MUST_FIX for problem, _, _ in found_problems(checked))


def as_text(checked: Checked) -> str:
    """The summary that people read; texts are masked and cut to 30 characters."""
    lines = [f"共 {len(checked.files)} 个文件，{checked.rows} 行，可用于训练 {checked.usable} 行"]
    lines += [_file_line(file) for file in checked.files[:_CODES]]
    lines += [f"  ……另有 {len(checked.files) - _CODES} 个文件"] * (len(checked.files) > _CODES)
    for head, title in _HEADS.items():
        counts = checked.labels[head]
        shown = "，".join(f"{short(label)} {n}" for label, n in list(counts.items())[:_CODES])
        more = f"，……共 {len(counts)} 种" if len(counts) > _CODES else ""
        lines.append(f"{title}：{shown or '无'}{more}")
    for severity, title in ((MUST_FIX, "必须处理"), ("look", "建议查看")):
        told = [item for item in found_problems(checked) if item[0].severity == severity]
        lines += ["", f"{title}："] if told else []
        for problem, hits, notes in told:
            lines += _problem_lines(problem, hits, notes)
    verdict = "有必须处理的问题，请先处理再训练。" if must_be_fixed(checked) else "可以开始训练。"
    return "\n".join([*lines, "", f"结论：{verdict}"])


def as_json(checked: Checked) -> Json:
    """The same for machines: every row by file and number, no texts."""
    return {
        "must_fix": must_be_fixed(checked),
        "rows": checked.rows,
        "usable": checked.usable,
        "files": [asdict(file) for file in checked.files],
        "labels": checked.labels,
        "problems": [
            {
                "code": problem.code,
                "severity": problem.severity,
                "title": problem.title,
                "advice": problem.advice,
                "count": len(hits) or len(notes),
                "labels": notes,
                "rows": [_place(hit) for hit in hits],
            }
            for problem, hits, notes in found_problems(checked)
        ],
    }


def write_rows(checked: Checked, target: Path) -> int:
    """Write a CSV line for each row with each problem (UTF-8 with a mark, for Excel); count them.

    Texts are masked and shortened; cells that a spreadsheet would run as a formula are quoted.
    """
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("problem", "severity", *_PLACE, "text"))
        for problem, hits, _ in found_problems(checked):
            for hit in hits:
                place = _place(hit)
                cells = [_cell(place.get(name, "")) for name in _PLACE]
                writer.writerow(
                    [problem.code, problem.severity, *cells, _cell(short(hit.row.example.text))]
                )
                count += 1
    return count


def _file_line(file: FileSeen) -> str:
    weight = f"，权重 {file.weight:g}" if file.weight != 1 else ""
    sheets = "、".join(f"{name} {rows} 行" for name, rows in file.sheets.items())
    return f"  {file.name}：{file.rows} 行{weight}" + (f"（工作表：{sheets}）" if sheets else "")


def _problem_lines(problem: Problem, hits: list[Hit], notes: list[str]) -> Iterator[str]:
    count = f"{len(hits)} 行" if hits else f"{len(notes)} 项"
    yield f"- {problem.title}：{count}（{problem.code}）"
    yield f"  怎么办：{problem.advice}"
    for note in notes[:_CODES]:
        yield f"    {_HEAD.sub(lambda found: _HEADS[found[0]], note, count=1)}"
    if len(notes) > _CODES:
        yield f"    ……另有 {len(notes) - _CODES} 项"
    if problem.code in _BY_VALUE:
        for fault, number in Counter(hit.detail for hit in hits).most_common(_CODES):
            yield f"    {mask(fault)}：{number} 行"
        return
    for hit in hits[:_EXAMPLES]:
        yield f"    {_hit_line(hit)}"
    if len(hits) > _EXAMPLES:
        yield f"    ……另有 {len(hits) - _EXAMPLES} 行"


def _hit_line(hit: Hit) -> str:
    """Where the row is, what it clashes with (its file only if it is another one), its text."""
    row, other = hit.row, hit.other
    parts = [f"{row.file}{_line(row)}"]
    if other:
        file = "" if other.file == row.file else str(other.file)
        parts.append("↔ " + (file + _line(other)).strip())
    parts += [f"[{mask(hit.detail)}]"] if hit.detail else []
    return " ".join([*parts, short(row.example.text)]).rstrip()


def _line(row: Reading) -> str:
    return f"「{row.sheet}」第 {row.line} 行" if row.sheet else f" 第 {row.line} 行"


def _place(hit: Hit) -> Mapping[str, str | int]:
    place: dict[str, str | int] = {}
    for prefix, row in (("", hit.row), ("other_", hit.other)):
        if row:
            place |= {f"{prefix}file": str(row.file), f"{prefix}line": row.line}
            place |= {f"{prefix}sheet": row.sheet} if row.sheet else {}
    return place | ({"detail": mask(hit.detail)} if hit.detail else {})


def _cell(value: object) -> str:
    text = str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
