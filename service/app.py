"""The application, wired in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Flask

from classifier import load as load_model
from classifier.calendar import DAY_SECONDS, due
from classifier.pii import mask
from service import access_api, api, classify, docs, errors, health
from service.account import Accounts
from service.adapters import api as adapters_api
from service.adapters.file import Adapter, load_adapters
from service.adapters.flow import Inbox
from service.answers import Answers
from service.auth import KeyRing
from service.cases import api_changes
from service.cases.api import CaseApi
from service.cases.desk import Desk
from service.cases.intake import Intake
from service.cases.verdicts import Verdicts
from service.customers import api as customers_api
from service.db import Database
from service.drift.gauges import Gauges
from service.drift.recorder import Recorder
from service.idempotency import ReplyStore
from service.insight import api as insight_api
from service.logins import Logins
from service.metrics import Metrics
from service.observe import Observer
from service.outbox import api as outbox_api
from service.pages import site
from service.playbook_watch import PlaybookWatch
from service.policy_watch import PolicyWatch
from service.predictor import Load, Predictor
from service.privacy import api as privacy_api
from service.quality import api as quality_api
from service.secret import load_secret
from service.settings import Settings
from service.shadow.trial import Trial
from service.weekly import api as weekly_api


@dataclass(frozen=True, slots=True)
class Parts:
    """The long-lived parts of one application."""

    settings: Settings
    database: Database
    predictor: Predictor
    metrics: Metrics
    playbooks: PlaybookWatch = field(default_factory=PlaybookWatch)
    adapters: Mapping[str, Adapter] = field(default_factory=dict)
    drift: Recorder | None = None
    trial: Trial = field(init=False)

    def __post_init__(self) -> None:
        """The candidate's trial is over the other parts."""
        object.__setattr__(self, "trial", Trial(self.predictor, self.database, self.metrics))


_WITH_ALL_PARTS = "我叫王芳，住云岭市幸福路8号3单元501，电话13800001111"


def load_parts(settings: Settings, load: Load = load_model) -> Parts:
    """The parts as settings describe them; the database is opened on first use.

    Raises:
        ModelError, PolicyError, PlaybookError: what is to be served cannot be.
        AdaptersError: the file of adapters has mistakes.
    """
    mask(_WITH_ALL_PARTS)  # loads its lists now, not while the first client waits
    rules = PolicyWatch(settings.policy)
    for hours in rules.current.hours.values():  # their calendars too
        due(datetime.now(UTC), DAY_SECONDS, hours)
    database = Database(settings.database_url, settings.keeping)
    predictor = Predictor(settings.models, load, rules.current, policy_watch=rules)
    return Parts(
        settings=settings,
        database=database,
        predictor=predictor,
        metrics=Metrics(),
        playbooks=PlaybookWatch(settings.playbook),
        adapters=load_adapters(settings.adapters, os.environ),
        drift=Recorder(database, predictor),
    )


def create_app(settings: Settings, parts: Parts | None = None) -> Flask:
    """The application over its parts, which are loaded unless they are given.

    Raises:
        ModelError, PolicyError, PlaybookError: what is to be served cannot be.
        SecretError: the home folder cannot hold a secret.
    """
    parts = parts or load_parts(settings)
    app = Flask("service", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=settings.max_body_bytes, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False  # `//v1/model` is not found, not redirected
    secret = load_secret(settings.home)
    keys = KeyRing(parts.database, secret)
    playbook = parts.playbooks.now
    intake = Intake(parts.database, secret)
    answers = Answers(
        parts.predictor, parts.metrics, intake, playbook, parts.trial, drift=parts.drift
    )
    if parts.drift is not None:
        parts.metrics.add(Gauges(lambda: parts.drift.found if parts.drift else []))
    app.register_blueprint(classify.blueprint())
    app.register_blueprint(api.blueprint(keys, parts.predictor))
    desk = Desk(parts.database, secret, lambda: parts.predictor.policy)
    verdicts = Verdicts(desk, parts.predictor)
    cases = CaseApi(keys, desk, verdicts, playbook)
    app.register_blueprint(api_changes.blueprint(cases))
    app.register_blueprint(insight_api.blueprint(cases))
    app.register_blueprint(weekly_api.blueprint(cases))
    app.register_blueprint(customers_api.blueprint(cases))
    app.register_blueprint(quality_api.blueprint(cases))
    accounts = Accounts(parts.database, Logins(parts.database, secret))
    access = access_api.AccessApi(keys, parts.database, accounts, secret)
    app.register_blueprint(access_api.blueprint(access))
    app.register_blueprint(privacy_api.blueprint(access))
    app.register_blueprint(outbox_api.blueprint(outbox_api.OutboxApi(keys, parts.database, secret)))
    inbox = Inbox(parts.adapters, answers, parts.database, secret)
    app.register_blueprint(adapters_api.blueprint(inbox))
    app.register_blueprint(health.blueprint(parts.predictor, parts.database, keys, parts.metrics))
    app.register_blueprint(docs.blueprint())
    site.register(app, settings, desk, verdicts, playbook)
    errors.register(app, max_body_bytes=settings.max_body_bytes, render=site.render_error)
    classifying = classify.Classify(
        app.wsgi_app, keys, answers, ReplyStore(parts.database),
        max_body_bytes=settings.max_body_bytes,
    )  # fmt: skip
    app.wsgi_app = Observer(classifying, parts.metrics, settings.proxies)  # type: ignore[method-assign]  # as Flask's documentation does
    return app
