"""The root of all models of what the API answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """A reply that has exactly the fields that it names."""

    model_config = ConfigDict(extra="forbid")
