/*
 * What a resource says of its CSV files: csv_settings_read -> read_delimiter, read_character for
 * each, and check_characters: no two of them are the same. Words of options in, struct csv_options
 * out.
 *
 * What the reader does with it is csv_reader.c's; what stands in the files is looked at there, too.
 */
#include "extract/files/csv_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/units.h"
#include "base/text/utf8.h"

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

int csv_settings_read(const struct option_value *values, size_t count, struct csv_options *out,
                      struct tg_error *err)
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
    out->ragged = ragged_of(option_text(values, count, "ragged"));
    out->skip = skip ? strtoull(skip, NULL, 10) : 0;
    out->null_texts = option_text(values, count, "null");
    out->header = !header || strcmp(header, "false") != 0;
done:
    return rc;
}
