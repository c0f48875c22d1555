"""A copy of an installation from which it can be started again."""
