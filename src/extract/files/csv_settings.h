/*
 * What a resource says of its CSV files.
 */
#ifndef TIDEGATE_EXTRACT_CSV_SETTINGS_H
#define TIDEGATE_EXTRACT_CSV_SETTINGS_H

#include "base/option.h"
#include "extract/formats/csv_reader.h"

/* Fills what the values of CSV_OPTIONS say; the rest of `out` stays. TG_USAGE names what cannot be.
 * Texts are borrowed, what is made is the arena's. */
int csv_settings_read(const struct option_value *values, size_t count, struct arena *arena,
                      struct csv_options *out, struct tg_error *err) TG_CHECK_RESULT;

/* One of CSV_OPTIONS that says something else than if it were not there; NULL: none does. */
const char *csv_settings_said(const struct option_value *values, size_t count);

/* For the table of a driver. */
#define CSV_ONLY .with = "format", .with_words = "csv"
#define CSV_OPTIONS                                                                                \
    {.name = "delimiter",                                                                          \
     CSV_ONLY,                                                                                     \
     .type = OPTION_TEXT,                                                                          \
     .fallback = "auto",                                                                           \
     .help = "CSV: what separates fields, or tab; auto takes the one of , ; | and tab that the "   \
             "first line has most."},                                                              \
        {.name = "header",                                                                         \
         CSV_ONLY,                                                                                 \
         .type = OPTION_BOOL,                                                                      \
         .fallback = "true",                                                                       \
         .help = "CSV: whether the first line holds the names of the columns."},                   \
        {.name = "null",                                                                           \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXTS,                                                                     \
         .may_hold_empty = true,                                                                   \
         .help = "CSV: the text that stands for NULL, or a list of them; an empty field if not "   \
                 "given."},                                                                        \
        {.name = "quote",                                                                          \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .fallback = "\"",                                                                         \
         .help = "CSV: the character around fields that hold delimiters or line ends; none: "      \
                 "quotes are text."},                                                              \
        {.name = "escape",                                                                         \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .fallback = "none",                                                                       \
         .help = "CSV: the character before one that stands for itself, as \\ in \\\". A quote "   \
                 "that is doubled stands for itself in any case."},                                \
        {.name = "encoding",                                                                       \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .fallback = "auto",                                                                       \
         .help = "CSV: utf-8, latin-1, windows-1252, utf-16, utf-16le or utf-16be; auto takes "    \
                 "UTF-16 where its mark stands in front, else UTF-8."},                            \
        {.name = "skip",                                                                           \
         CSV_ONLY,                                                                                 \
         .type = OPTION_INT,                                                                       \
         .fallback = "0",                                                                          \
         .help = "CSV: how many lines there are before the header, or the first row."},            \
        {.name = "comment",                                                                        \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .fallback = "none",                                                                       \
         .help = "CSV: the character that a line begins with which is no row, as #."},             \
        {.name = "ragged",                                                                         \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .choices = csv_ragged_choices,                                                            \
         .fallback = "fail",                                                                       \
         .help = "CSV: rows with more or fewer fields than the header: fail takes them for "       \
                 "malformed (on_bad_row), pad fills them with NULL and leaves empty fields at "    \
                 "the end out, reject puts them into _tidegate_rejects."},                         \
        {.name = "decimal",                                                                        \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .help = "CSV: the character before the fraction of a number, if it is not a point."},     \
        {.name = "thousands",                                                                      \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .help = "CSV: the character between groups of three digits, as . in 1.234,50."},          \
        {.name = "date_format",                                                                    \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .help = "CSV: how dates are written, as %d.%m.%Y; those of ISO 8601 are read, too."},     \
        {.name = "timestamp_format",                                                               \
         CSV_ONLY,                                                                                 \
         .type = OPTION_TEXT,                                                                      \
         .help = "CSV: how date and time are written, as %d/%m/%Y %H:%M:%S.%f, or with a zone, "   \
                 "%z; those of ISO 8601 are read, too."},                                          \
        {.name = "column_formats",                                                                 \
         CSV_ONLY,                                                                                 \
         .type = OPTION_ANY,                                                                       \
         .help = "CSV: decimal, thousands, date_format and timestamp_format of single columns, "   \
                 "by their names in the header."},                                                 \
    {                                                                                              \
        .name = "line_bytes_max", CSV_ONLY, .type = OPTION_TEXT, .fallback = "16MiB",              \
        .help = "CSV: the longest row that is taken, as 64MiB; a quote that is missing would "     \
                "make one of the rest of the file."                                                \
    }

#define csv_ragged_choices "fail pad reject" /* in the order of enum csv_ragged */

#endif
