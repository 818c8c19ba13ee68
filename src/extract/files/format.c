/*
 * What a file is by its name, and whether it is here at all.
 *
 * format_of: the suffix of a compression is left out, then the ending is looked up in the table of
 * formats. What files of other kinds are is told by formats/content.c.
 *
 * format_check_local: a URL is no path. A folder that is called like one can be named all the same:
 * "./s3:/logs".
 */
#include "extract/files/format.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name; /* as `format` says it, or after the last dot of a name */
    enum format format;
    bool extension_only;
} formats[] = {
    {"jsonl", FORMAT_JSONL, false},     {"json", FORMAT_JSON, false},   {"csv", FORMAT_CSV, false},
    {"parquet", FORMAT_PARQUET, false}, {"ndjson", FORMAT_JSONL, true}, {"tsv", FORMAT_CSV, true},
    {"pq", FORMAT_PARQUET, true},
};

static bool ends_in(const char *name, size_t len, const char *ending)
{
    size_t ending_len = strlen(ending);
    return len > ending_len && strncasecmp(name + len - ending_len, ending, ending_len) == 0;
}

size_t format_bare_length(const char *name)
{
    static const char *const suffixes[] = {".gz", ".zst", ".bz2", ".xz"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (ends_in(name, len, suffixes[i]))
            return len - strlen(suffixes[i]);
    return len;
}

enum format format_of(const char *name)
{
    size_t len = format_bare_length(name);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        size_t dot = strlen(formats[i].name) + 1;
        if (ends_in(name, len, formats[i].name) && len > dot && name[len - dot] == '.')
            return formats[i].format;
    }
    return FORMAT_NONE;
}

const char *format_name(enum format format)
{
    static const char *const names[] = {[FORMAT_NONE] = "another format",
                                        [FORMAT_JSONL] = "JSON lines",
                                        [FORMAT_JSON] = "JSON",
                                        [FORMAT_CSV] = "CSV",
                                        [FORMAT_PARQUET] = "Parquet"};
    return names[format];
}

enum format format_without_csv(const char *patterns)
{
    enum { TAIL_BYTES = 32 };
    enum format found = FORMAT_NONE;
    for (const char *at = patterns, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '\n');
        const char *tail = end - at > TAIL_BYTES ? end - TAIL_BYTES : at;
        char name[TAIL_BYTES + 1] = "";
        memcpy(name, tail, (size_t)(end - tail));
        found = format_of(name);
        if (found == FORMAT_NONE || found == FORMAT_CSV)
            return FORMAT_NONE;
    }
    return found;
}

bool format_ends_in(const char *name, const char *ending)
{
    return ends_in(name, format_bare_length(name), ending);
}

enum format format_find(const char *word)
{
    for (size_t i = 0; word && i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!formats[i].extension_only && strcmp(formats[i].name, word) == 0)
            return formats[i].format;
    return FORMAT_NONE;
}

/* ---- URLs ---------------------------------------------------------------------------------- */

/* How many bytes before "://" are a scheme; 0: it is none. */
static size_t scheme_length(const char *path)
{
    size_t len = 0;
    while (isalnum((unsigned char)path[len]) || (len > 0 && path[len] && strchr("+-.", path[len])))
        len++;
    return len > 1 && strncmp(path + len, "://", 3) == 0 ? len : 0;
}

int format_check_local(const char *what, const char *path, struct tg_error *err)
{
    static const struct {
        const char *scheme, *copy;
    } places[] = {
        {"s3", "aws s3 sync"},
        {"s3a", "aws s3 sync"},
        {"gs", "gcloud storage rsync"},
        {"gcs", "gcloud storage rsync"},
        {"az", "azcopy sync"},
        {"abfs", "azcopy sync"},
        {"abfss", "azcopy sync"},
        {"wasbs", "azcopy sync"},
        {"https", "curl --remote-name"},
        {"http", "curl --remote-name"},
        {"ftp", "curl --remote-name"},
        {"sftp", "rsync"},
        {"ssh", "rsync"},
        {"hdfs", "hdfs dfs -get"},
        {"webhdfs", "hdfs dfs -get"},
    };
    const size_t len = scheme_length(path);
    const char *copy = "a program that knows them";
    if (len == 0)
        return TG_OK;
    if (len == 4 && strncasecmp(path, "file", 4) == 0)
        return error_set(err, TG_USAGE, "%s '%s' is a URL; write the path alone: '%s'", what, path,
                         path + len + 3);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strlen(places[i].scheme) == len && strncasecmp(path, places[i].scheme, len) == 0)
            copy = places[i].copy;
    return error_set(err, TG_USAGE,
                     "%s '%s' is a place elsewhere, and only files of this machine can be read so "
                     "far; copy what is there into a folder before each run, as by %s, and name "
                     "that folder: files that were loaded are left out (docs/file-formats.md)",
                     what, path, copy);
}
