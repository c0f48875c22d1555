"""Complaint text in, prediction and decision out: a library without web or database.

from classifier import load
load().predict(["奶茶里有虫子，太恶心了！"])[0].category.code   # "safety"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.triage import Triage, load

__all__ = ["Triage", "load"]


def __getattr__(name: str) -> object:
    """`Triage` and `load`, loaded when they are asked for: policies and files need no model."""
    if name in __all__:
        from classifier import triage  # noqa: PLC0415

        return getattr(triage, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
