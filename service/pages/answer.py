"""The suggested reply of a case as people read it."""

from __future__ import annotations

from collections.abc import Callable

from classifier.playbook import Playbook, Suggestion
from service.cases.file import CaseFile
from service.cases.suggestion import suggestion_of
from service.pages.names import Names


def answer_of(file: CaseFile, names: Names, playbook: Playbook) -> tuple[Suggestion, list[str]]:
    """The suggestion, and what it is put together from, each once and in Chinese."""
    found = suggestion_of(file, names.labels, playbook)
    shown = (_shown(source, names, playbook) for source in found.sources)
    return found, list(dict.fromkeys(shown))


def _shown(source: str, names: Names, playbook: Playbook) -> str:
    """An entry's name, such as 风险信号 监管投诉 for `signals.regulator.steps`."""
    table, _, rest = source.partition(".")
    code = rest.rpartition(".")[0]
    calls: dict[str, tuple[str, Callable[[str], str]]] = {
        "levels": ("情绪", lambda code: playbook.levels[code].name),
        "categories": ("类别", names.category),
        "signals": ("风险信号", names.signal),
        "priorities": ("优先级", str),
    }
    if table in calls:
        kind, call = calls[table]
        return f"{kind} {call(code)}"
    return {"default": "通用答复", "doubt": "把握不足"}.get(table, source)
