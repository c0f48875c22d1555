"""What `data-check` found: as readable Simplified Chinese, as JSON, as a list of rows."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from classifier.artifact import Json
from classifier.pii import mask
from training.check import Checked, Hit
from training.dataset import Reading

_EXAMPLES = 3
_CODES = 20
_SHOWN_CHARS = 30
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run the cell
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
    lines += [
        f"  {name}：{rows} 行" + (f"，权重 {weight:g}" if weight != 1 else "")
        for name, rows, weight in checked.files[:_CODES]
    ]
    lines += [f"  ……另有 {len(checked.files) - _CODES} 个文件"] * (len(checked.files) > _CODES)
    for head, title in (("category", "类别"), ("intensity", "强度")):
        counts = checked.labels[head]
        shown = "，".join(f"{label} {n}" for label, n in list(counts.items())[:_CODES])
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
        "files": [{"name": n, "rows": rows, "weight": w} for n, rows, w in checked.files],
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
        writer.writerow(
            ("problem", "severity", "file", "row", "other_file", "other_row", "detail", "text")
        )
        for problem, hits, _ in found_problems(checked):
            for hit in hits:
                place = _place(hit)
                writer.writerow([
                    problem.code, problem.severity, _cell(place["file"]), place["row"],
                    _cell(place.get("other_file", "")), place.get("other_row", ""),
                    _cell(place.get("detail", "")), _cell(shown(hit.row)),
                ])  # fmt: skip
                count += 1
    return count


def shown(row: Reading) -> str:
    """The row's text, masked, on one line, cut to 30 characters."""
    text = " ".join(row.example.text.split())
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def _problem_lines(problem: Problem, hits: list[Hit], notes: list[str]) -> Iterator[str]:
    count = f"{len(hits)} 行" if hits else f"{len(notes)} 项"
    yield f"- {problem.title}：{count}（{problem.code}）"
    yield f"  怎么办：{problem.advice}"
    for note in notes[:_CODES]:
        yield f"    {note}"
    if problem.code == "unknown_code":
        for fault, number in Counter(hit.detail for hit in hits).most_common(_CODES):
            yield f"    {mask(fault)}：{number} 行"
        return
    for hit in hits[:_EXAMPLES]:
        other = f" ↔ {hit.other.file.name} 第 {hit.other.number} 行" if hit.other else ""
        detail = f" [{mask(hit.detail)}]" if hit.detail else ""
        text = f" {shown(hit.row)}" if shown(hit.row) else ""
        yield f"    {hit.row.file.name} 第 {hit.row.number} 行{other}{detail}{text}"
    if len(hits) > _EXAMPLES:
        yield f"    ……另有 {len(hits) - _EXAMPLES} 行"


def _place(hit: Hit) -> Mapping[str, str | int]:
    place: dict[str, str | int] = {"file": hit.row.file.name, "row": hit.row.number}
    if hit.other:
        place |= {"other_file": hit.other.file.name, "other_row": hit.other.number}
    return place | ({"detail": mask(hit.detail)} if hit.detail else {})


def _cell(value: object) -> str:
    text = str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
