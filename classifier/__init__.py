"""Complaint text in, prediction and decision out: a library without web or database.

from classifier import load
load().predict(["奶茶里有虫子，太恶心了！"])[0].category.code   # "safety"
"""

from classifier.triage import Triage, load

__all__ = ["Triage", "load"]
