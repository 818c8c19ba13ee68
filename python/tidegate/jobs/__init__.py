"""Jobs: a pipeline as a scheduler runs it, in steps that may each be tried again.

    job = Job("pipeline.yaml")               a spec, or "module:function"
    for each in job.resources():
        job.extract([each.name])             reads what is new, and seals it on disk
        job.load()                           writes what is sealed, each load in one transaction
    job.run()                                both

A job is plain data: nothing is opened or imported before it is called, and a new one in another process goes
on where the last one was. What its methods return is JSON; `tidegate.common.exceptions.is_retryable` says
of what they raise whether the same call may go through later.
"""

from tidegate.common.exceptions import is_retryable
from tidegate.jobs.exceptions import JobError
from tidegate.jobs.job import Job
from tidegate.jobs.kinds import Outline

__all__ = ["Job", "JobError", "Outline", "is_retryable"]
