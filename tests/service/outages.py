"""A database that is gone for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from tests.service.client import Service
from tests.service.postgres import postgres_server


@contextmanager
def outage(service: Service) -> Iterator[None]:
    """The database is gone: its file is something else, or the server refuses and cuts off."""
    url = make_url(service.database.url)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        service.database.close()
        moved = path.with_suffix(".moved")
        path.rename(moved)
        path.mkdir()
        yield
        service.database.close()
        path.rmdir()
        moved.rename(path)
        return
    server = postgres_server()
    server.run(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
    server.cut_off(str(url.database))
    yield
    server.run(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
