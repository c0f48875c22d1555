"""The picture of the benchmark: texts a second, the longer the faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

_OWN = "predict"


def draw(table: dict[str, dict[str, Any]], target: Path) -> None:
    """Writes the rows that are texts a second as bars on a logarithmic scale."""
    speeds = {name: row["value"] for name, row in table.items() if row["unit"] == "texts/s"}
    names = sorted(speeds, key=lambda name: speeds[name])
    with mpl.rc_context({"svg.hashsalt": "bench", "font.family": "sans-serif"}):
        figure, axes = plt.subplots(figsize=(8, 0.5 + 0.4 * len(names)), layout="constrained")
        colours = ["#1f6feb" if name.startswith(_OWN) else "#9aa4b2" for name in names]
        bars = axes.barh(names, [speeds[name] for name in names], color=colours)
        axes.bar_label(bars, [f"{speeds[name]:,.0f}" for name in names], padding=4)
        axes.set_xscale("log")
        axes.set_xlabel("texts a second, logarithmic")
        axes.margins(x=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(target, metadata={"Date": None})
        plt.close(figure)
