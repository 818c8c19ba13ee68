"""The pipeline of the example: a shop with three orders a day. No network is needed.

Nothing is read when this module is imported.
"""

import datetime

import tidegate as dlt


def ask_for_orders(since, until, api_key):
    """With a real shop this is a request for the orders of some days."""
    if not api_key:
        raise PermissionError("the shop wants a key")
    day = datetime.date.fromisoformat(since[:10])
    while day < datetime.date.fromisoformat(until[:10]):
        for hour in (9, 12, 17):
            yield {"id": f"{day}-{hour}", "ordered_at": f"{day}T{hour:02}:00:00Z", "lines": [{"article": hour, "amount": 1}]}
        day += datetime.timedelta(days=1)


@dlt.source
def shop(api_key: str = dlt.secrets.value):
    """What the shop has; the key is injected."""

    @dlt.resource(primary_key="id")
    def orders(ordered_at=dlt.sources.incremental("ordered_at", initial_value="2024-05-01T00:00:00Z")):
        yield from ask_for_orders(ordered_at.start_value, ordered_at.end_value or "2024-05-04", api_key)

    @dlt.resource(write_disposition="replace")
    def countries():
        yield [{"code": "PL", "name": "Poland"}, {"code": "DE", "name": "Germany"}]

    return orders, countries


def job():
    """A pipeline, and what it loads."""
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), shop()
