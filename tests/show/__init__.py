"""Scripted runs that show a whole way at work; not part of `make test`."""
