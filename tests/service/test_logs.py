from __future__ import annotations

import os
from collections.abc import Iterator

import orjson
import pytest
import structlog

from service import logs
from service.settings import Settings


class Pipe:
    """A pipe that the writer writes to."""

    def __init__(self) -> None:
        self.reader, descriptor = os.pipe()
        self.writer = logs.LineWriter(descriptor)

    def events(self) -> list[dict[str, object]]:
        """What has been written, line by line."""
        self.writer.flush()
        return [orjson.loads(line) for line in os.read(self.reader, 1_000_000).splitlines()]


@pytest.fixture
def pipe(settings: Settings) -> Iterator[Pipe]:
    """Logging set up onto a pipe, and taken down after."""
    pipe = Pipe()
    logs.configure(settings, lambda: ("m1", "p1"), pipe.writer)
    yield pipe
    structlog.reset_defaults()


def test_an_event_is_one_line_with_its_keys_and_the_versions(pipe: Pipe) -> None:
    """Each line says when, how grave, and with which model and policy."""
    structlog.get_logger().info("key_made", key_id="a")
    (event,) = pipe.events()
    assert event["event"] == "key_made"
    assert event["key_id"] == "a"
    assert (event["model_version"], event["policy_version"]) == ("m1", "p1")
    assert (event["level"], event["request_id"]) == ("info", None)
    assert str(event["timestamp"]).endswith("Z")


def test_an_unknown_error_is_logged_as_type_and_frames(pipe: Pipe) -> None:
    """Its message may hold complaint text and is left out."""
    try:
        int("这家店的服务太差了")
    except ValueError as error:
        structlog.get_logger().error("unexpected_error", error=error)
    (event,) = pipe.events()
    assert event["error"] == "ValueError"
    assert "test_logs.py" in str(event["frames"])
    assert "服务" not in str(event)


def test_events_below_the_level_are_not_written(pipe: Pipe) -> None:
    """The level of the settings holds."""
    structlog.get_logger().debug("quiet")
    structlog.get_logger().warning("loud")
    assert [event["event"] for event in pipe.events()] == ["loud"]


def test_lines_that_cannot_be_kept_are_counted() -> None:
    """A full queue drops lines instead of making requests wait, and says how many."""
    reader, descriptor = os.pipe()
    writer = logs.LineWriter(descriptor)
    writer._pid = os.getpid()
    for _ in range(10_003):
        writer(b"{}")
    writer._waiting = writer._waiting.__class__(list(writer._waiting)[:1])
    writer.flush()
    assert orjson.loads(os.read(reader, 65_536).splitlines()[-1])["lines"] == 3
