/*
 * A plan for programs: one object in one line. docs/programs.md has its keys.
 *
 *   print_plan_json -> a list of objects for each of the plan's
 *
 * A text that there is none of is null.
 */
#include <inttypes.h>

#include "cli.h"

static void print_resource(const struct tg_plan *plan, size_t index)
{
    const struct tg_plan_resource *resource = tg_plan_resource(plan, index);
    print_json_member(stdout, "", "resource", resource->name);
    print_json_member(stdout, ",", "table", resource->table);
    print_json_member(stdout, ",", "write_disposition", resource->write_disposition);
    print_json_member(stdout, ",", "strategy", resource->strategy);
    print_json_member(stdout, ",", "primary_key", resource->primary_key);
    print_json_member(stdout, ",", "merge_key", resource->merge_key);
    print_json_member(stdout, ",", "cursor", resource->cursor);
    print_json_member(stdout, ",", "stored_value", resource->stored_value);
    print_json_member(stdout, ",", "initial_value", resource->initial_value);
    print_json_member(stdout, ",", "start_value", resource->start_value);
    print_json_member(stdout, ",", "end_value", resource->end_value);
    print_json_member(stdout, ",", "last_value", resource->descends ? "min" : "max");
    print_json_flag(stdout, "replaces", resource->replaces);
    print_json_flag(stdout, "columns_known", resource->columns_known || tg_plan_result(plan));
    printf(",\"files_skipped\":%" PRIu64, resource->files_skipped);
}

static void print_window(const struct tg_plan *plan, size_t index)
{
    const struct tg_plan_window *window = tg_plan_window(plan, index);
    print_json_member(stdout, "", "resource", window->resource);
    print_json_member(stdout, ",", "from", window->from);
    print_json_member(stdout, ",", "to", window->to);
    print_json_member(stdout, ",", "state", window->state);
    print_json_member(stdout, ",", "by", window->by);
    printf(",\"windows\":%" PRIu64, window->windows);
}

static void print_change(const struct tg_plan *plan, size_t index)
{
    const struct tg_plan_change *change = tg_plan_change(plan, index);
    print_json_member(stdout, "", "resource", change->resource);
    print_json_member(stdout, ",", "table", change->table);
    print_json_member(stdout, ",", "column", change->column);
    print_json_member(stdout, ",", "type", change->type);
    print_json_member(stdout, ",", "type_before", change->type_before);
    print_json_flag(stdout, "new_table", change->is_new_table);
}

static void print_sample(const struct tg_plan *plan, size_t index)
{
    static const char *const words[] = {"inserted", "updated", "deleted"};
    const struct tg_plan_sample *sample = tg_plan_sample(plan, index);
    print_json_member(stdout, "", "table", sample->table);
    print_json_member(stdout, ",", "row", words[sample->row]);
    print_json_member(stdout, ",", "key", sample->key);
    if (sample->row != TG_ROW_UPDATED)
        return;
    print_json_member(stdout, ",", "column", sample->column);
    print_json_member(stdout, ",", "before", sample->before);
    print_json_member(stdout, ",", "after", sample->after);
}

static void print_excess(const struct tg_plan *plan, size_t index)
{
    const struct tg_plan_excess *excess = tg_plan_excess(plan, index);
    print_json_member(stdout, "", "limit", excess->limit);
    print_json_member(stdout, ",", "resource", excess->resource);
    print_json_member(stdout, ",", "table", excess->table);
    print_json_member(stdout, ",", "column", excess->column);
    print_json_member(stdout, ",", "what", excess->what);
    printf(",\"found\":%" PRIu64 ",\"allowed\":%" PRIu64, excess->found, excess->allowed);
}

static void print_statement(const struct tg_plan *plan, size_t index)
{
    const struct tg_plan_statement *statement = tg_plan_statement(plan, index);
    print_json_member(stdout, "", "phase", statement->phase);
    print_json_member(stdout, ",", "table", statement->table);
    print_json_flag(stdout, "by_engine", statement->by_engine);
    print_json_member(stdout, ",", "into", statement->into);
    print_json_member(stdout, ",", "sql", statement->sql);
}

static void print_list(const char *key, const struct tg_plan *plan, size_t count,
                       void (*print)(const struct tg_plan *plan, size_t index))
{
    printf("\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",{" : "{", stdout);
        print(plan, i);
        putchar('}');
    }
    fputs("],", stdout);
}

static void print_pending(const struct tg_plan *plan)
{
    fputs("\"pending\":[", stdout);
    for (size_t i = 0; i < tg_plan_pending_count(plan); i++) {
        fputs(i ? "," : "", stdout);
        print_json_text(tg_plan_pending(plan, i), stdout);
    }
    fputs("],", stdout);
}

void print_plan_json(const struct tg_pipeline *pipeline, const struct tg_plan *plan)
{
    const struct tg_result *result = tg_plan_result(plan);
    putchar('{');
    print_json_destination(stdout, pipeline);
    printf("\"rows\":%s,", result ? "true" : "false");
    print_pending(plan);
    print_list("resources", plan, tg_plan_resource_count(plan), print_resource);
    print_list("windows", plan, tg_plan_window_count(plan), print_window);
    print_list("schema_changes", plan, tg_plan_change_count(plan), print_change);
    print_json_tables(stdout, result);
    print_list("samples", plan, tg_plan_sample_count(plan), print_sample);
    print_list("limits_exceeded", plan, tg_plan_excess_count(plan), print_excess);
    print_list("statements", plan, tg_plan_statement_count(plan), print_statement);
    print_json_warnings(stdout, result);
    puts("}");
}
