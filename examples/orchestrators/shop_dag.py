"""The shop as a DAG of Airflow: each day a task for each resource, for the interval of the run."""

import datetime

from airflow.sdk import BaseHook, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from airflow.timetables.interval import CronDataIntervalTimetable


@task(retries=3, retry_delay=datetime.timedelta(seconds=10), retry_exponential_backoff=True)
def load(resource):
    """Loads what a resource has for the interval; what is returned is JSON, for the tasks behind it."""
    from tidegate.jobs import Job, is_retryable  # here: the scheduler reads this file all the time

    context = get_current_context()
    window = (context["data_interval_start"], context["data_interval_end"])
    job = Job("shop:job", secrets={"api_key": BaseHook.get_connection("shop").password})
    try:
        return job.run([resource], window=window)
    except Exception as error:
        if is_retryable(error):
            raise
        raise AirflowFailException(str(error)) from error


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),  # "@daily" alone has intervals without a length
    start_date=datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    max_active_runs=1,
)
def shop():
    """The loads of a pipeline go one after the other."""
    load.override(task_id="orders")("orders") >> load.override(task_id="countries")("countries")


dag_of_the_shop = shop()

if __name__ == "__main__":
    dag_of_the_shop.test(logical_date=datetime.datetime(2024, 5, 2, tzinfo=datetime.timezone.utc))
