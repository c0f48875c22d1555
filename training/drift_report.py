"""What was found of drift, as a page in Chinese, as lines for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.artifact import Json
from classifier.drift import Finding, Verdict, packaged_limits
from classifier.manifest import read_category_head, read_intensity_head
from classifier.profile import Labels, Measure, Profile
from training import pictures
from training.drift import Feedback, Stream, worst
from training.report import render

_NAMES = {
    "length": "文本长度",
    "oov": "未登录词占比",
    "outcome": "可判定程度",
    "category": "类别构成",
    "confidence": "类别置信度",
    "level": "情绪强度等级构成",
    "score": "情绪强度分数",
    "override_category": "抽查改判率：类别",
    "override_level": "抽查改判率：情绪强度",
    "calibration_category": "抽查校准误差：类别",
    "calibration_level": "抽查校准误差：情绪强度",
}
_STATISTICS = {"psi": "PSI", "ks": "KS 距离", "h": "Cohen h", "ece": "ECE 升幅"}
_OUTCOMES = {"ok": "可用", "doubtful": "把握不足", "not_judged": "不能判定"}
_HEADS = {"category": "类别", "level": "情绪强度"}
_VERDICTS = {"stable": "稳定", "watch": "关注", "act": "处理"}
_ADVICE = {
    Verdict.STABLE: "没有发现需要处理的变化。",
    Verdict.WATCH: "有变化，请留意下一次的结果。",
    Verdict.ACT: "变化明显，请先抽样标注新文本、测量模型，再决定是否重新训练。",
}
_TIPS = {
    "length": "长度变了：查看渠道或接入方式是否有变（截断、拼接、模板文字）。",
    "oov": (
        "模型不认识的词占比变了：变多可能是新产品、新业务或别的行业的文本，请抽样标注后加入训练；"
        "变少可能是重复或模板文字。"
    ),
    "outcome": "可判定程度变了：不能判定或把握不足的变多时，查看是否混入外语、空文本、自动回复。",
    "category": "类别构成变了：查看是业务真的变了，还是模型把新问题归错了类；先看变化最大的几类。",
    "confidence": (
        "置信度分布变了：自动分派的比例会随之变化，请用 make evaluate 在新标注上测量；"
        "若明显变高，先确认这些文本没有参加过训练。"
    ),
    "level": "情绪等级构成变了：查看排班和升级规则是否仍然合适。",
    "score": "情绪分数分布变了：与等级构成一起看。",
    "override_category": "复核人员改判类别比训练时预期的多：把这些结论并入训练数据，重新训练。",
    "override_level": "复核人员改判情绪强度比训练时预期的多：把这些结论并入训练数据，重新训练。",
    "calibration_category": "类别概率不再可信：重新训练会重新校准。",
    "calibration_level": "情绪强度概率不再可信：重新训练会重新校准。",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that one run found."""

    version: str
    profile: Profile
    stream: Stream
    feedback: Feedback | None
    findings: Sequence[Finding]


def as_json(drift: Drift) -> Json:
    """The findings as plain values."""
    return {
        "model_version": drift.version,
        "texts": drift.stream.texts,
        "left_out": dict(sorted(drift.stream.left_out.items())),
        "verdict": worst(drift.findings).name.lower(),
        "findings": [finding.as_json() for finding in drift.findings],
        "reviewed": _reviewed(drift.feedback) or [],
    }


def as_text(drift: Drift) -> str:
    """One line a measure."""
    lines = [f"{'measure':22} {'':4} {'size':>7} {'noise':>7} {'texts':>7}  verdict"]
    for one in drift.findings:
        verdict = one.verdict.name.lower() + ("" if one.is_conclusive else " (too few texts)")
        figures = f"{one.value:7.3f} {one.noise:7.3f} {one.texts:7}"
        lines.append(f"{one.measure:22} {one.statistic:4} {figures}  {verdict}")
    return "\n".join([*lines, f"verdict: {worst(drift.findings).name.lower()}"])


def write_page(path: Path, drift: Drift, manifest: Mapping[str, object], labels: Labels) -> None:
    """Write a self-contained page.

    Raises:
        OSError: the file cannot be written.
    """
    names = _bin_names(manifest)
    verdict = worst(drift.findings)
    page = render(
        "drift.html",
        version=drift.version,
        texts=drift.stream.texts,
        profile_texts=drift.profile.texts,
        worst=verdict.name.lower(),
        words=_VERDICTS,
        advice=_ADVICE[verdict],
        rows=[_row(finding, names) for finding in drift.findings],
        left_out=drift.stream.left_out,
        tips=[_TIPS[f.measure] for f in drift.findings if f.verdict is not Verdict.STABLE],
        pictures=_pictures(drift, labels, names),
        reviewed=_reviewed(drift.feedback),
        heads=_HEADS,
        other_models=drift.feedback.other_models if drift.feedback else 0,
    )
    path.write_text(page, encoding="utf-8")


def _row(finding: Finding, names: Mapping[str, str]) -> Json:
    watch, act = packaged_limits().steps[finding.statistic]
    if finding.before is not None and finding.now is not None:
        change = f"{finding.before:.1%} → {finding.now:.1%}"
    else:
        change = "；".join(
            f"{names.get(s.bin, s.bin)} {s.before:.1%} → {s.now:.1%}" for s in finding.shifts
        )
    return {
        "name": _NAMES[finding.measure],
        "verdict": finding.verdict.name.lower(),
        "is_conclusive": finding.is_conclusive,
        "statistic": _STATISTICS[finding.statistic],
        "value": finding.value,
        "noise": finding.noise,
        "watch": watch,
        "act": act,
        "texts": finding.texts,
        "change": change,
    }


def _pictures(drift: Drift, labels: Labels, names: Mapping[str, str]) -> list[str]:
    """A pair of histograms for each compared distribution."""
    found = []
    for finding in drift.findings:
        before = drift.profile.counts.get(finding.measure)
        now = drift.stream.counts.get(finding.measure)
        if before is None or now is None:
            continue
        bins = [names.get(name, name) for name in labels.bins(Measure(finding.measure))]
        title = f"{_NAMES[finding.measure]}（{_VERDICTS[finding.verdict.name.lower()]}）"
        shares = before / before.sum(), now / now.sum()
        found.append(pictures.two_mixes(bins, *shares, title))
    return found


def _reviewed(feedback: Feedback | None) -> list[Json] | None:
    if feedback is None:
        return None
    return [
        {
            "head": head,
            "drawn": len(feedback.drawn[head].right),
            "drawn_share": feedback.drawn[head].overridden_share,
            "all": len(found.right),
            "all_share": found.overridden_share,
        }
        for head, found in feedback.all.items()
    ]


def _bin_names(manifest: Mapping[str, object]) -> dict[str, str]:
    """What people call categories, levels and outcomes."""
    category, intensity = read_category_head(manifest), read_intensity_head(manifest)
    named = dict(zip(category.codes, category.names, strict=True)) if category else {}
    if intensity:
        levels = zip(intensity.levels, intensity.names, strict=True)
        named |= {str(level): f"{level} {name}" for level, name in levels}
    return _OUTCOMES | named
