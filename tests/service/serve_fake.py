"""Serve with the fake model: `python -m tests.service.serve_fake`, settings as always."""

from __future__ import annotations

import os
import sys

from classifier.errors import TriageError
from service.server import serve
from service.settings import read_settings
from tests.service.fakes import load_fake

if __name__ == "__main__":
    try:
        serve(read_settings(os.environ), load_fake)
    except TriageError as error:
        sys.exit(str(error))
