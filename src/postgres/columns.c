/*
 * What columns a query has, before it is run, or as its first row says.
 *
 * Path: pg_columns_describe -> the statement is prepared without a name, and described ->
 * keep_fields -> own_types: what the catalog says of types that no other database has -> wrap: a
 * query around it, where the server has to write some of them -> choose_form: whether the binary
 * form of all of them is read here.
 * pg_columns_take -> keep_fields -> is_read, without any question: types of the server's own that
 * it has not are not read so.
 *
 * Running the query is stream.c's.
 */
#include "postgres/columns.h"

#include <stdlib.h>
#include <string.h>

#include "postgres/session.h"

/* ---- types of this database alone ---- */

static int keep_type(struct pg_columns *out, const PGresult *result, int row,
                     struct pg_catalog_type *types, struct tg_error *err)
{
    enum { OID, KIND, ELEMENT, TYPMOD, NAME };
    struct pg_catalog_type *type = &types[row];
    *type = (struct pg_catalog_type){
        .oid = (uint32_t)strtoul(pq.getvalue(result, row, OID), NULL, 10),
        .kind = pq.getvalue(result, row, KIND)[0],
        .element = (uint32_t)strtoul(pq.getvalue(result, row, ELEMENT), NULL, 10),
        .typmod = (int32_t)strtol(pq.getvalue(result, row, TYPMOD), NULL, 10),
    };
    return arena_keep(&out->arena, pq.getvalue(result, row, NAME), &type->name, err);
}

static int keep_types(struct pg_columns *out, const PGresult *result, struct tg_error *err)
{
    int rc = TG_OK, count = pq.ntuples(result);
    struct pg_catalog_type *types = arena_alloc(&out->arena, (size_t)(count + 1) * sizeof(*types));
    if (!types)
        return error_nomem(err);
    for (int row = 0; row < count && rc == TG_OK; row++)
        rc = keep_type(out, result, row, types, err);
    out->types = (struct pg_types){types, (size_t)count};
    return rc;
}

/* "{16385,16390}" */
static bool list_own(const struct pg_columns *columns, struct buf *out)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->fields[i].oid >= PG_OID_OWN)
            buf_printf(out, "%c%u", out->len > 0 ? ',' : '{', columns->fields[i].oid);
    if (out->len > 0)
        buf_char(out, '}');
    return out->len > 0 || out->failed;
}

static int one_result(struct pg_client *client, const struct context *ctx, const char *sql,
                      PGresult **out, struct tg_error *err)
{
    int rc = pg_next(client, ctx, out, err);
    if (rc != TG_OK || !*out)
        return rc;
    rc = pg_check_result(client, *out, sql, err);
    if (rc != TG_OK)
        (void)!pg_finish(client, ctx, NULL, NULL, NULL);
    return rc == TG_OK ? pg_finish(client, ctx, NULL, NULL, err) : rc;
}

static int own_types(struct pg_client *client, const struct context *ctx, struct pg_columns *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf list = BUF_INIT;
    PGresult *result = NULL;
    if (!list_own(out, &list))
        return TG_OK;
    TRY(buf_check(&list, err));
    const struct pg_parameter parameter = {.text = buf_string(&list)};
    TRY(pg_send(client, ctx, pg_types_sql, &(struct pg_parameters){&parameter, 1}, false, err));
    TRY(one_result(client, ctx, pg_types_sql, &result, err));
    rc = keep_types(out, result, err);
done:
    pq.clear(result);
    buf_release(&list);
    return rc;
}

/* ---- columns ---- */

static int keep_fields(struct pg_columns *out, const PGresult *result, struct tg_error *err)
{
    int rc = TG_OK;
    out->count = (size_t)pq.nfields(result);
    out->fields = arena_alloc(&out->arena, (out->count + 1) * sizeof(*out->fields));
    if (!out->fields)
        return error_nomem(err);
    for (size_t i = 0; i < out->count && rc == TG_OK; i++) {
        out->fields[i] = (struct pg_field){
            .oid = pq.ftype(result, (int)i), .typmod = pq.fmod(result, (int)i), .nullable = true};
        rc = arena_keep(&out->arena, pq.fname(result, (int)i), &out->fields[i].name, err);
    }
    return rc;
}

/* The types of the statement itself, for the columns of the one around it. */
static int keep_names(struct pg_columns *columns, const char ***out, struct tg_error *err)
{
    int rc = TG_OK;
    struct pg_type type;
    const char **names = arena_alloc(&columns->arena, (columns->count + 1) * sizeof(*names));
    if (!names)
        return error_nomem(err);
    for (size_t i = 0; i < columns->count && rc == TG_OK; i++) {
        pg_type_find(&columns->types, columns->fields[i].oid, -1, &type);
        rc = arena_keep(&columns->arena, type.name, &names[i], err);
    }
    *out = names;
    return rc;
}

/* A number that may have more digits than a decimal, or is none ("NaN"). */
static bool is_endless(const struct pg_columns *columns, size_t i)
{
    enum { MONEY_OID = 790, HEADER = 4 };
    struct pg_type type;
    pg_type_find(&columns->types, columns->fields[i].oid, columns->fields[i].typmod, &type);
    const int32_t precision = (type.typmod - HEADER) >> 16;
    return columns->exact &&
           (type.oid == MONEY_OID ||
            (type.form == PG_NUMERIC && (type.typmod < HEADER || precision > DECIMAL_PRECISION)));
}

static bool is_read(const struct pg_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        if (is_endless(columns, i) ||
            strcmp(pg_type_reading(&columns->types, columns->fields[i].oid), "{column}") != 0)
            return false;
    return true;
}

/* Where one is not read in its binary form, all come as texts. */
static void choose_form(struct pg_columns *out)
{
    enum { TEXT_OID = 25 };
    out->binary = is_read(out);
    for (size_t i = 0; i < out->count && !out->binary; i++) {
        out->fields[i].oid = TEXT_OID;
        out->fields[i].typmod = -1;
    }
}

/* ---- what the server has to write ---- */

bool pg_is_query(const char *sql)
{
    static const char *const words[] = {"SELECT", "WITH", "VALUES", "TABLE"};
    sql += strspn(sql, " \t\r\n");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
            return !strchr(sql, ';');
    return false;
}

bool pg_is_relation(const char *sql)
{
    return pg_is_query(sql) && !strcasestr(sql, "RETURNING");
}

/* SELECT c0 AS "id", c1::text AS "span" FROM (the statement) AS q (c0, c1) */
static int wrap(struct pg_columns *out, const char *sql, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    static const char column[] = "{column}";
    for (size_t i = 0; i < out->count; i++) {
        const char *pattern = pg_type_reading(&out->types, out->fields[i].oid);
        const char *hole = strstr(pattern, column);
        buf_printf(&text, "%s%.*sc%zu%s%s AS ", i == 0 ? "SELECT " : ", ", (int)(hole - pattern),
                   pattern, i, hole + strlen(column), is_endless(out, i) ? "::text" : "");
        buf_quoted(&text, '"', out->fields[i].name);
    }
    buf_printf(&text, " FROM (%s\n) AS q (", sql);
    for (size_t i = 0; i < out->count; i++)
        buf_printf(&text, i == 0 ? "c%zu" : ", c%zu", i);
    buf_char(&text, ')');
    TRY(buf_check(&text, err));
    TRY(arena_keep(&out->arena, text.data, &out->sql, err));
done:
    buf_release(&text);
    return rc;
}

void pg_columns_init(struct pg_columns *columns)
{
    *columns = (struct pg_columns){0};
    arena_init(&columns->arena);
}

void pg_columns_release(struct pg_columns *columns)
{
    arena_release(&columns->arena);
    pg_columns_init(columns);
}

/* The types of parameters as they are said; those that are not are for the server to find. */
static int prepare(struct pg_client *client, const struct context *ctx, const char *sql,
                   const struct pg_parameters *parameters, PGresult **out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = parameters ? parameters->count : 0;
    Oid *types = mem_calloc(count + 1, sizeof(*types));
    if (!types)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        types[i] = parameters->items[i].oid;
    TRY(pg_ready(client, ctx, err));
    if (!pq.sendPrepare(client->conn, "", sql, (int)count, types))
        TRY(pg_lost_error(client, err));
    rc = one_result(client, ctx, sql, out, err);
done:
    mem_free(types);
    return rc;
}

static int describe(struct pg_client *client, const struct context *ctx,
                    const struct pg_parameters *parameters, struct pg_columns *out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    PGresult *prepared = NULL, *described = NULL;
    TRY(prepare(client, ctx, out->sql, parameters, &prepared, err));
    if (!pq.sendDescribePrepared(client->conn, ""))
        TRY(pg_lost_error(client, err));
    TRY(one_result(client, ctx, out->sql, &described, err));
    TRY(keep_fields(out, described, err));
    TRY(own_types(client, ctx, out, err));
done:
    pq.clear(prepared);
    pq.clear(described);
    return rc;
}

int pg_columns_describe(struct pg_client *client, const struct context *ctx, const char *sql,
                        const struct pg_parameters *parameters, struct pg_columns *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const char **names = NULL;
    out->sql = sql;
    TRY(describe(client, ctx, parameters, out, err));
    if (!is_read(out) && pg_is_relation(sql)) {
        TRY(keep_names(out, &names, err));
        TRY(wrap(out, sql, err));
        TRY(describe(client, ctx, parameters, out, err));
        for (size_t i = 0; i < out->count; i++)
            out->fields[i].sql_type = names[i];
    }
    choose_form(out);
done:
    return rc;
}

static bool has_own(const struct pg_columns *columns)
{
    bool own = false;
    for (size_t i = 0; i < columns->count; i++)
        own = own || columns->fields[i].oid >= PG_OID_OWN;
    return own;
}

int pg_columns_take(const PGresult *result, struct pg_columns *out, bool *fits,
                    struct tg_error *err)
{
    int rc = keep_fields(out, result, err);
    *fits = rc == TG_OK && !has_own(out) && is_read(out);
    out->binary = *fits;
    return rc;
}
