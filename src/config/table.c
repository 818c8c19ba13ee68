/*
 * What a program says of a further table of a resource, while that is read.
 *
 *   config_table: check_unsaid (what is the resource's to say) -> resource_fill -> take_over (what
 *   the table has of the resource) -> disposition_choose, disposition_settle -> resource_check
 *
 * It is checked as a resource is, against the cursor of the one that it belongs to: what that
 * leaves out is left out of all its tables. A table is loaded by itself, and has no cursor.
 *
 * Of a table that was said before the columns stay: lay_columns.
 */
#include <string.h>

#include "config/spec.h"

static bool is_zero(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    while (len > 0 && !at[len - 1])
        len--;
    return len == 0;
}

static int refuse(const struct origin *origin, const struct option *option)
{
    return resource_refuse(origin, option->name, NULL,
                           "%s is said of the resource, not of one of its tables",
                           option->field.given_name);
}

/* All of a table of options, but for some of them: words. */
static int check_all_unsaid(const struct origin *origin, const struct tg_resource *hints,
                            const struct option *options, const char *but)
{
    for (; options->name; options++) {
        const struct field *field = &options->field;
        const char *at = (const char *)hints + field->given;
        if (option_choice(but, options->name) < 0 && field->given_bytes > 0 &&
            !is_zero(at, field->given_bytes))
            return refuse(origin, options);
    }
    return TG_OK;
}

/* What says where rows come from, and which of them are new. */
static int check_unsaid(const struct origin *origin, const struct tg_resource *hints,
                        const char *name)
{
    static const char *const others[] = {"table_name", "deletes", "limits"};
    struct tg_resource rest = *hints;
    int rc = TG_OK;
    if (hints->name && strcmp(hints->name, name) != 0)
        return resource_refuse(origin, "name", NULL, "hints for table '%s' are named '%s'", name,
                               hints->name);
    rest.name = NULL;
    TRY(check_all_unsaid(origin, &rest, resource_fields, "column_count options source_options"));
    TRY(check_all_unsaid(origin, &rest, option_find(resource_options, "incremental")->table, ""));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct option only[] = {*option_find(resource_options, others[i]), OPTION_END};
        TRY(check_all_unsaid(origin, &rest, only, ""));
    }
done:
    return rc;
}

/* What is the same for all tables of a resource. */
static void take_over(const struct resource *from, bool is_own, struct resource *out)
{
    out->name = from->name;
    out->source = from->source;
    out->driver = from->driver;
    out->source_values = from->source_values;
    out->resource_values = from->resource_values;
    out->source_value_count = from->source_value_count;
    out->resource_value_count = from->resource_value_count;
    out->given = from->given;
    out->read = from->read;
    out->user = from->user;
    out->incremental = from->incremental;
    out->limit_texts = from->limit_texts;
    out->limits = from->limits;
    out->root_key = from->root_key;
    out->selected = from->selected;
    out->begin = from->begin;
    out->end = from->end;
    out->judged = from->judged;
    out->turns_with = from->turns_with;
    out->list_keys = is_own ? from->list_keys : NULL;
    out->deletes = is_own ? from->deletes : (struct deletes){.detect = TG_DETECT_NONE};
}

static int take_hints(const struct config *config, const struct further_table *table,
                      const struct origin *origin, struct resource *out)
{
    int rc = TG_OK;
    const char *word = disposition_word(DISPOSITION_APPEND);
    if (table->hints) {
        TRY(check_unsaid(origin, table->hints, table->name));
        TRY(disposition_given(origin, table->hints, &word));
    }
    TRY(disposition_choose(origin, word, out));
    TRY(disposition_settle(config, origin, out));
    TRY(resource_check(origin, out));
    if (out->reject_bad_rows && out->reject_max == 0)
        out->reject_max = REJECT_MAX;
done:
    return rc;
}

static bool same_columns(const struct tg_column *a, const struct tg_column *b)
{
    return fields_same(column_fields, a, b) && fields_same(column_options, a, b);
}

bool config_table_same(const struct resource *a, const struct resource *b)
{
    bool same = a->disposition == b->disposition && a->column_count == b->column_count &&
                fields_same(resource_options, a, b);
    for (size_t i = 0; same && i < a->column_count; i++)
        same = same_columns(&a->columns[i], &b->columns[i]);
    return same;
}

/* Those of before, each as it is said now where it is, and behind them those that are new. */
static int lay_columns(const struct resource *before, struct arena *arena, struct resource *out,
                       struct tg_error *err)
{
    size_t count = before->column_count;
    struct tg_column *columns =
        arena_alloc(arena, (count + out->column_count + 1) * sizeof(*columns));
    if (!columns)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        columns[i] = before->columns[i];
    for (size_t i = 0; i < out->column_count; i++) {
        size_t at = 0;
        while (at < before->column_count &&
               strcmp(before->columns[at].name, out->columns[i].name) != 0)
            at++;
        columns[at < before->column_count ? at : count++] = out->columns[i];
    }
    out->columns = columns;
    out->column_count = count;
    return TG_OK;
}

int config_table(const struct config *config, const struct resource *resource,
                 const struct further_table *table, struct arena *arena, struct resource *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct origin origin = {.resource = resource->name, .err = err};
    *out = (struct resource){.max_table_nesting = -1};
    if (table->hints)
        rc = resource_fill(arena, table->hints, out, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_RESOURCE, resource->name);
    take_over(resource, table->is_own, out);
    TRY(arena_keep(arena, table->is_own ? resource->table_name : table->name, &out->table_name,
                   err));
    out->table_key = resource->table_key;
    TRY(take_hints(config, table, &origin, out));
    if (table->before)
        TRY(lay_columns(table->before, arena, out, err));
    if (!table->is_own)
        out->incremental = (struct incremental){.field_count = 0};
done:
    return rc;
}
