/*
 * What a resource says of its CSV files: csv_settings_read -> read_delimiter, read_character for
 * each, and check_characters: no two of them are the same; check_local, and read_columns for what
 * single columns have. Words of options in, struct csv_options out.
 *
 * What the reader does with it is csv_reader.c's; what stands in the files is looked at there, too.
 */
#include "extract/files/csv_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text/units.h"
#include "base/text/utf8.h"
#include "base/time.h"

/* What is part of no field; "tab" for the one that is hard to write. */
static int read_delimiter(const char *text, struct csv_syntax *out, struct tg_error *err)
{
    bool is_tab = text && (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0);
    if (!text || strcmp(text, "auto") == 0)
        return TG_OK;
    text = is_tab ? "\t" : text;
    size_t len = strlen(text);
    if (len == 0 || len > CSV_DELIMITER_MAX || isalnum((unsigned char)*text) ||
        strpbrk(text, "\"'\r\n.+-") || !utf8_is_valid(text, len))
        return error_set(err, TG_USAGE,
                         "delimiter '%s' separates no fields; give a character like , ; | or tab, "
                         "or a few like ||",
                         text);
    memcpy(out->delimiter, text, len + 1);
    return TG_OK;
}

/* One byte that is no letter and no digit. */
static int read_character(const char *name, const char *text, char *out, struct tg_error *err)
{
    if (!text)
        return TG_OK;
    bool is_none = strcmp(text, "none") == 0;
    if (!is_none && (strlen(text) != 1 || isalnum((unsigned char)*text) || *text == ' ' ||
                     iscntrl((unsigned char)*text) || (unsigned char)*text >= 0x80))
        return error_set(err, TG_USAGE,
                         "%s '%s' is no character that could be one; give one like \" ' \\ or #, "
                         "or none",
                         name, text);
    *out = is_none ? '\0' : *text;
    return TG_OK;
}

static int check_characters(const struct csv_syntax *syntax, struct tg_error *err)
{
    const struct {
        const char *name;
        char character;
    } all[] = {{"delimiter", syntax->delimiter[0]},
               {"quote", syntax->quote},
               {"escape", syntax->escape},
               {"comment", syntax->comment}};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < i; k++)
            if (all[i].character && all[i].character == all[k].character)
                return error_set(err, TG_USAGE, "%s and %s are both %c; they have to differ",
                                 all[k].name, all[i].name, all[i].character);
    return TG_OK;
}

static int read_encoding(const char *text, enum encoding *out, struct tg_error *err)
{
    *out = text ? encoding_find(text) : ENCODING_AUTO;
    if (*out != ENCODING_COUNT)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "encoding '%s' is none that is known: auto, utf-8, latin-1, windows-1252, "
                     "utf-16, utf-16le, utf-16be; convert the files, as by iconv -f NAME -t UTF-8",
                     text);
}

static int read_length(const char *text, size_t *out, struct tg_error *err)
{
    uint64_t bytes = 0;
    if (!text)
        return TG_OK;
    if (!parse_bytes(text, &bytes) || bytes < 1 || bytes > CSV_TEXT_MAX)
        return error_set(err, TG_USAGE,
                         "line_bytes_max '%s' is no number of bytes up to 1023MiB, as 64MiB", text);
    *out = (size_t)bytes;
    return TG_OK;
}

static enum csv_ragged ragged_of(const char *text)
{
    if (!text || strcmp(text, "fail") == 0)
        return RAGGED_FAIL;
    return strcmp(text, "pad") == 0 ? RAGGED_PAD : RAGGED_REJECT;
}

/* ---- how values are written ---- */

static int read_mark(const char *name, const char *text, struct tg_error *err)
{
    if (!text || (strlen(text) == 1 && strchr(".,' _", *text)))
        return TG_OK;
    return error_set(err, TG_USAGE, "%s '%s' stands in no number; choose . , ' _ or a space", name,
                     text);
}

static int read_format(const char *name, const char *text, struct tg_error *err)
{
    if (!text || time_pattern_is_good(text))
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "%s '%.80s' is no format of times, such as %%d.%%m.%%Y or %%Y-%%m-%%d "
                     "%%H:%%M:%%S",
                     name, text);
}

static int check_local(const struct csv_local *local, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(read_mark("decimal", local->decimal, err));
    TRY(read_mark("thousands", local->thousands, err));
    TRY(read_format("date_format", local->date_format, err));
    TRY(read_format("timestamp_format", local->timestamp_format, err));
    if (local->thousands && strcmp(local->thousands, local->decimal ? local->decimal : ".") == 0)
        rc = error_set(err, TG_USAGE,
                       "thousands and decimal are both '%s'; numbers have different ones, as "
                       "decimal: \",\" and thousands: \".\"",
                       local->thousands);
done:
    return rc;
}

static const char **local_field(struct csv_local *local, const char *name)
{
    const struct {
        const char *name;
        const char **field;
    } fields[] = {{"decimal", &local->decimal},
                  {"thousands", &local->thousands},
                  {"date_format", &local->date_format},
                  {"timestamp_format", &local->timestamp_format}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (name && strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    return NULL;
}

static int read_column(yyjson_val *value, struct arena *arena, struct csv_local_column *out,
                       struct tg_error *err)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(value);
    int rc = TG_OK;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        const char **field = local_field(&out->local, yyjson_get_str(key));
        const char *text = yyjson_get_str(yyjson_obj_iter_get_val(key));
        if (!field || !text)
            TRY(error_set(err, TG_USAGE,
                          "'%s' of column '%s' says nothing; a column has decimal, thousands, "
                          "date_format and timestamp_format, each a text",
                          yyjson_get_str(key), out->name));
        TRY(arena_keep(arena, text, field, err));
    }
    rc = check_local(&out->local, err);
done:
    return rc;
}

/* {"price": {"decimal": ","}} */
static int read_columns(const char *json, struct arena *arena, struct csv_options *out,
                        struct tg_error *err)
{
    yyjson_doc *doc = NULL;
    int rc = TG_OK;
    if (!json)
        return TG_OK;
    TRY(json_parse(json, strlen(json), "column_formats", &doc, err));
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct csv_local_column *columns =
        arena_alloc(arena, (yyjson_obj_size(root) + 1) * sizeof(*columns));
    if (!columns)
        TRY(error_nomem(err));
    yyjson_obj_iter iter = yyjson_obj_iter_with(root);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        struct csv_local_column *column = &columns[out->local_count++];
        TRY(arena_keep(arena, yyjson_get_str(key), &column->name, err));
        TRY(read_column(yyjson_obj_iter_get_val(key), arena, column, err));
    }
    out->locals = columns;
    if (!yyjson_is_obj(root))
        rc = error_set(err, TG_USAGE,
                       "column_formats is a mapping of columns, as {price: {decimal: \",\"}}");
done:
    yyjson_doc_free(doc);
    return rc;
}

int csv_settings_read(const struct option_value *values, size_t count, struct arena *arena,
                      struct csv_options *out, struct tg_error *err)
{
    const char *header = option_text(values, count, "header");
    const char *skip = option_text(values, count, "skip");
    struct csv_syntax *syntax = &out->syntax;
    int rc = TG_OK;
    *syntax = (struct csv_syntax){.quote = '"'};
    TRY(read_delimiter(option_text(values, count, "delimiter"), syntax, err));
    TRY(read_character("quote", option_text(values, count, "quote"), &syntax->quote, err));
    TRY(read_character("escape", option_text(values, count, "escape"), &syntax->escape, err));
    TRY(read_character("comment", option_text(values, count, "comment"), &syntax->comment, err));
    if (syntax->escape == syntax->quote)
        syntax->escape = '\0'; /* it is doubled, as always */
    TRY(check_characters(syntax, err));
    TRY(read_encoding(option_text(values, count, "encoding"), &out->encoding, err));
    TRY(read_length(option_text(values, count, "line_bytes_max"), &out->line_bytes_max, err));
    out->local = (struct csv_local){
        .decimal = option_text(values, count, "decimal"),
        .thousands = option_text(values, count, "thousands"),
        .date_format = option_text(values, count, "date_format"),
        .timestamp_format = option_text(values, count, "timestamp_format"),
    };
    TRY(check_local(&out->local, err));
    TRY(read_columns(option_text(values, count, "column_formats"), arena, out, err));
    out->ragged = ragged_of(option_text(values, count, "ragged"));
    out->skip = skip ? strtoull(skip, NULL, 10) : 0;
    out->null_texts = option_text(values, count, "null");
    out->header = !header || strcmp(header, "false") != 0;
done:
    return rc;
}

const char *csv_settings_said(const struct option_value *values, size_t count)
{
    static const struct option options[] = {CSV_OPTIONS, OPTION_END};
    for (const struct option *option = options; option->name; option++)
        if (option_is_said(option, option_text(values, count, option->name)))
            return option->name;
    return NULL;
}
