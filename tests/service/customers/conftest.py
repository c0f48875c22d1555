"""The queue and the pages of the tests beside this folder."""

from __future__ import annotations

from tests.service.cases.conftest import queue
from tests.service.pages.conftest import house

__all__ = ["house", "queue"]
