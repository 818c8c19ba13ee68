/* What is logged of files that were loaded again or left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "extract/files/report.h"

static void take_line(void *user, int level, const char *component, const char *message)
{
    assert_string_equal(component, "files");
    buf_printf(user, "%s%s\n", level == TG_LOG_WARNING ? "! " : "", message);
}

static void check(struct listed_file *files, size_t count, const char *expected)
{
    const struct listing listing = {.items = files, .count = count};
    struct buf lines = BUF_INIT;
    struct context ctx;
    context_init(&ctx);
    ctx.log = take_line;
    ctx.user = &lines;
    report_fates(&ctx, "r", &listing);
    assert_string_equal(buf_string(&lines), expected);
    buf_release(&lines);
}

static void test_nothing(void **state)
{
    static const struct bookmark entry = {.rows = 5};
    struct listed_file files[] = {
        {.name = "new", .rows = 3},
        {.name = "empty", .fate = FILE_WHOLE, .reason = FILE_REWRITTEN},
        {.name = "touched", .fate = FILE_NOTED, .reason = FILE_TOUCHED, .entry = &entry},
        {.name = "left", .fate = FILE_LEFT},
    };
    (void)state;
    check(NULL, 0, "");
    check(files, 4, "");
}

/* A line for each kind: the first file's name, how many more, their rows. */
static void test_lines(void **state)
{
    static const struct bookmark one = {.rows = 1}, five = {.rows = 5};
    struct listed_file files[] = {
        {.name = "a", .fate = FILE_NOTED, .reason = FILE_MOVED, .entry = &five},
        {.name = "b", .fate = FILE_WHOLE, .reason = FILE_REWRITTEN, .rows = 2},
        {.name = "c", .fate = FILE_TAIL, .reason = FILE_GROWN, .rows = 1},
        {.name = "d", .fate = FILE_NOTED, .reason = FILE_MOVED, .entry = &one},
        {.name = "e", .fate = FILE_WHOLE, .reason = FILE_GROWN, .rows = 7},
        {.name = "f", .fate = FILE_WHOLE, .reason = FILE_COPIED, .rows = 8},
        {.name = "g", .fate = FILE_NOTED, .reason = FILE_COPIED, .entry = &one},
    };
    (void)state;
    check(files, sizeof(files) / sizeof(files[0]),
          "! resource 'r': rewritten since it was loaded, and loaded again whole: 'b' (1 file, 2 "
          "rows)\n"
          "! resource 'r': grown since it was loaded, and loaded again whole (on_grown: all): 'e' "
          "(1 file, 7 rows)\n"
          "! resource 'r': loaded although another file has the same text (same_content: skip "
          "leaves it out): 'f' (1 file, 8 rows)\n"
          "resource 'r': grown since it was loaded, and read from there on: 'c' (1 file, 1 row)\n"
          "resource 'r': left out because another file has the same text (same_content: skip): "
          "'g' (1 file, 1 row)\n"
          "resource 'r': renamed since it was loaded, and not read again: 'a' and 1 more (2 files, "
          "6 rows)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests_name("extract/report", tests, NULL, NULL);
}
