/*
 * Advice for programs: one object in one line. docs/programs.md has its keys.
 *
 *   print_advice_json -> resources, each with its fields and reasons -> warnings
 *
 * A text that there is none of is null.
 */
#include <inttypes.h>

#include "cli.h"

static void print_number(const char *key, uint64_t number)
{
    printf(",\"%s\":%" PRIu64, key, number);
}

static void print_field(const struct tg_advice_field *field)
{
    print_json_member(stdout, "{", "field", field->name);
    print_json_member(stdout, ",", "type", field->type);
    print_number("nulls", field->nulls);
    print_number("distinct", field->distinct);
    print_number("below", field->below);
    print_json_member(stdout, ",", "greatest", field->greatest);
    print_number("ties", field->ties);
    print_json_flag(stdout, "can_be_cursor", field->can_be_cursor);
    print_number("changed_seen", field->changed_seen);
    putchar('}');
}

static void print_loads(const struct tg_advice_resource *resource)
{
    print_number("loads", resource->loads);
    print_number("loads_rows_read", resource->loads_rows_read);
    print_number("loads_rows_inserted", resource->loads_rows_inserted);
    print_number("loads_rows_updated", resource->loads_rows_updated);
    print_number("loads_rows_unchanged", resource->loads_rows_unchanged);
}

static void print_told(const struct tg_advice_resource *resource)
{
    static const char *const verdicts[] = {"keep", "change", "unknown"};
    print_json_member(stdout, "{", "resource", resource->name);
    print_json_member(stdout, ",", "verdict", verdicts[resource->verdict]);
    print_json_member(stdout, ",", "lines", resource->lines);
    print_json_member(stdout, ",", "write_disposition", resource->write_disposition);
    print_json_member(stdout, ",", "strategy", resource->strategy);
    print_json_member(stdout, ",", "primary_key", resource->primary_key);
    print_json_member(stdout, ",", "cursor", resource->cursor);
    print_json_member(stdout, ",", "unique", resource->unique);
    print_json_flag(stdout, "read_twice", resource->read_twice);
    print_json_flag(stdout, "cut", resource->cut);
    print_number("rows_read", resource->rows_read);
    print_number("rows_read_again", resource->rows_read_again);
    print_number("rows_same", resource->rows_same);
    print_number("rows_changed", resource->rows_changed);
    print_number("rows_vanished", resource->rows_vanished);
    print_number("rows_appeared", resource->rows_appeared);
    print_loads(resource);
}

static void print_resource(const struct tg_advice *advice, size_t index)
{
    print_told(tg_advice_resource(advice, index));
    fputs(",\"fields\":[", stdout);
    for (size_t i = 0; i < tg_advice_field_count(advice, index); i++) {
        fputs(i ? "," : "", stdout);
        print_field(tg_advice_field(advice, index, i));
    }
    fputs("],\"reasons\":[", stdout);
    for (size_t i = 0; i < tg_advice_reason_count(advice, index); i++) {
        const struct tg_advice_reason *reason = tg_advice_reason(advice, index, i);
        print_json_member(stdout, i ? ",{" : "{", "about", reason->about);
        print_json_member(stdout, ",", "text", reason->text);
        putchar('}');
    }
    fputs("]}", stdout);
}

void print_advice_json(const struct tg_pipeline *pipeline, const struct tg_advice *advice)
{
    putchar('{');
    print_json_destination(stdout, pipeline);
    fputs("\"resources\":[", stdout);
    for (size_t i = 0; i < tg_advice_resource_count(advice); i++) {
        fputs(i ? "," : "", stdout);
        print_resource(advice, i);
    }
    fputs("],\"warnings\":[", stdout);
    for (size_t i = 0; i < tg_advice_warning_count(advice); i++) {
        fputs(i ? "," : "", stdout);
        print_json_text(tg_advice_warning(advice, i), stdout);
    }
    fputs("]}\n", stdout);
}
