/*
 * DuckDB's messages as errors of ours.
 *
 * Path: duck_error -> find_rule (the prefixes of its messages are the only thing the pending API
 * tells) -> code, SQLSTATE, whether to try again, and what to do.
 *
 * Where an error happened is added by the callers.
 */
#include "duckdb/api.h"

#include <string.h>

struct rule {
    const char *prefix; /* of DuckDB's message; NULL: any */
    const char *part;   /* somewhere in it; NULL: any */
    int code;
    bool retryable;
    const char *sqlstate;
    const char *advice;
};

#define MORE_MEMORY "; give the run more memory: --memory 1GiB, or `memory: 1GiB` in the spec"

#define BROKEN_RULE "; take that rule off the table, or correct the rows"

static const struct rule rules[] = {
    {"IO Error", "Could not set lock", TG_LOCKED, true, "",
     "; close the other program, or wait, and run again"},
    {NULL, "No space left on device", TG_IO, true, "53100", "; free some disk space"},
    {NULL, "File too large", TG_IO, false, "53100", "; raise the limit on file sizes"},
    {NULL, "Disk quota exceeded", TG_IO, true, "53100", "; free some disk space"},
    {"Out of Memory Error", NULL, TG_NOMEM, false, "53200", MORE_MEMORY},
    {"TransactionContext Error", "failed to pin block", TG_NOMEM, false, "53200", MORE_MEMORY},
    {"TransactionContext Error", "could not allocate block", TG_NOMEM, false, "53200", MORE_MEMORY},
    {"INTERRUPT Error", NULL, TG_CANCELLED, true, "57014", ""},
    {"Constraint Error", "NOT NULL constraint", TG_DESTINATION, false, "23502", BROKEN_RULE},
    {"Constraint Error", "CHECK constraint", TG_DESTINATION, false, "23514", BROKEN_RULE},
    {"Constraint Error", "foreign key", TG_DESTINATION, false, "23503", BROKEN_RULE},
    {"Constraint Error", "uplicate key", TG_DESTINATION, false, "23505", BROKEN_RULE},
    {"Constraint Error", "unique constraint", TG_DESTINATION, false, "23505", BROKEN_RULE},
    {"Constraint Error", "primary key constraint", TG_DESTINATION, false, "23505", BROKEN_RULE},
    {"TransactionContext Error", "onflict", TG_DESTINATION, true, "40001", "; run again"},
    {"Transaction", "onflict", TG_DESTINATION, true, "40001", "; run again"},
    {NULL, "attached in read-only mode", TG_DESTINATION, false, "25006", ""},
    {NULL, "launched in read-only mode", TG_DESTINATION, false, "25006", ""},
    {"Parser Error", NULL, TG_DESTINATION, false, "42601", ""},
    {"Catalog Error: Table with name", "does not exist", TG_DESTINATION, false, "42P01", ""},
    {"Catalog Error: Table with name", "already exists", TG_DESTINATION, false, "42P07", ""},
    {"Catalog Error: View with name", "already exists", TG_DESTINATION, false, "42P07",
     "; something else than a table has that name: rename it, or the resource's table"},
    {"Catalog Error: SET schema", NULL, TG_DESTINATION, false, "3F000", ""},
    {"Catalog Error: Column with name", "already exists", TG_DESTINATION, false, "42701", ""},
    {"Binder Error: Referenced", "not found", TG_DESTINATION, false, "42703", ""},
    {"Binder Error", "Ambiguous reference to catalog or schema", TG_DESTINATION, false, "",
     "; name the dataset other than the database file"},
    {NULL, "Unsupported compression codec \"LZ4\"", TG_DATA, false, "",
     "; this is LZ4 in Hadoop's frames, which an engine of DuckDB 2.0 reads: take one, or write "
     "the "
     "file with zstd, snappy or LZ4_RAW"},
    {NULL, "BYTE_STREAM_SPLIT encoding is only supported for FLOAT", TG_DATA, false, "",
     "; an engine of DuckDB 2.0 reads it of INT32 and INT64, too: take one, or write the file "
     "without that encoding for other columns than of FLOAT and DOUBLE"},
    {"FATAL Error", "has been invalidated", TG_LOCKED, true, "", "; run again"},
    {NULL, "not a valid DuckDB database file", TG_DESTINATION, false, "",
     "; name another file, or run again if another program is just making this one"},
    {NULL, NULL, TG_DESTINATION, false, "", ""},
};

static const struct rule *find_rule(const char *message)
{
    const struct rule *rule = rules;
    for (; rule->prefix || rule->part; rule++) {
        bool starts = !rule->prefix || strncmp(message, rule->prefix, strlen(rule->prefix)) == 0;
        if (starts && (!rule->part || strstr(message, rule->part)))
            break;
    }
    return rule;
}

/* Bytes of the message that say what happened: DuckDB's own advice is about its settings, not ours.
 */
static size_t useful_length(const char *message)
{
    static const char *const tails[] = {"\n\nPossible solutions", "\n\nSee also", ". See also"};
    size_t len = strlen(message);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        const char *tail = strstr(message, tails[i]);
        if (tail && (size_t)(tail - message) < len)
            len = (size_t)(tail - message);
    }
    return len;
}

int duck_error(struct tg_error *err, const char *message)
{
    if (!message)
        message = "no message";
    const struct rule *rule = find_rule(message);
    size_t len = useful_length(message);
    len -= *rule->advice && len > 0 && message[len - 1] == '.'; /* the sentence goes on */
    int code = error_set(err, rule->code, "duckdb: %.*s%s", (int)len, message, rule->advice);
    if (err) {
        err->retryable = rule->retryable;
        memcpy(err->sqlstate, rule->sqlstate, strlen(rule->sqlstate) + 1);
    }
    return code;
}
