/*
 * What a run did, for programs: one object in one line. docs/programs.md has its keys.
 *
 *   print_result_json -> print_json_list, of tables, resources, changes, files
 *
 * The same for people is result_text.c's.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "cli.h"

static const struct {
    const char *key;
    size_t at;
} counts[] = {
    {"read", offsetof(struct tg_table_info, rows_read)},
    {"new", offsetof(struct tg_table_info, rows_new)},
    {"inserted", offsetof(struct tg_table_info, rows_inserted)},
    {"updated", offsetof(struct tg_table_info, rows_updated)},
    {"deleted", offsetof(struct tg_table_info, rows_deleted)},
    {"unchanged", offsetof(struct tg_table_info, rows_unchanged)},
    {"filtered", offsetof(struct tg_table_info, rows_filtered)},
    {"rejected", offsetof(struct tg_table_info, rows_rejected)},
    {"waiting", offsetof(struct tg_table_info, rows_waiting)},
    {"below_start", offsetof(struct tg_table_info, rows_below_start)},
    {"above_end", offsetof(struct tg_table_info, rows_above_end)},
    {"deduplicated", offsetof(struct tg_table_info, rows_deduplicated)},
    {"null_cursor", offsetof(struct tg_table_info, rows_null_cursor)},
    {"late", offsetof(struct tg_table_info, rows_late)},
};

static void print_json_table(FILE *out, const struct tg_result *result, size_t index)
{
    const struct tg_table_info *table = tg_result_table(result, index);
    print_json_field(out, "table", table->name);
    print_json_field(out, "resource", table->resource);
    fprintf(out, "\"nested\":%s", table->nested ? "true" : "false");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        uint64_t count = 0;
        memcpy(&count, (const char *)table + counts[i].at, sizeof(count));
        fprintf(out, ",\"%s\":%" PRIu64, counts[i].key, count);
    }
}

static void print_json_resource(FILE *out, const struct tg_result *result, size_t index)
{
    const struct tg_resource_info *resource = tg_result_resource(result, index);
    print_json_field(out, "resource", resource->name);
    print_json_field(out, "table", resource->table);
    fprintf(out,
            "\"read\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"files_skipped\":%" PRIu64
            ",\"seconds\":%.3f",
            resource->rows_read, resource->bytes_read, resource->files_skipped, resource->seconds);
}

static void print_json_change(FILE *out, const struct tg_result *result, size_t index)
{
    const struct tg_schema_change *change = tg_result_change(result, index);
    if (change->column) {
        print_json_field(out, "column", change->column);
        print_json_field(out, "data_type", change->data_type);
        print_json_field(out, "type", change->type);
        print_json_field(out, "type_before", change->type_before);
        print_json_field(out, "variant_of", change->variant_of);
    }
    fprintf(out, "\"table\":");
    print_json_text(change->table, out);
}

/* In the order of enum tg_file_news. */
static const char *const news[] = {"new", "rewritten", "grown", "grown_again", "copied"};

static void print_json_reject(FILE *out, const struct tg_result *result, size_t index)
{
    const struct tg_reject_info *reject = tg_result_reject(result, index);
    print_json_field(out, "resource", reject->resource);
    print_json_field(out, "table", reject->table);
    print_json_field(out, "column", reject->column);
    print_json_field(out, "reason", reject->reason);
    print_json_field(out, "place", reject->place);
    fprintf(out, "\"rows\":%" PRIu64, reject->rows);
}

static void print_json_file(FILE *out, const struct tg_result *result, size_t index)
{
    const struct tg_file_info *file = tg_result_file(result, index);
    print_json_field(out, "resource", file->resource);
    print_json_field(out, "path", file->path);
    print_json_field(out, "news", news[file->news]);
    fprintf(out, "\"bytes\":%" PRIu64 ",\"rows\":%" PRIu64, file->bytes, file->rows);
}

static void print_json_list(FILE *out, const char *key, const struct tg_result *result,
                            size_t (*count)(const struct tg_result *result),
                            void (*print)(FILE *out, const struct tg_result *result, size_t index))
{
    fprintf(out, "\"%s\":[", key);
    for (size_t i = 0; i < count(result); i++) {
        fputs(i ? ",{" : "{", out);
        print(out, result, i);
        putc('}', out);
    }
    fputs("],", out);
}

void print_json_tables(FILE *out, const struct tg_result *result)
{
    print_json_list(out, "tables", result, tg_result_table_count, print_json_table);
}

void print_result_json(FILE *out, const struct tg_pipeline *pipeline,
                       const struct tg_result *result)
{
    putc('{', out);
    print_json_field(out, "load_id", tg_result_load_id(result));
    print_json_field(out, "environment", tg_pipeline_environment(pipeline));
    print_json_field(out, "destination", tg_pipeline_destination(pipeline));
    print_json_field(out, "dataset", tg_result_dataset(result));
    print_json_field(out, "schema", tg_result_schema(result));
    fprintf(out, "\"seconds\":%.3f,\"phases\":{", tg_result_seconds(result));
    for (int phase = TG_PHASE_SETTLE; phase < TG_PHASE_DONE; phase++)
        fprintf(out, "%s\"%s\":%.3f", phase ? "," : "", phase_name((enum tg_phase)phase),
                tg_result_phase_seconds(result, (enum tg_phase)phase));
    fprintf(out, "},\"settled\":%zu,", tg_result_settled_count(result));
    print_json_tables(out, result);
    print_json_list(out, "resources", result, tg_result_resource_count, print_json_resource);
    print_json_list(out, "schema_changes", result, tg_result_change_count, print_json_change);
    print_json_list(out, "rejects", result, tg_result_reject_count, print_json_reject);
    print_json_list(out, "files", result, tg_result_file_count, print_json_file);
    print_json_warnings(out, result);
    putc('}', out);
}
