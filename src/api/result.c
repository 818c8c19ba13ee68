/*
 * What a run tells, for programs: the accessors of struct tg_result (src/run/result.h), which
 * src/run/result.c fills.
 *
 *   tg_pipeline_run -> struct tg_result -> tg_result_... -> tg_result_free
 *
 * A result that is NULL, and an index beyond the end, are answered with nothing.
 */
#include "run/result.h"

const char *tg_result_load_id(const struct tg_result *result)
{
    return result ? result->load_id : "";
}

const char *tg_result_dataset(const struct tg_result *result)
{
    return result ? result->dataset : "";
}

const char *tg_result_schema(const struct tg_result *result)
{
    return result ? result->schema : "";
}

int64_t tg_result_started(const struct tg_result *result)
{
    return result ? result->started_us : 0;
}

double tg_result_seconds(const struct tg_result *result)
{
    return result ? result->seconds : 0;
}

double tg_result_phase_seconds(const struct tg_result *result, enum tg_phase phase)
{
    return result && (unsigned)phase < TG_PHASE_DONE ? result->phase_seconds[phase] : 0;
}

size_t tg_result_undone_count(const struct tg_result *result)
{
    return result ? result->undone_count : 0;
}

const char *tg_result_undone(const struct tg_result *result, size_t index)
{
    return index < tg_result_undone_count(result) ? result->undone[index] : NULL;
}

size_t tg_result_settled_count(const struct tg_result *result)
{
    return result ? result->settled_count : 0;
}

size_t tg_result_table_count(const struct tg_result *result)
{
    return result ? result->table_count : 0;
}

const struct tg_table_info *tg_result_table(const struct tg_result *result, size_t index)
{
    return index < tg_result_table_count(result) ? &result->tables[index] : NULL;
}

size_t tg_result_resource_count(const struct tg_result *result)
{
    return result ? result->resource_count : 0;
}

const struct tg_resource_info *tg_result_resource(const struct tg_result *result, size_t index)
{
    return index < tg_result_resource_count(result) ? &result->resources[index] : NULL;
}

size_t tg_result_change_count(const struct tg_result *result)
{
    return result ? result->change_count : 0;
}

const struct tg_schema_change *tg_result_change(const struct tg_result *result, size_t index)
{
    return index < tg_result_change_count(result) ? &result->changes[index] : NULL;
}

size_t tg_result_file_count(const struct tg_result *result)
{
    return result ? result->file_count : 0;
}

const struct tg_file_info *tg_result_file(const struct tg_result *result, size_t index)
{
    return index < tg_result_file_count(result) ? &result->files[index] : NULL;
}

size_t tg_result_reject_count(const struct tg_result *result)
{
    return result ? result->reject_count : 0;
}

const struct tg_reject_info *tg_result_reject(const struct tg_result *result, size_t index)
{
    return index < tg_result_reject_count(result) ? &result->rejects[index] : NULL;
}

size_t tg_result_package_file_count(const struct tg_result *result)
{
    return result ? result->package_file_count : 0;
}

const struct tg_package_file *tg_result_package_file(const struct tg_result *result, size_t index)
{
    return index < tg_result_package_file_count(result) ? &result->package_files[index] : NULL;
}

size_t tg_result_warning_count(const struct tg_result *result)
{
    return result ? result->warning_count : 0;
}

const char *tg_result_warning(const struct tg_result *result, size_t index)
{
    return index < tg_result_warning_count(result) ? result->warnings[index] : NULL;
}

size_t tg_result_warning_cut_count(const struct tg_result *result)
{
    return result ? result->warning_cut_count : 0;
}

void tg_result_free(struct tg_result *result)
{
    if (!result)
        return;
    arena_release(&result->arena);
    mem_free(result);
}
