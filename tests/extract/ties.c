#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cursor_helper.h"
#include "extract/cursor/row_hash.h"
#include "extract/cursor/ties.h"
#include "tests/torture.h"

/* Hashes that are told apart by a number. */
static const char *hash_text_of(int n)
{
    static char texts[4][HASH_ROW_TEXT + 1];
    static int next;
    char *text = texts[next = (next + 1) % 4];
    snprintf(text, HASH_ROW_TEXT + 1, "AAAAAAAAAAAAAAAA%04d", n);
    return text;
}

static struct row_hash hash_of(int n)
{
    struct row_hash hash = {.text = ""};
    memcpy(hash.text, hash_text_of(n), sizeof(hash.text));
    memcpy(hash.brief, hash.text, HASH_SHORT_TEXT);
    return hash;
}

/* A set of ties as the ledger has it. */
struct store {
    unsigned char bytes[400 * TIE_BYTES];
    size_t count;
    struct ties_total total;
    int reads;
};

static int keep(void *user, const struct tie *ties, size_t count, struct tg_error *err)
{
    struct store *store = user;
    (void)err;
    assert_true(store->count + count <= 400);
    for (size_t i = 0; i < count; i++)
        tie_put(&ties[i], store->bytes + TIE_BYTES * store->count++);
    return TG_OK;
}

static int recall(void *user, struct ties *ties, struct tg_error *err)
{
    struct store *store = user;
    store->reads++;
    return ties_recall(ties, store->bytes, store->count, err);
}

struct bench {
    struct context ctx;
    struct engine *engine;
    struct ties *ties;
    char folder[1100];
};

static int bench_open(struct bench *bench, const char *parent, struct store *store)
{
    int rc = TG_OK;
    *bench = (struct bench){.ties = NULL};
    context_init(&bench->ctx);
    bench->ctx.memory_bytes_max = 64 << 20;
    snprintf(bench->folder, sizeof(bench->folder), "%s/it's a=1 [ties]*", parent);
    TRY(engine_new(&bench->ctx, parent, &bench->engine, NULL));
    const struct ties_options options = {.ctx = &bench->ctx,
                                         .engine = bench->engine,
                                         .folder = bench->folder,
                                         .stored = store->total,
                                         .recall = recall,
                                         .user = store};
    TRY(ties_new(&options, &bench->ties, NULL));
done:
    return rc;
}

static int bench_close(struct bench *bench, int rc)
{
    struct fs_stat stat;
    ties_free(bench->ties);
    engine_free(bench->engine);
    assert_int_equal(fs_stat(bench->folder, &stat, NULL), TG_OK);
    assert_false(stat.exists);
    return rc;
}

/* Rows of these lines are held, by the hashes `first`, `first + 1`, ... */
static int hold(struct bench *bench, const char *lines, int first, struct tg_error *err)
{
    struct text_page memory;
    struct page page;
    struct tie tie;
    int rc = TG_OK;
    page_from_lines(&memory, lines, &page);
    for (size_t i = 0; i < page.row_count && rc == TG_OK; i++) {
        assert_true(tie_of_text(hash_text_of(first + (int)i), &tie));
        rc = ties_hold(bench->ties, &page, i, &tie, 1, err);
    }
    text_page_release(&memory, &page);
    return rc;
}

static int come(struct bench *bench, struct buf *out)
{
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    do {
        page_release(&page);
        TRY(ties_next(bench->ties, &page, NULL));
        put_page(out, &page);
    } while (page.kind != PAGE_END);
done:
    page_release(&page);
    return rc;
}

static int add(struct bench *bench, int first, int end)
{
    int rc = TG_OK;
    for (int i = first; i < end && rc == TG_OK; i++) {
        const struct row_hash hash = hash_of(i);
        rc = ties_add(bench->ties, &hash, NULL);
    }
    return rc;
}

/* The stored set gets what is finished: as the ledger, it is emptied where they do not grow. */
static void finish(struct bench *bench, struct store *store)
{
    if (!ties_grow(bench->ties))
        store->count = 0;
    assert_int_equal(ties_finish(bench->ties, keep, store, &store->total, NULL), TG_OK);
}

/* Rows 0 to 20 at a value, of which some come several times. */
static struct store twenty(void **state)
{
    struct store store = {.count = 0};
    struct bench bench;
    struct boundary boundary = {.anew = false};
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    for (int i = 0; i < 5; i++) {
        const struct row_hash hash = hash_of(i);
        assert_int_equal(boundary_add(&boundary, &hash, NULL), TG_OK);
    }
    assert_false(ties_gather(bench.ties));
    assert_int_equal(ties_pour(bench.ties, &boundary, NULL), TG_OK);
    assert_int_equal(boundary_count(&boundary), 0);
    assert_true(ties_gather(bench.ties));
    assert_int_equal(add(&bench, 3, 20), TG_OK);
    assert_int_equal(add(&bench, 10, 12), TG_OK);
    finish(&bench, &store);
    boundary_release(&boundary);
    bench_close(&bench, TG_OK);
    return store;
}

static void each_once(void **state)
{
    struct store store = twenty(state);
    assert_int_equal(store.count, 20);
    assert_int_equal(store.total.count, 20);
    assert_false(store.total.is_mixed);
    for (size_t i = 1; i < store.count; i++)
        assert_true(
            memcmp(store.bytes + TIE_BYTES * (i - 1), store.bytes + TIE_BYTES * i, TIE_BYTES) < 0);
}

static void known_rows_do_not_come(void **state)
{
    struct store store = twenty(state);
    struct bench bench;
    struct buf out = BUF_INIT;
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_true(ties_are_stored(bench.ties));
    assert_int_equal(store.reads, 0);
    assert_int_equal(hold(&bench, "{\"id\":30}\n{\"id\":31}\n", 30, NULL), TG_OK);
    assert_int_equal(hold(&bench, "{\"id\":18}\n{\"id\":19}\n{\"id\":20}\n", 18, NULL), TG_OK);
    assert_int_equal(hold(&bench, "{\"id\":30}\n", 30, NULL), TG_OK);
    assert_int_equal(store.reads, 1);
    assert_int_equal(come(&bench, &out), TG_OK); /* twice in one run is twice, as in dlt */
    assert_string_equal(buf_string(&out), "{\"id\":30} {\"id\":31} {\"id\":20} {\"id\":30} ");
    buf_release(&out);
    bench_close(&bench, TG_OK);
}

static void sets_grow(void **state)
{
    struct store store = twenty(state);
    struct boundary none = {.anew = false};
    for (int run = 0; run < 3; run++) {
        struct bench bench;
        const struct ties_total before = store.total;
        assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
        assert_int_equal(ties_pour(bench.ties, &none, NULL), TG_OK);
        assert_int_equal(add(&bench, 10, 21 + run), TG_OK);
        assert_true(ties_grow(bench.ties));
        finish(&bench, &store);
        assert_int_equal(store.count, 21 + run);
        assert_int_equal(store.total.count, 21 + run);
        assert_true(store.total.low != before.low || store.total.high != before.high);
        bench_close(&bench, TG_OK);
    }
    assert_int_equal(store.reads, 3);
    boundary_release(&none);
}

/* What grew step by step is the same set as what came at once. */
static void order_does_not_matter(void **state)
{
    struct store steps = twenty(state), once = {.count = 0};
    struct boundary none = {.anew = false};
    struct bench bench;
    for (int run = 0; run < 2; run++) {
        assert_int_equal(bench_open(&bench, *state, run ? &once : &steps), TG_OK);
        assert_int_equal(ties_pour(bench.ties, &none, NULL), TG_OK);
        assert_int_equal(add(&bench, run ? 0 : 20, 40), TG_OK);
        finish(&bench, run ? &once : &steps);
        bench_close(&bench, TG_OK);
    }
    assert_memory_equal(&steps.total, &once.total, sizeof(once.total));
    boundary_release(&none);
}

/* The value moves on: rows at the old one are still recognised, but not kept. */
static void another_value(void **state)
{
    struct store store = twenty(state);
    struct boundary none = {.anew = false};
    struct bench bench;
    struct buf out = BUF_INIT;
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_int_equal(ties_pour(bench.ties, &none, NULL), TG_OK);
    assert_int_equal(hold(&bench, "{\"id\":18}\n{\"id\":20}\n", 19, NULL), TG_OK);
    assert_int_equal(add(&bench, 20, 22), TG_OK);
    assert_int_equal(ties_restart(bench.ties, NULL), TG_OK);
    assert_false(ties_gather(bench.ties) || ties_grow(bench.ties));
    assert_int_equal(ties_pour(bench.ties, &none, NULL), TG_OK);
    assert_int_equal(add(&bench, 50, 55), TG_OK);
    assert_int_equal(come(&bench, &out), TG_OK);
    assert_string_equal(buf_string(&out), "{\"id\":20} ");
    finish(&bench, &store);
    assert_int_equal(store.count, 5);
    assert_int_equal(store.total.count, 5);
    buf_release(&out);
    bench_close(&bench, TG_OK);
}

/* A hash that is missing, or another one, would load rows again. */
static void a_set_with_a_hole(void **state)
{
    struct store store = twenty(state);
    struct bench bench;
    struct tg_error err = {0};
    store.count--;
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_int_equal(hold(&bench, "{\"id\":1}\n", 1, &err), TG_DESTINATION);
    assert_non_null(strstr(err.what, "has 19 hashes"));
    bench_close(&bench, TG_OK);
    store.bytes[TIE_BYTES * store.count++] ^= 1;
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_int_equal(hold(&bench, "{\"id\":1}\n", 1, &err), TG_DESTINATION);
    bench_close(&bench, TG_OK);
}

/* A set that dlt has left in its newer form, and of which not all rows have come since. */
static void mixed_forms(void **state)
{
    static const char *const stored[] = {"aaaaaaaaaaaa", "no hash of a row"};
    struct store store = {.count = 0};
    struct boundary boundary = {.anew = false};
    struct bench bench;
    struct buf out = BUF_INIT;
    struct text_page memory;
    struct page page;
    struct tie forms[2];
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_int_equal(boundary_restore(&boundary, stored, 2, NULL), TG_OK);
    assert_int_equal(ties_pour(bench.ties, &boundary, NULL), TG_OK);
    assert_int_equal(add(&bench, 0, 5), TG_OK);
    finish(&bench, &store);
    assert_int_equal(store.count, 6);
    assert_true(store.total.is_mixed);
    bench_close(&bench, TG_OK);
    assert_int_equal(bench_open(&bench, *state, &store), TG_OK);
    assert_true(ties_are_mixed(bench.ties));
    page_from_lines(&memory, "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n", &page);
    for (size_t i = 0; i < 3; i++) {
        assert_true(tie_of_text(hash_text_of(i == 2 ? 2 : 90 + (int)i), &forms[0]));
        assert_true(tie_of_text(i == 1 ? "aaaaaaaaaaaa" : "bbbbbbbbbbbb", &forms[1]));
        assert_int_equal(ties_hold(bench.ties, &page, i, forms, 2, NULL), TG_OK);
    }
    text_page_release(&memory, &page);
    assert_int_equal(come(&bench, &out), TG_OK);
    assert_string_equal(buf_string(&out), "{\"id\":1} ");
    buf_release(&out);
    boundary_release(&boundary);
    bench_close(&bench, TG_OK);
}

static void hashes_as_bytes(void **state)
{
    struct tie a, b;
    unsigned char bytes[TIE_BYTES];
    (void)state;
    assert_true(tie_of_text("AAECAwQFBgcICQoLDA0O", &a)); /* bytes 0 to 14 */
    tie_put(&a, bytes);
    for (unsigned char i = 0; i < 15; i++)
        assert_int_equal(bytes[i], i);
    assert_int_equal(bytes[15], 15);
    assert_true(tie_of_text("AAECAwQFBgcI", &b)); /* the first nine alone are another hash */
    assert_true(a.low == b.low && a.high != b.high);
    assert_false(tie_of_text("", &a));
    assert_false(tie_of_text("AAEC*wQFBgcI", &a));
    assert_false(tie_of_text("AAECAwQFBgcICQoLDA0OA", &a));
}

/* ---- with a cursor ---- */

/* Lines through a cursor at `start`, as a run; what comes, and then what was held. */
static const char *run_of(void **state, struct store *store, struct cursor_options *options,
                          const char *lines)
{
    static char text[2048], last[64];
    struct bench bench;
    struct page page = {.kind = PAGE_END};
    struct buf out = BUF_INIT;
    assert_int_equal(setenv("TG_FORCE", "ties", 1), 0);
    assert_int_equal(bench_open(&bench, *state, store), TG_OK);
    options->path = "ts";
    options->ties = bench.ties;
    struct cursor *cursor = cursor_of(options);
    buf_text(&out, kept_of(cursor, lines));
    while (cursor_holds(cursor)) {
        page_release(&page);
        assert_int_equal(cursor_next_held(cursor, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        put_page(&out, &page);
    }
    if (ties_gather(bench.ties) && cursor_moved(cursor))
        finish(&bench, store);
    else if (cursor_moved(cursor))
        store->total.count = store->count = 0;
    buf_printf(&out, "| %s, %llu known, %zu here, %llu tied", last_of(cursor),
               (unsigned long long)cursor_counts(cursor)->known,
               strlen(hashes_of(cursor)) / HASH_ROW_TEXT, (unsigned long long)store->total.count);
    snprintf(last, sizeof(last), "%s", last_of(cursor));
    options->stored_last_json = last;
    snprintf(text, sizeof(text), "%s", buf_string(&out));
    buf_release(&out);
    cursor_free(cursor);
    bench_close(&bench, TG_OK);
    assert_int_equal(unsetenv("TG_FORCE"), 0);
    return text;
}

#define ROW(id, ts) "{\"id\":" #id ",\"ts\":" #ts "}"

static void runs_of_a_cursor(void **state)
{
    struct store store = {.count = 0};
    struct cursor_options options = {.hash = CURSOR_HASH_ROW};
    assert_string_equal(
        run_of(state, &store, &options,
               ROW(1, 3) "\n" ROW(2, 7) "\n" ROW(3, 7) "\n" ROW(4, 7) "\n" ROW(5, 7) "\n"),
        ROW(1, 3) " " ROW(2, 7) " " ROW(3, 7) " " ROW(4, 7) " " ROW(5, 7) " | 7, 0 known, 0 here, "
                                                                          "4 tied");
    assert_string_equal(run_of(state, &store, &options, ROW(2, 7) "\n" ROW(1, 3) "\n"),
                        "| 7, 1 known, 0 here, 4 tied");
    assert_string_equal(run_of(state, &store, &options, ROW(6, 7) "\n" ROW(2, 7) "\n"),
                        ROW(6, 7) " | 7, 1 known, 0 here, 5 tied");
    assert_string_equal(
        run_of(state, &store, &options, ROW(6, 7) "\n" ROW(8, 9) "\n" ROW(7, 7) "\n"),
        ROW(8, 9) " " ROW(7, 7) " | 9, 1 known, 1 here, 0 tied");
}

static void by_key_and_downwards(void **state)
{
    static const char *const key[] = {"id", "b"};
    struct store store = {.count = 0};
    struct cursor_options options = {
        .hash = CURSOR_HASH_KEY, .key = key, .key_count = 2, .last_value = TG_MIN};
    assert_string_equal(run_of(state, &store, &options,
                               "{\"id\":1,\"b\":1,\"ts\":7}\n{\"id\":1,\"b\":2,\"ts\":7}\n"
                               "{\"id\":2,\"b\":1,\"ts\":7}\n{\"id\":2,\"b\":2,\"ts\":7}\n"
                               "{\"id\":9,\"b\":9,\"ts\":8}\n") +
                            strlen("{\"b\":1,\"id\":1,\"ts\":7} ") * 5,
                        "| 7, 0 known, 0 here, 4 tied");
    assert_string_equal(run_of(state, &store, &options,
                               "{\"id\":1,\"b\":2,\"ts\":7,\"x\":1}\n{\"id\":3,\"b\":2,\"ts\":7}\n"
                               "{\"id\":1,\"b\":2,\"ts\":8}\n"),
                        "{\"b\":2,\"id\":3,\"ts\":7} | 7, 1 known, 0 here, 5 tied");
}

static const char *torture_folder;
static struct store *torture_store;
static struct text_page torture_memory;
static struct page torture_page;

static int whole_run(void)
{
    struct bench bench;
    struct boundary boundary = {.anew = false};
    struct store out = {.count = 0};
    struct buf text = BUF_INIT;
    const struct row_hash hash = hash_of(3);
    struct tie forms[2];
    int rc = TG_OK;
    assert_true(tie_of_text(hash_text_of(90), &forms[0]) &&
                tie_of_text(hash_text_of(1), &forms[1]));
    TRY(bench_open(&bench, torture_folder, torture_store));
    TRY(boundary_add(&boundary, &hash, NULL));
    TRY(ties_pour(bench.ties, &boundary, NULL));
    TRY(ties_restart(bench.ties, NULL));
    TRY(add(&bench, 70, 72));
    TRY(ties_hold(bench.ties, &torture_page, 0, forms, 2, NULL));
    TRY(ties_hold(bench.ties, &torture_page, 1, forms, 1, NULL));
    TRY(come(&bench, &text));
    TRY(buf_check(&text, NULL));
    TRY(ties_finish(bench.ties, keep, &out, &out.total, NULL));
done:
    buf_release(&text);
    boundary_release(&boundary);
    return bench_close(&bench, rc);
}

static void out_of_memory(void **state)
{
    struct store store = twenty(state);
    torture_folder = *state;
    torture_store = &store;
    page_from_lines(&torture_memory, "{\"id\":1}\n{\"id\":2}\n", &torture_page);
    torture(whole_run);
    text_page_release(&torture_memory, &torture_page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_once, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(known_rows_do_not_come, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(sets_grow, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(order_does_not_matter, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(another_value, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_set_with_a_hole, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(mixed_forms, folder_setup, folder_teardown),
        cmocka_unit_test(hashes_as_bytes),
        cmocka_unit_test_setup_teardown(runs_of_a_cursor, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(by_key_and_downwards, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(out_of_memory, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
