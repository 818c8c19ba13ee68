"""Resources and sources: what is read, and how it becomes rows."""
