"""What is wrong with a job."""

from __future__ import annotations

from tidegate.common.exceptions import DltException


class JobError(DltException, ValueError):
    """A job says something that cannot be: again it would fail again."""

    retryable = False
