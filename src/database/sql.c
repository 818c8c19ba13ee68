/*
 * SQL's smallest parts, the same for every database: quoted names and quoted text, what holds for a
 * version, and dialects by their names.
 *
 * Path: sql_table -> sql_ident -> buf_quoted; sql_text the same. Names and values reach SQL only
 * through here, so none of them can end a quote. Whole statements are made in write/.
 */
#include <string.h>
#include <strings.h>

#include "database/dialect.h"

#define DIALECT(name) &dialect_##name,
static const struct dialect *const dialects[] = {
#include "dialects.def"
};
#undef DIALECT

enum { DIALECT_COUNT = sizeof(dialects) / sizeof(dialects[0]) };

int dialect_find(const char *name, const struct dialect **out, struct tg_error *err)
{
    struct buf known = BUF_INIT;
    *out = NULL;
    for (size_t i = 0; i < DIALECT_COUNT && !*out; i++) {
        const char *vendor = dialects[i]->vendor;
        if (strcasecmp(dialects[i]->name, name) == 0 || (vendor && strcasecmp(vendor, name) == 0))
            *out = dialects[i];
    }
    if (*out)
        return TG_OK;
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", dialects[i]->name);
    error_set(err, TG_USAGE, "there is no dialect '%s'; there are: %s", name, buf_string(&known));
    buf_release(&known);
    return TG_USAGE;
}

bool sql_compares(const struct dialect *dialect, const char *sql_type)
{
    const char *const *name = dialect->incomparable;
    while (name && *name && strcmp(*name, sql_type) != 0)
        name++;
    return !name || !*name;
}

void sql_ident(struct buf *out, const struct dialect *dialect, const char *name)
{
    buf_quoted(out, dialect->quote, name);
}

void sql_table(struct buf *out, const struct dialect *dialect, const char *dataset,
               const char *table)
{
    if (dataset) {
        sql_ident(out, dialect, dataset);
        buf_char(out, '.');
    }
    sql_ident(out, dialect, table);
}

void sql_text(struct buf *out, const char *text)
{
    if (text)
        buf_quoted(out, '\'', text);
    else
        buf_text(out, "NULL");
}

const char *sql_variant(const struct sql_variant variants[SQL_VARIANTS_MAX], int version)
{
    const char *sql = variants[0].sql;
    for (size_t i = 1; i < SQL_VARIANTS_MAX && variants[i].sql; i++)
        if (version >= variants[i].from)
            sql = variants[i].sql;
    return sql;
}
