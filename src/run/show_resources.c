/*
 * What a run would read: a line for each selected resource, as its source describes it.
 *
 *   show_resources -> check_pipeline, or show_checked -> plan_check (each resource that is checked:
 *   add_resource) -> a stream of the sheet
 *
 * A key stands as the source names its columns; what the source does not say is NULL.
 */
#include "data/sheet.h"
#include "run/inspect.h"
#include "run/plan.h"
#include "write/disposition.h"

enum {
    RESOURCE,
    SOURCE,
    DISPOSITION,
    PRIMARY_KEY,
    MERGE_KEY,
    CURSOR,
    COLUMNS, /* how many */
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
    "resource", "source", "write_disposition", "primary_key", "merge_key", "cursor", "columns"};

static const struct type_spec types[COLUMN_COUNT] = {
    [RESOURCE] = {.type = TYPE_TEXT},    [SOURCE] = {.type = TYPE_TEXT},
    [DISPOSITION] = {.type = TYPE_TEXT}, [PRIMARY_KEY] = {.type = TYPE_TEXT},
    [MERGE_KEY] = {.type = TYPE_TEXT},   [CURSOR] = {.type = TYPE_TEXT},
    [COLUMNS] = {.type = TYPE_BIGINT}};

/* "id, region"; NULL without any. */
static int put_key(struct sheet *sheet, size_t column, const char *const *key, size_t count,
                   struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", key[i]);
    int rc = buf_check(&text, err);
    if (rc == TG_OK && count > 0)
        rc = sheet_text(sheet, column, buf_string(&text), err);
    buf_release(&text);
    return rc;
}

static int add_resource(void *user, const struct resource *resource,
                        const struct source_facts *facts, struct tg_error *err)
{
    int rc = TG_OK;
    struct sheet *sheet = user;
    TRY(sheet_text(sheet, RESOURCE, resource->name, err));
    TRY(sheet_text(sheet, SOURCE, resource->driver->name, err));
    TRY(sheet_text(sheet, DISPOSITION, disposition_name(resource->disposition), err));
    TRY(put_key(sheet, PRIMARY_KEY, resource->primary_key, resource->primary_key_count, err));
    TRY(put_key(sheet, MERGE_KEY, resource->merge_key, resource->merge_key_count, err));
    TRY(sheet_text(sheet, CURSOR, resource->incremental.cursor_path, err));
    if (facts->width > 0)
        sheet_int64(sheet, COLUMNS, (int64_t)facts->width);
    rc = sheet_end_row(sheet, err);
done:
    return rc;
}

static int show_by(int (*check)(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
                                struct tg_error *err),
                   struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct sheet sheet;
    const struct check_visitor visitor = {add_resource, &sheet};
    TRY(sheet_init(&sheet, names, types, COLUMN_COUNT, err));
    TRY(check(pipeline, &visitor, err));
    TRY(sheet_stream(&sheet, out, err));
done:
    sheet_release(&sheet);
    return rc;
}

int show_resources(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    return show_by(check_pipeline, pipeline, out, err);
}

int show_checked(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    return show_by(plan_check, pipeline, out, err);
}
