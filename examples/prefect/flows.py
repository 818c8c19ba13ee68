"""The flows of the example: the one that comes with tidegate, and one of our own around it."""

from prefect import flow, task

from tidegate.prefect import extract_and_load


@task
def transform(tables):
    """Stands for dbt, which starts when something has come."""
    print("models of", ", ".join(tables))


@flow(log_prints=True)
def nightly(pipeline: str = "files.yaml"):
    """A flow with our own steps: extract_and_load is a step like any other."""
    loaded = extract_and_load(pipeline)
    tables = [each["table"] for each in loaded["tables"]]
    if tables:
        transform(tables)
    return tables


if __name__ == "__main__":
    nightly()
