/*
 * What columns a query has, before it is run.
 *
 * Path: pg_columns_describe -> the statement is prepared without a name, and described ->
 * keep_fields -> own_types: what the catalog says of types that no other database has ->
 * choose_form: whether the binary form of all of them is read here.
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

/* Where one is not read in its binary form, all come as texts. */
static void choose_form(struct pg_columns *out)
{
    enum { TEXT_OID = 25 };
    out->binary = true;
    for (size_t i = 0; i < out->count; i++)
        out->binary = out->binary &&
                      strcmp(pg_type_reading(&out->types, out->fields[i].oid), "{column}") == 0;
    for (size_t i = 0; i < out->count && !out->binary; i++) {
        out->fields[i].oid = TEXT_OID;
        out->fields[i].typmod = -1;
    }
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

int pg_columns_describe(struct pg_client *client, const struct context *ctx, const char *sql,
                        const struct pg_parameters *parameters, struct pg_columns *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    PGresult *prepared = NULL, *described = NULL;
    TRY(prepare(client, ctx, sql, parameters, &prepared, err));
    if (!pq.sendDescribePrepared(client->conn, ""))
        TRY(pg_lost_error(client, err));
    TRY(one_result(client, ctx, sql, &described, err));
    TRY(keep_fields(out, described, err));
    TRY(own_types(client, ctx, out, err));
    choose_form(out);
done:
    pq.clear(prepared);
    pq.clear(described);
    return rc;
}
