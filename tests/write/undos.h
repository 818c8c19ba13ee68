/*
 * For the tests of undo: two loads of persons that keep it, and the undo of them. Include after
 * cmocka.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_UNDOS_H
#define TIDEGATE_TESTS_WRITE_UNDOS_H

#include "tests/write/merges.h"
#include "write/sql/undo.h"

static const struct undo_request last = {.pipeline = "shop_pipeline", .schema = "shop"};

static inline void load(struct fixture *t, const char *persons, const char *kids)
{
    fixture_begin(t)->undo_loads = 3;
    fixture_rows(t, "person", PERSON, persons);
    if (kids)
        fixture_rows(t, "person__kids", KIDS, kids);
    FIXTURE_WRITE(t);
}

static inline void two_loads(struct fixture *t)
{
    start_nested(t);
    load(t, "1|Ann|1.5|a\n2|Bob|1.5|b\n", "k1|a|a|0|a0\nk2|b|b|0|b0\n");
    load(t, "2|Bea|2.5|c\n3|Cid|2.5|d\n", "k3|c|c|0|c0\n");
}

/* What a load that is not written leaves the state like. */
static inline void state_back(struct fixture *t, const struct buf *before)
{
    state_release(&t->state);
    FIXTURE_OK(t, state_read(&t->state, before->data, before->len, &t->err));
}

/* The undo of what has been looked at, as a run makes it. */
static inline int write_undo(struct fixture *t, const struct undo *undo)
{
    struct manifest manifest;
    char id[16];
    struct buf before = BUF_INIT;
    const struct tg_error none = {0};
    manifest_init(&manifest);
    FIXTURE_OK(t, state_json(&t->state, &before, &t->err));
    snprintf(id, sizeof(id), "%d.5", ++t->load);
    manifest.load_id = id;
    manifest.package_id = id;
    manifest.undone = undo->loads;
    manifest.undone_count = undo->load_count;
    ledger_release(&t->from);
    FIXTURE_OK(t, fixture_schema(t, &t->from));
    fixture_complete(t, &manifest);
    for (size_t i = 0; i < undo->table_count; i++) {
        struct manifest_table *table = NULL;
        FIXTURE_OK(t, manifest_add_table(&manifest, undo->tables[i].name, undo->tables[i].resource,
                                         false, &table, &t->err));
    }
    write_result_release(&t->result);
    error_clear(&t->err);
    int rc = write_package(t->con, NULL, &manifest, NULL, &t->result, &t->err);
    const struct tg_error said = t->err;
    t->err = none;
    if (rc != TG_OK)
        state_back(t, &before);
    t->err = said;
    buf_release(&before);
    manifest_release(&manifest);
    return rc;
}

static inline int undo(struct fixture *t, const struct undo_request *request)
{
    struct undo found = {0};
    arena_init(&found.arena);
    error_clear(&t->err);
    int rc = undo_look(t->con, "d", request, &found, &t->err);
    if (rc == TG_OK)
        rc = write_undo(t, &found);
    undo_release(&found);
    return rc;
}

#define PERSONS  "SELECT id, name, _dlt_load_id, _dlt_id FROM d.person ORDER BY id"
#define ALL_KIDS "SELECT n, _dlt_id FROM d.person__kids ORDER BY n"

static inline void expect_refusal(struct fixture *t, int code, const char *what, const char *where)
{
    assert_int_equal(undo(t, &last), code);
    if (!strstr(t->err.what, what) || strcmp(t->err.table, where) != 0)
        fail_msg("table '%s': %s", t->err.table, t->err.what);
    fixture_check(t, "SELECT count(*) FROM d._dlt_loads WHERE status = 1", "0\n");
}

#endif
