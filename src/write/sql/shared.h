/*
 * A dataset that several schemas or pipelines share.
 */
#ifndef TIDEGATE_WRITE_SHARED_H
#define TIDEGATE_WRITE_SHARED_H

#include "write/sql/chain.h"
#include "write/sql/ledger.h"

/* The condition of rows that the pipeline's own loads of the schema have brought, of a root table,
 * which may have an alias; for {own} of stage.h. Loads that it has not recorded by name, those of
 * dlt among them, are told by the schema. */
#define SHARED_OWN                                                                                 \
    "[_dlt_load_id] IN (\n"                                                                        \
    "SELECT [load_id] FROM {_tidegate_loads} WHERE [pipeline_name] = {'pipeline'} AND " OF_SCHEMA  \
    "\n"                                                                                           \
    "UNION ALL\n"                                                                                  \
    "SELECT [load_id] FROM {_dlt_loads} AS load WHERE [schema_name] = {'schema'} AND NOT EXISTS (" \
    "SELECT 1 FROM {_tidegate_loads} AS known "                                                    \
    "WHERE known.[load_id] = load.[load_id] AND known.[pipeline_name] IS NOT NULL))"

/* What is done with each schema of a dataset but one's own: the newest version of it. */
struct schema_visitor {
    int (*visit)(void *user, const char *schema, const struct catalog *other, struct tg_error *err);
    void *user;
};
int shared_schemas(struct connection *con, const char *dataset, const struct described *there,
                   const char *schema, const struct schema_visitor *visitor,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Is a table that the load drops another schema's, too, or loaded by another pipeline? TG_USAGE: it
 * stays. One that loses rows which the load lacks is marked (chain->shared); nested tables that
 * only another schema knows join the chain of their root, if rows of that go. */
int shared_check(struct delivery *delivery, struct connection *con,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
