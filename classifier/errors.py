"""The errors a caller can decide on; messages say what was wrong, the value, what is allowed.

A message never holds complaint text: values are shortened and only quoted when they are settings,
file names, columns or codes.
"""

from collections.abc import Sequence


class TriageError(Exception):
    """Root of every error this project raises on purpose; the text is one readable sentence."""


class ModelError(TriageError):
    """The model folder is missing, damaged, edited, or made for something else: do not serve it."""


class RuleFileError(TriageError):
    """A file of rules that people edit has mistakes; `mistakes` are all that were found."""

    def __init__(self, message: str, mistakes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.mistakes = tuple(mistakes) or (message,)


class PolicyError(RuleFileError):
    """The policy file breaks a rule: do not decide with it."""


class PlaybookError(RuleFileError):
    """The playbook file breaks a rule: do not suggest by it."""


class GatesError(RuleFileError):
    """The file of gates, or of behaviour cases, breaks a rule: do not promote by it."""


class ResourceError(TriageError):
    """A packaged word list or lexicon is malformed."""


class InputFileError(TriageError):
    """A file given on the command line cannot be read as the table it should be."""


class SettingsError(TriageError):
    """A setting or training option has a value that is not allowed."""


class GateRefusedError(TriageError):
    """The candidate breaks a rule of the gates: keep the current model, or force it and say why."""


def shorten(value: object, *, limit: int = 40) -> str:
    """The value as quoted in messages, cut to `limit` characters.

    >>> shorten("a" * 50, limit=5)
    "'aaaaa…'"
    """
    text = str(value)
    return repr(text if len(text) <= limit else text[:limit] + "…")
