"""The policy file under watch."""

from __future__ import annotations

from pathlib import Path

from classifier.policy import Policy
from classifier.policy_file import load_policy, packaged_path, parse_policy
from service.rule_watch import RuleWatch


class PolicyWatch(RuleWatch[Policy]):
    """The policy in force; `refresh` looks for another."""

    name = "policy"

    def __init__(self, path: Path | None) -> None:
        """Reads the file, or the packaged one.

        Raises:
            PolicyError: it cannot be read or has mistakes.
        """
        place = path or packaged_path()
        super().__init__(place, load_policy(place), parse_policy)
