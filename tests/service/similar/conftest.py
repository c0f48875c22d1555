"""The queue and the pages of the tests beside this folder."""

from __future__ import annotations

from tests.service.cases.conftest import queue as queue
from tests.service.pages.conftest import house as house
