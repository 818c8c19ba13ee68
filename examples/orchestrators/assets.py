"""The shop as assets of Dagster: one for each resource, a partition for each day."""

import dagster as dg

from tidegate.jobs import Job, is_retryable

RESOURCES = ("orders", "countries")
DAYS = dg.DailyPartitionsDefinition(start_date="2024-05-01")


def metadata(table, loaded, columns):
    """What Dagster shows of a load: its rows, and the columns of the table."""
    counts = [each for each in loaded["tables"] if each["table"] == table]
    return {
        "dagster/partition_row_count": sum(each["new"] for each in counts),
        "dagster/column_schema": dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns.items()]),
        "loads": loaded["load_ids"],
    }


@dg.multi_asset(
    specs=[dg.AssetSpec(name, skippable=True) for name in RESOURCES], partitions_def=DAYS, can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(), retry_policy=dg.RetryPolicy(max_retries=3, delay=10),
    pool="shop",  # with a limit of 1: the loads of a pipeline go one after the other
)
def shop(context):
    """What the day of the partition has; of several days, asked for at once, all that they have."""
    start, end = context.partition_time_window
    job = Job("shop:job", secrets={"api_key": dg.EnvVar("SHOP_API_KEY").get_value()})
    for name in RESOURCES:
        if dg.AssetKey(name) not in context.selected_asset_keys:
            continue
        try:
            loaded = job.run([name], window=(start, end))
        except Exception as error:
            if is_retryable(error):
                raise
            raise dg.Failure(str(error), allow_retries=False) from error
        yield dg.MaterializeResult(asset_key=name, metadata=metadata(name, loaded, job.columns().get(name, {})))


defs = dg.Definitions(assets=[shop])
