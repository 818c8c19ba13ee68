/* Files against what is known of them: each test loads a folder (makes the entries that a run would
 * leave), changes it, and looks at what is to become of each file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>
#include <sys/time.h>
#include <zlib.h>

#include "extract/files/text.h"
#include "extract/files/known.h"
#include "helper.h"
#include "tests/torture.h"

static struct context ctx;

/* ---- the ledger ---- */

static struct {
    struct bookmark entries[3000];
    size_t count;
    struct arena arena;
    enum on_grown on_grown;
    enum same_content same_content;
    enum file_growth growth;
} ledger;

static int ledger_setup(void **state)
{
    context_init(&ctx);
    memset(&ledger, 0, sizeof(ledger));
    arena_init(&ledger.arena);
    ledger.growth = GROWS_BY_LINES;
    return folder_setup(state);
}

static int ledger_teardown(void **state)
{
    arena_release(&ledger.arena);
    return folder_teardown(state);
}

/* Every file of the folder is loaded, once more or for the first time. */
static void load(const char *folder)
{
    struct listing listing;
    assert_int_equal(listing_make(&ctx, folder, "**", &listing, NULL), TG_OK);
    ledger.count = 0;
    for (size_t i = 0; i < listing.count; i++) {
        const struct listed_file *file = &listing.items[i];
        struct text_walk content;
        char hash[HASH_STREAM_TEXT + 1];
        assert_int_equal(text_open(file, &content, NULL), TG_OK);
        assert_int_equal(text_pass(&content, INT64_MAX, NULL), TG_OK);
        hash_stream_text(content.text, hash);
        ledger.entries[ledger.count++] = (struct bookmark){
            .key = arena_strdup(&ledger.arena, file->name),
            .size = file->size,
            .mtime_us = file->mtime_us,
            .content = arena_strdup(&ledger.arena, hash),
            .head = arena_printf(&ledger.arena, "%016" PRIx64,
                                 hash_stream_head(content.text, HASH_HEAD_BYTES)),
            .content_bytes = hash_stream_bytes(content.text),
            .rows = (int64_t)content.lines,
            .checksum = "",
            .replaces = "",
        };
        text_close(&content);
    }
    listing_release(&listing);
}

static int match(const char *folder, struct listing *listing, struct tg_error *err)
{
    const struct known_rules rules = {.entries = ledger.entries,
                                      .count = ledger.count,
                                      .on_grown = ledger.on_grown,
                                      .same_content = ledger.same_content};
    int rc = TG_OK;
    *listing = (struct listing){0};
    TRY(listing_make(&ctx, folder, "**", listing, err));
    for (size_t i = 0; i < listing->count; i++)
        listing->items[i].growth = ledger.growth;
    TRY(known_match(&ctx, &rules, listing, err));
done:
    return rc;
}

/* "a new, b tail", and behind a slash the name that the text has in the ledger, if another;
 * "lost": its own text is nowhere. */
static const char *fates(const char *folder)
{
    static const char *const words[4][6] = {
        [FILE_WHOLE] = {"new", "rewritten", "grown", "copied", "?", "?"},
        [FILE_TAIL] = {"?", "?", "tail", "?", "?", "?"},
        [FILE_NOTED] = {"?", "?", "?", "skipped", "moved", "touched"},
        [FILE_LEFT] = {"left", "?", "?", "?", "?", "?"},
    };
    static char text[2000];
    struct tg_error err = {0};
    struct listing listing;
    size_t len = 0;
    if (match(folder, &listing, &err) != TG_OK)
        fail_msg("%s", err.what);
    text[0] = '\0';
    for (size_t i = 0; i < listing.count && len < 1900; i++) {
        const struct listed_file *file = &listing.items[i];
        const char *other = file->twin ? file->twin->name : file->entry ? file->entry->key : "";
        bool has_other = *other && strcmp(other, file->name) != 0;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s%s%s%s", i > 0 ? ", " : "",
                                file->name, words[file->fate][file->reason], has_other ? "/" : "",
                                has_other ? other : "", file->lost ? " lost" : "");
    }
    listing_release(&listing);
    return text;
}

static void refused(const char *folder, const char *what)
{
    struct tg_error err = {0};
    struct listing listing;
    assert_int_not_equal(match(folder, &listing, &err), TG_OK);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
    listing_release(&listing);
}

/* ---- files ---- */

static void add(const char *folder, const char *name, const char *text)
{
    FILE *file = fopen(path_in(folder, name), "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void rename_file(const char *folder, const char *from, const char *to)
{
    assert_int_equal(rename(path_in(folder, from), path_in(folder, to)), 0);
}

/* As a member of its own behind what is there. */
static void add_gzip(const char *folder, const char *name, const char *text)
{
    gzFile file = gzopen(path_in(folder, name), "ab");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

static void set_mtime(const char *folder, const char *name, long seconds)
{
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimes(path_in(folder, name), times), 0);
}

/* Longer than what is hashed as the head; `last` is its last line. */
static char *long_text(const char *last)
{
    struct buf text = BUF_INIT;
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, "%09d\n", i);
    buf_text(&text, last);
    return buf_take(&text);
}

/* ---- a file under its own name ---- */

static void test_unchanged(void **state)
{
    put_file(*state, "a", "1\n");
    put_file(*state, "b", "2\n");
    assert_string_equal(fates(*state), "a new, b new");
    load(*state);
    assert_string_equal(fates(*state), "a left, b left");
    set_mtime(*state, "a", 1000); /* backwards */
    assert_string_equal(fates(*state), "a touched, b left");
    put_file(*state, "a", "3\n");
    set_mtime(*state, "a", ledger.entries[0].mtime_us / 1000000);
    ledger.entries[0].mtime_us = ledger.entries[0].mtime_us / 1000000 * 1000000;
    assert_string_equal(fates(*state), "a left, b left"); /* size and time are trusted */
}

/* The head and the tail alone do not tell. */
static void test_a_change_in_the_middle(void **state)
{
    char *text = long_text("");
    put_file(*state, "a", text);
    load(*state);
    text[strlen(text) / 2] = 'x';
    put_file(*state, "a", text);
    set_mtime(*state, "a", 1000);
    assert_string_equal(fates(*state), "a rewritten lost");
    mem_free(text);
}

static void test_grown(void **state)
{
    char *text = long_text("");
    put_file(*state, "long", text);
    put_file(*state, "short", "1\n");
    add_gzip(*state, "zip", "1\n");
    load(*state);
    add(*state, "long", "x\n");
    add(*state, "short", "2\n");
    add_gzip(*state, "zip", "2\n");
    assert_string_equal(fates(*state), "long tail, short tail, zip tail");
    ledger.on_grown = GROWN_ALL;
    assert_string_equal(fates(*state), "long grown, short grown, zip grown");
    ledger.on_grown = GROWN_FAIL;
    refused(*state, "long' has grown");
    ledger.growth = GROWS_NEVER;
    assert_string_equal(fates(*state), "long rewritten, short rewritten, zip rewritten");
    ledger.growth = GROWS_IF_LINES; /* no JSON */
    assert_string_equal(fates(*state), "long rewritten, short rewritten, zip rewritten");
    mem_free(text);
}

static void test_json_lines_in_json(void **state)
{
    put_file(*state, "lines", "{\"a\":1}\n");
    put_file(*state, "list", "[{\"a\":1}]\n");
    load(*state);
    add(*state, "lines", "{\"a\":2}\n");
    add(*state, "list", "[{\"a\":2}]\n");
    ledger.growth = GROWS_IF_LINES;
    assert_string_equal(fates(*state), "lines tail, list rewritten");
}

static void check_half(const char *folder, const char *before, const char *behind, const char *fate)
{
    put_file(folder, "a", before);
    load(folder);
    ledger.entries[0].rows = 1;
    add(folder, "a", behind);
    if (fate)
        assert_string_equal(fates(folder), fate);
    else
        refused(folder, "may have been read half");
}

static void test_last_row(void **state)
{
    check_half(*state, "1,ab", "c\n", NULL);
    check_half(*state, "1,ab", "\n2,b\n", "a tail");
    check_half(*state, "1,ab", "\r\n2,b\r\n", "a tail");
    check_half(*state, "1,ab\r", "2,b\r", "a tail");
    ledger.on_grown = GROWN_ALL;
    check_half(*state, "1,ab", "c\n", "a grown");
}

/* A hash that is worth keeping lies where the tail begins. */
static void test_kept_text(void **state)
{
    struct listing listing;
    char hash[HASH_STREAM_TEXT + 1];
    struct buf text = BUF_INIT;
    for (int i = 0; i < 600000; i++)
        buf_printf(&text, "%09d\n", i);
    put_file(*state, "a", buf_string(&text));
    put_file(*state, "b", "1\n");
    load(*state);
    add(*state, "a", "x\n");
    add(*state, "b", "x\n");
    assert_int_equal(match(*state, &listing, NULL), TG_OK);
    assert_int_equal(listing.items[0].fate, FILE_TAIL);
    assert_int_equal(listing.items[0].lines, 600000);
    assert_non_null(listing.items[0].text);
    hash_stream_text(listing.items[0].text, hash);
    assert_string_equal(hash, ledger.entries[0].content);
    assert_null(listing.items[1].text);
    listing_release(&listing);
    buf_release(&text);
}

static void test_rewritten(void **state)
{
    put_file(*state, "a", "1\n2\n");
    put_file(*state, "b", "1\n");
    load(*state);
    put_file(*state, "a", "1\n");
    assert_string_equal(fates(*state), "a copied/b lost, b left");
    put_file(*state, "a", "3\n");
    assert_string_equal(fates(*state), "a rewritten lost, b left");
    put_file(*state, "a", "");
    assert_string_equal(fates(*state), "a rewritten lost, b left");
}

/* What gave no row cannot be loaded twice; but it may have given rejected ones. */
static void test_without_rows(void **state)
{
    put_file(*state, "a", "");
    put_file(*state, "b", "id,v");
    put_file(*state, "e", "id");
    load(*state);
    assert_string_equal(fates(*state), "a left, b left, e left");
    add(*state, "a", "id,v\n1,a\n");
    add(*state, "b", "\n1,a\n2,b\n");
    add(*state, "e", ",w\n5,z\n");
    put_file(*state, "c", "");
    put_file(*state, "d", "");
    assert_string_equal(fates(*state), "a new, b tail, c new, d new, e new");
}

/* ---- a text under another name ---- */

static void test_moved(void **state)
{
    char *text = long_text("");
    put_file(*state, "a", "1\n");
    put_file(*state, "b", text);
    load(*state);
    put_file(*state, "sub/x", "");
    rename_file(*state, "a", "sub/a");
    assert_int_equal(unlink(path_in(*state, "b")), 0);
    add_gzip(*state, "c", text);
    assert_string_equal(fates(*state), "c moved/b, sub/a moved/a, sub/x new");
    load(*state);
    rename_file(*state, "sub/a", "a");
    assert_string_equal(fates(*state), "a moved/sub/a, c left, sub/x left");
    mem_free(text);
}

/* a.1 -> a.2, a -> a.1, and a new a. */
static void test_rotated(void **state)
{
    put_file(*state, "a", "2\n");
    put_file(*state, "a.1", "1\n");
    load(*state);
    rename_file(*state, "a.1", "a.2");
    rename_file(*state, "a", "a.1");
    add(*state, "a.1", "3\n");
    put_file(*state, "a", "4\n");
    assert_string_equal(fates(*state), "a rewritten, a.1 tail/a, a.2 moved/a.1");
}

static void test_moved_and_grown(void **state)
{
    char *text = long_text("");
    put_file(*state, "long", text);
    put_file(*state, "short", "1\n");
    load(*state);
    rename_file(*state, "long", "x");
    rename_file(*state, "short", "y");
    add(*state, "x", "x\n");
    add(*state, "y", "y\n");
    assert_string_equal(fates(*state), "x tail/long, y tail/short");
    put_file(*state, "long", text); /* its text is explained by its own name */
    assert_string_equal(fates(*state), "long touched, x new, y tail/short");
    mem_free(text);
}

/* ---- copies ---- */

static void test_copies(void **state)
{
    put_file(*state, "a", "1\n");
    load(*state);
    put_file(*state, "b", "1\n");
    put_file(*state, "c", "2\n");
    put_file(*state, "d", "2\n");
    put_file(*state, "e", "22\n");
    add_gzip(*state, "f", "2\n");
    assert_string_equal(fates(*state), "a left, b copied/a, c new, d copied/c, e new, f copied/c");
    ledger.same_content = SAME_SKIP;
    assert_string_equal(fates(*state), "a left, b skipped, c new, d skipped/c, e new, f skipped/c");
}

static void test_long_copies(void **state)
{
    char *text = long_text("x\n");
    char *other = long_text("y\n");
    put_file(*state, "a", text);
    put_file(*state, "b", text);
    put_file(*state, "c", other);
    add_gzip(*state, "d", other);
    assert_string_equal(fates(*state), "a new, b copied/a, c new, d copied/c");
    mem_free(text);
    mem_free(other);
}

/* An entry explains one file; which one is the same at every run. */
static void test_one_moved_one_copied(void **state)
{
    put_file(*state, "a", "1\n");
    put_file(*state, "b", "1\n");
    put_file(*state, "z", "9\n");
    load(*state);
    for (int i = 0; i < 2; i++)
        assert_int_equal(unlink(path_in(*state, i == 0 ? "a" : "b")), 0);
    put_file(*state, "m", "1\n");
    put_file(*state, "n", "1\n");
    put_file(*state, "o", "1\n");
    assert_string_equal(fates(*state), "m moved/a, n moved/b, o copied/a, z left");
}

/* ---- entries of version 0.1 ---- */

static void make_old(size_t i, const char *checksum)
{
    ledger.entries[i].content = ledger.entries[i].head = "";
    ledger.entries[i].content_bytes = ledger.entries[i].rows = 0;
    ledger.entries[i].checksum = checksum;
}

/* Compared by size, time and the checksum of the ends, which is that of 0.1: XXH3-64 of "1\n". */
static void test_old_entries(void **state)
{
    struct listing listing;
    char sum[17];
    snprintf(sum, sizeof(sum), "%016" PRIx64, hash_xx64("1\n", 2));
    put_file(*state, "a", "1\n");
    put_file(*state, "b", "1\n");
    put_file(*state, "c", "1\n");
    put_file(*state, "d", "1\n");
    load(*state);
    const char *content = ledger.entries[0].content;
    for (size_t i = 0; i < 4; i++)
        make_old(i, i == 2 ? "of something else" : sum);
    set_mtime(*state, "b", 1000);
    set_mtime(*state, "c", 1000);
    add(*state, "d", "2\n");
    assert_string_equal(fates(*state), "a touched, b touched, c rewritten, d rewritten");
    assert_int_equal(match(*state, &listing, NULL), TG_OK);
    assert_string_equal(listing.items[0].entry->content, content);
    assert_int_equal(listing.items[0].entry->content_bytes, 2);
    assert_int_equal(listing.items[0].entry->rows, 1);
    listing_release(&listing);
}

static void test_old_ends(void **state)
{
    char *text = long_text("");
    size_t len = strlen(text);
    struct buf ends = BUF_INIT;
    char sum[17];
    buf_append(&ends, text, 65536);
    buf_append(&ends, text + len - 65536, 65536);
    snprintf(sum, sizeof(sum), "%016" PRIx64, hash_xx64(ends.data, ends.len));
    put_file(*state, "a", text);
    load(*state);
    make_old(0, sum);
    set_mtime(*state, "a", 1000);
    assert_string_equal(fates(*state), "a touched");
    text[len - 1] = 'x';
    put_file(*state, "a", text);
    assert_string_equal(fates(*state), "a rewritten");
    buf_release(&ends);
    mem_free(text);
}

/* ---- many, and no memory ---- */

/* 3,000 files are renamed, that begin alike; each finds the one it was. */
static void test_many(void **state)
{
    struct listing listing;
    struct buf text = BUF_INIT;
    char name[32];
    for (int i = 0; i < 500; i++)
        buf_text(&text, "the same line\n");
    for (int i = 0; i < 3000; i++) {
        size_t len = text.len;
        buf_printf(&text, "%d\n", i * 7 % 3000);
        snprintf(name, sizeof(name), "a%04d", i);
        put_file(*state, name, buf_string(&text));
        text.len = len;
    }
    load(*state);
    for (int i = 0; i < 3000; i++) {
        char to[32];
        snprintf(name, sizeof(name), "a%04d", i);
        snprintf(to, sizeof(to), "b%04d", 2999 - i);
        rename_file(*state, name, to);
    }
    assert_int_equal(match(*state, &listing, NULL), TG_OK);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "a%04d", 2999 - i);
        assert_int_equal(listing.items[i].reason, FILE_MOVED);
        assert_string_equal(listing.items[i].entry->key, name);
    }
    listing_release(&listing);
    buf_release(&text);
}

static const char *folder_of_torture;

static int work(void)
{
    struct listing listing;
    int rc = match(folder_of_torture, &listing, NULL);
    listing_release(&listing);
    return rc;
}

static void test_out_of_memory(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        char text[] = "0\n";
        text[0] = (char)('0' + i);
        put_file(*state, names[i], text);
    }
    load(*state);
    make_old(0, "");
    add(*state, "b", "x\n");
    put_file(*state, "c", "x\n");
    rename_file(*state, "d", "f");
    put_file(*state, "g", "x\n");
    add(*state, "e", "x\n");
    rename_file(*state, "e", "h");
    assert_string_equal(fates(*state),
                        "a touched, b tail, c rewritten lost, f moved/d, g copied/c, "
                        "h tail/e");
    ledger.same_content = SAME_SKIP;
    folder_of_torture = *state;
    torture(work);
}

#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(test_unchanged),
        WITH_LEDGER(test_a_change_in_the_middle),
        WITH_LEDGER(test_grown),
        WITH_LEDGER(test_json_lines_in_json),
        WITH_LEDGER(test_last_row),
        WITH_LEDGER(test_kept_text),
        WITH_LEDGER(test_rewritten),
        WITH_LEDGER(test_without_rows),
        WITH_LEDGER(test_moved),
        WITH_LEDGER(test_rotated),
        WITH_LEDGER(test_moved_and_grown),
        WITH_LEDGER(test_copies),
        WITH_LEDGER(test_long_copies),
        WITH_LEDGER(test_one_moved_one_copied),
        WITH_LEDGER(test_old_entries),
        WITH_LEDGER(test_old_ends),
        WITH_LEDGER(test_many),
        WITH_LEDGER(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/known", tests, NULL, NULL);
}
