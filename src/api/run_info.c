/*
 * What the caller of a run is told: counts of each table, and warnings.
 *
 *   run_info_prepare (names, what was read) -> the load is written -> run_info_complete (what was
 *   written, warnings)
 *   run_info_fail, when the run gave up: its warnings alone
 *
 * Everything that needs memory is done before the write, because after it a run has not failed.
 * Only warnings come later; those that there is no memory for are counted.
 */
#include <string.h>

#include "run/run.h"

static int info_add(struct arena *arena, struct tg_run_info *info,
                    const struct tg_table_info *table, struct tg_error *err)
{
    struct tg_table_info *out = &info->tables[info->table_count];
    *out = *table;
    out->name = arena_strdup(arena, table->name);
    out->resource = arena_strdup(arena, table->resource);
    if (!out->name || !out->resource)
        return error_nomem(err);
    info->table_count++;
    return TG_OK;
}

/* A root, then its nested tables. */
static int info_resource(const struct run *run, const struct load_counts *load, struct arena *arena,
                         struct tg_run_info *info, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = run->package ? package_manifest(run->package) : NULL;
    struct tg_table_info root = {
        .name = load->table,
        .resource = load->resource->name,
        .rows_read = load->rows_read,
        .rows_new = load->rows_new,
        .rows_filtered = load->rows_filtered,
        .rows_rejected = load->rows_rejected,
    };
    TRY(info_add(arena, info, &root, err));
    for (size_t i = 0; manifest && i < manifest->table_count; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        if (!table->nested || strcmp(table->resource, load->resource->name) != 0)
            continue;
        struct tg_table_info nested = {.name = table->name,
                                       .resource = table->resource,
                                       .nested = true,
                                       .rows_new = table->rows_new,
                                       .rows_rejected = table->rows_rejected};
        TRY(info_add(arena, info, &nested, err));
    }
done:
    return rc;
}

/* NULL: no memory. */
static struct arena *info_arena(void)
{
    struct arena *arena = mem_calloc(1, sizeof(*arena));
    if (arena)
        arena_init(arena);
    return arena;
}

int run_info_prepare(const struct run *run, struct tg_run_info *info, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = info_arena();
    if (!arena)
        return error_nomem(err);
    size_t nested = run->package ? package_manifest(run->package)->table_count : 0;
    *info = (struct tg_run_info){.memory = arena};
    info->tables = arena_alloc(arena, (run->load_count + nested + 1) * sizeof(*info->tables));
    info->load_id = arena_strdup(arena, run->package ? run->load_id : "");
    info->dataset = arena_strdup(arena, run->pipeline->config.dataset);
    if (!info->tables || !info->load_id || !info->dataset) {
        rc = error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < run->load_count; i++)
        TRY(info_resource(run, &run->loads[i], arena, info, err));
done:
    if (rc != TG_OK)
        tg_run_info_release(info);
    return rc;
}

static void info_written(const struct write_result *result, struct tg_table_info *table)
{
    for (size_t i = 0; i < result->count; i++) {
        if (strcmp(result->counts[i].table, table->name) != 0)
            continue;
        table->rows_inserted = result->counts[i].rows_inserted;
        table->rows_updated = result->counts[i].rows_updated;
        table->rows_deleted = result->counts[i].rows_deleted;
    }
}

static void info_warnings(const struct run *run, struct tg_run_info *info)
{
    const struct warnings *kept = &run->pipeline->warnings;
    struct arena *arena = info->memory;
    const char **texts = arena ? arena_alloc(arena, (kept->count + 1) * sizeof(*texts)) : NULL;
    for (size_t i = 0; texts && i < kept->count; i++) {
        const char *copy = arena_strdup(arena, kept->texts[i]);
        if (copy)
            texts[info->warning_count++] = copy;
    }
    info->warnings = texts;
    info->warning_cut_count = kept->cut_count + kept->count - info->warning_count;
}

void run_info_complete(const struct run *run, struct tg_run_info *info)
{
    for (size_t i = 0; i < info->table_count; i++)
        info_written(&run->result, &info->tables[i]);
    info->settled_count = run->settled_count;
    info->seconds = (double)(context_ticks_us() - run->started_ticks) / 1e6;
    info_warnings(run, info);
}

void run_info_fail(const struct run *run, struct tg_run_info *info)
{
    tg_run_info_release(info);
    if (run->pipeline->warnings.count == 0)
        return;
    info->memory = info_arena();
    info_warnings(run, info);
}

void tg_run_info_release(struct tg_run_info *info)
{
    if (!info)
        return;
    if (info->memory)
        arena_release(info->memory);
    mem_free(info->memory);
    *info = (struct tg_run_info){0};
}
