"""The web service: API, keys and operation, over the library `classifier`."""

from service.app import create_app

__all__ = ["create_app"]
