"""The worker: routes new events, delivers what is due, and lets the clocks of cases ring.

Several workers may run at once, on one host or more: each delivery is in one worker's hand only.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.cases.tables import CaseContent
from service.db import Database
from service.outage import Outage
from service.outbox import deliveries, mail, robots, webhook
from service.outbox.deliveries import Job
from service.outbox.escalation import Escalator
from service.outbox.lanes import Lane, delay_seconds
from service.outbox.message import Message, category_name
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target
from service.outbox.targets_file import TargetsFile
from service.policy_watch import PolicyWatch
from service.secret import Secret

POLL_SECONDS = 1.0
_RELOAD_SECONDS = 5.0
_MEND_SECONDS = 60.0
_PURGE_SECONDS = 600.0
_SETTLE_MARGIN_SECONDS = 0.5
_MAX_THREADS = 64

_CHANNELS = {
    "webhook": webhook.send,
    "feishu": robots.send_feishu,
    "dingtalk": robots.send_dingtalk,
    "wecom": robots.send_wecom,
    "email": mail.send,
}


def send(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Sends one message to one target.

    Raises:
        SendError: the target did not take it.
    """
    _CHANNELS[target.settings.kind](target, message, now, deadline)


class Runner:
    """Delivers until it is told to stop."""

    def __init__(
        self,
        database: Database,
        secret: Secret,
        file: TargetsFile,
        rules: PolicyWatch,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._file = file
        self._rules = rules
        self._clock = clock
        self._escalator = Escalator(database, secret, clock=clock)
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._taken = 0
        self._draws = random.Random()  # noqa: S311  (scatters retries)
        self._lanes: dict[str, Lane] = {}
        self._wake = threading.Event()
        self._outage = Outage()
        self._next: dict[str, float] = {}
        self._chores: list[tuple[float, Callable[[], None]]] = []
        self._threads = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="deliver")

    def run(self, stop: threading.Event, *, once: bool = False) -> None:
        """Works until `stop` is set, or with `once` until nothing is due; ends what it began."""
        try:
            while not stop.is_set():
                self._wake.clear()
                was_idle = all(lane.is_idle for lane in self._lanes.values())
                is_busy = self._turn()
                if once and was_idle and not is_busy:
                    return
                if not is_busy and not stop.is_set():
                    self._wake.wait(self._pause(once=once))
        finally:
            self._threads.shutdown(wait=True)

    def every(self, seconds: float, chore: Callable[[], None]) -> None:
        """Also does this, at most once in so many seconds."""
        self._chores.append((seconds, chore))

    def wake(self) -> None:
        """Ends a pause, so that a stop is seen at once."""
        self._wake.set()

    def _pause(self, *, once: bool) -> float:
        settings = self._file.current.settings
        if once or self._file.by_name:
            return POLL_SECONDS / 10 if once else POLL_SECONDS
        # Without targets nothing can be delivered: files may change and clocks ring.
        escalation = settings.escalation
        return min(_RELOAD_SECONDS, escalation.check_seconds) if escalation else _RELOAD_SECONDS

    def _turn(self) -> bool:
        """One look at everything; whether there was something to do."""
        try:
            self._keep_house()
            is_busy = self._route()  # fewer events than it takes at once wait for more to come
            for target in self._file.by_name.values():
                is_busy = self._start(target) or is_busy
        except SQLAlchemyError as error:
            self._outage.note(error)
            self._wake.wait(POLL_SECONDS)
            return False
        except Exception as error:
            structlog.get_logger().error("worker_failed", error=error)
            self._wake.wait(POLL_SECONDS)
            return False
        self._outage.end()
        return is_busy

    def _route(self) -> bool:
        return deliveries.route(self._database, self._file.by_name, self._clock())

    def _start(self, target: Target) -> bool:
        """Starts what a target may get now."""
        lane = self._lanes.get(target.name)
        if lane is None or lane.settings != target.settings:
            lane = self._lanes[target.name] = Lane(target.settings)
        free = lane.free()
        if not free:
            return False
        self._taken += 1
        lease = (f"{self._name}-{self._taken}", self._lease)
        taken_at = time.monotonic()
        now = self._clock()
        jobs = deliveries.take(self._database, target.name, now, lease=lease, limit=free)
        for job in jobs:
            lane.start()
            self._threads.submit(self._deliver, target, lane, job, taken_at)
        return bool(jobs)

    def _deliver(self, target: Target, lane: Lane, job: Job, taken_at: float) -> None:
        """One attempt and its outcome; a fault of our own counts as a failed attempt."""
        ends_at = taken_at + self._lease.total_seconds() - _SETTLE_MARGIN_SECONDS
        try:
            self._settle(job, self._attempt(target, lane, job, ends_at), target, ends_at)
        except Exception as error:
            structlog.get_logger().error("delivery_failed", event_id=job.event_id, error=error)
        finally:
            lane.end()
            self._wake.set()

    def _attempt(self, target: Target, lane: Lane, job: Job, ends_at: float) -> SendError | None:
        """None when the target has it; else why not."""
        seconds = min(target.settings.timeout_seconds, ends_at - time.monotonic())
        try:
            if self._file.tickets and target.name in self._file.tickets.targets:
                self._file.tickets.send(target, job, self._rules.current, Deadline(seconds))
            else:
                send(target, self._message(target, job), self._clock(), Deadline(seconds))
        except SendError as error:
            if error.is_silent:
                lane.note_silence()
            else:
                lane.note_answer()
            if error.wait_seconds is not None:
                lane.close_for(min(error.wait_seconds, deliveries.MAX_DELAY.total_seconds()))
            return error
        except SQLAlchemyError as lost:  # nothing was sent yet
            self._outage.note(lost)
            return SendError("the database was gone")
        except Exception as error:
            structlog.get_logger().error("send_failed", event_id=job.event_id, error=error)
            return SendError(f"internal fault: {type(error).__name__}")
        lane.note_answer()
        return None

    def _message(self, target: Target, job: Job) -> Message:
        settings = self._file.current.settings
        about = (job.event_id, job.event_type, job.payload)
        message = Message(*about, None, settings, self._rules.current)
        if job.case_id is None:
            return message
        with self._database.session() as session:
            content = session.get(CaseContent, job.case_id)
        if content is None:
            return message
        text = content.text if target.settings.include_text else None
        name = category_name(content.prediction, message.case.get("category"))
        return replace(message, text=text, category_name=name)

    def _settle(self, job: Job, error: SendError | None, target: Target, ends_at: float) -> None:
        """Writes the outcome; while the database is gone, tries until the lease ends."""
        while True:
            try:
                self._write(job, error, target)
            except SQLAlchemyError as lost:
                self._outage.note(lost)
                if time.monotonic() >= ends_at:
                    raise
                time.sleep(0.2)
            else:
                return

    def _write(self, job: Job, error: SendError | None, target: Target) -> None:
        now = self._clock()
        log = structlog.get_logger().bind(
            event_id=job.event_id, target=target.name, attempt=job.attempts + 1
        )
        if error is None:
            deliveries.deliver_done(self._database, job, now)
            log.info("event_delivered")
            return
        age = now - job.first_attempt_at
        if error.is_final or age >= timedelta(hours=target.settings.give_up_hours):
            deliveries.give_up(self._database, job, now, error.reason)
            log.error("event_given_up", reason=error.reason)
            return
        seconds = delay_seconds(target.settings, job.attempts, error, self._draws)
        deliveries.put_off(self._database, job, now + timedelta(seconds=seconds), error.reason)
        log.warning("event_put_off", reason=error.reason, seconds=round(seconds, 1))

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._file.current.settings.lease_seconds)

    def _keep_house(self) -> None:
        """What is done now and then."""
        if self._is_time("reload", _RELOAD_SECONDS):
            self._file.refresh()
            self._rules.refresh()
        settings = self._file.current.settings
        if settings.escalation and self._is_time("escalate", settings.escalation.check_seconds):
            self._escalator.check(settings.escalation, self._rules.current)
        for number, (seconds, chore) in enumerate(self._chores):
            if self._is_time(f"chore {number}", seconds):
                chore()
        now = self._clock()
        if self._is_time("mend", _MEND_SECONDS):
            deliveries.mend(self._database, list(self._file.by_name), now, self._lease)
        if self._is_time("purge", _PURGE_SECONDS):
            while deliveries.purge(self._database, now - timedelta(days=settings.keep_days)):
                pass
            if self._file.tickets:
                self._file.tickets.purge(now - timedelta(days=settings.keep_days))

    def _is_time(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True
