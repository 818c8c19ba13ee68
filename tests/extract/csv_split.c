/*
 * src/extract/formats/csv_split.c: what rows and fields a text has, by hand, and against a slow
 * splitter that goes byte by byte, for random texts that come in parts of 1 to 64 bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "extract/formats/csv_split.h"
#include "tests/torture.h"

enum { FIELDS = 200 };

static const struct csv_syntax usual = {.delimiter = ",", .quote = '"'};

/* ---- rows in words: "3:[a][b]" is one of line 3; of "3!7" the text's byte 7 is bad ---- */

static void put_row(const struct csv_syntax *syntax, char *text, struct csv_field *fields,
                    const struct csv_row *row, struct buf *out)
{
    buf_printf(out, "%d:", (int)row->line);
    for (size_t i = 0; i < row->count; i++) {
        if (fields[i].escaped)
            csv_unescape(syntax, text, &fields[i]);
        buf_char(out, '[');
        buf_append(out, text + fields[i].start, fields[i].len);
        buf_char(out, ']');
    }
}

/* The line of what is bad is left out. */
static enum csv_found split_next(struct csv_split *split, char *text, struct buf *out)
{
    struct csv_field fields[FIELDS];
    struct csv_row row;
    enum csv_found found = csv_split_row(split, fields, FIELDS, &row);
    if (found == CSV_ROW)
        put_row(&split->syntax, text, fields, &row, out);
    if (found != CSV_OPEN_QUOTE && found != CSV_BEHIND_QUOTE)
        return found;
    found = csv_split_pass(split);
    if (found == CSV_ROW)
        buf_printf(out, "%d!%d", (int)row.line, (int)row.bad);
    return found;
}

/* The text is given in parts of `step` bytes, as a reader has it. */
static void split(const struct csv_syntax *syntax, const char *text, size_t len, size_t step,
                  struct buf *out)
{
    struct csv_split split = {.syntax = *syntax, .line = 1};
    enum csv_found found = CSV_MORE;
    char *own = mem_alloc(len + CSV_ROOM);
    size_t given = 0;
    memset(own, '"', len + CSV_ROOM); /* whatever is behind it */
    while (found != CSV_END) {
        size_t more = len - given < step ? len - given : step;
        memcpy(own + given, text + given, more);
        given += more;
        csv_split_text(&split, own, split.at, given, given == len);
        do
            found = split_next(&split, own, out);
        while (found == CSV_ROW);
        assert_true(found == CSV_END ? given == len : given < len);
    }
    assert_int_equal(split.at, len);
    mem_free(own);
}

static void check_as(const struct csv_syntax *syntax, const char *text, const char *rows)
{
    struct buf out = BUF_INIT;
    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        buf_clear(&out);
        split(syntax, text, strlen(text), step, &out);
        if (strcmp(buf_string(&out), rows) != 0)
            fail_msg("'%s' by %zu is %s, not %s", text, step, buf_string(&out), rows);
    }
    buf_release(&out);
}

static void check(const char *text, const char *rows)
{
    check_as(&usual, text, rows);
}

/* ---- by hand ---- */

static void line_ends(void **state)
{
    (void)state;
    check("", "");
    check("a", "1:[a]");
    check("a,b\n", "1:[a][b]");
    check("a\nb\r\nc\rd", "1:[a]2:[b]3:[c]4:[d]");
    check("a\n\r\n\r\n\rb\n\n", "1:[a]5:[b]");
    check("a\r\r\nb\r", "1:[a]3:[b]");
    check("a,b\rc,d", "1:[a][b]2:[c][d]");
    check(",\n,,", "1:[][]2:[][][]");
    check("\"a\nb\"\nc", "1:[a\nb]3:[c]");
    check("\"a\r\nb\rc\"\r\nd", "1:[a\r\nb\rc]4:[d]");
}

static void quotes(void **state)
{
    (void)state;
    check("\"a,b\",c", "1:[a,b][c]");
    check("\"\"", "1:[]");
    check("\"a\"\"b\"", "1:[a\"b]");
    check("\"\"\"\"", "1:[\"]");
    check("\"\"\"a\"\"\",\"\"\"\"\"\"\n", "1:[\"a\"][\"\"]");
    check("a\"b,\"c\",d\"\n", "1:[a\"b][c][d\"]");
    check(" \"a,b\" ,  \"c\"\n", "1:[a,b][c]");
    check(" a \n", "1:[ a ]");
    check(" \"a\" b,c", "1:[ \"a\" b][c]");
    check("\"c\"d,e\n", "1:[cd][e]");
    check("\"c\" d\"\"\n1\n", "1!32:[1]");
    check("\"a\"b\",c\nd", "1!32:[d]");
}

/* Only the first line of a row whose quotes are wrong is passed over: the rest may be rows. */
static void broken_quotes(void **state)
{
    (void)state;
    check("1,\"a\n2,b\n3,c", "1!22:[2][b]3:[3][c]");
    check("1,\"a\n2,\"b\n3,c\n", "1!82!73:[3][c]");
    check("1,\"a,\"b\n3,c\n", "1:[1][a,b]2:[3][c]");
    check("\"", "1!0");
    check("a,\"b\"\"", "1!2");
}

static void syntaxes(void **state)
{
    const struct csv_syntax none = {.delimiter = ";"};
    const struct csv_syntax backslash = {.delimiter = ",", .quote = '"', .escape = '\\'};
    const struct csv_syntax long_one = {.delimiter = "~|~", .quote = '\''};
    const struct csv_syntax spaces = {.delimiter = " ", .quote = '"'};
    const struct csv_syntax comments = {.delimiter = ",", .quote = '"', .comment = '#'};
    (void)state;
    check_as(&none, "\"a;b\";\"", "1:[\"a][b\"][\"]");
    check_as(&backslash, "\"a\\\"b\",c\\,d,\\N,\"\\\\\"\n\\\n", "1:[a\"b][c,d][\\N][\\]2:[\n]");
    check_as(&backslash, "\"a\"\"\\\nb\"\nc\\", "1:[a\"\nb]3:[c\\]");
    check_as(&backslash, "\"a\\\"", "1!0");
    check_as(&long_one, "a~|~'b~|~'~|~~|c~|\nd", "1:[a][b~|~][~|c~|]2:[d]");
    check_as(&spaces, "a  \"b c\" d\n", "1:[a][][b c][d]");
    check_as(&comments, "#a\n\n b\n#\"\r\n\"#c\"\n#", "3:[ b]5:[#c]");
}

/* ---- against another splitter ---- */

struct slow {
    const struct csv_syntax *syntax;
    const char *text;
    size_t len;
};

static bool ends_line(const struct slow *slow, size_t i)
{
    return i == slow->len || slow->text[i] == '\n' || slow->text[i] == '\r';
}

static bool ends_field(const struct slow *slow, size_t i)
{
    size_t len = strlen(slow->syntax->delimiter);
    return ends_line(slow, i) ||
           (slow->len - i >= len && memcmp(slow->text + i, slow->syntax->delimiter, len) == 0);
}

/* To a line's end, and over it. */
static size_t pass_line(const struct slow *slow, size_t i)
{
    while (!ends_line(slow, i))
        i++;
    if (i + 1 < slow->len && slow->text[i] == '\r' && slow->text[i + 1] == '\n')
        return i + 2;
    return i < slow->len ? i + 1 : i;
}

/* A character that an escape stands before, or one by itself. */
static size_t put_one(const struct slow *slow, size_t i, struct buf *out)
{
    bool escapes =
        slow->syntax->escape && slow->text[i] == slow->syntax->escape && i + 1 < slow->len;
    if (escapes && slow->text[i + 1] == 'N')
        buf_char(out, slow->text[i]);
    i += escapes;
    buf_char(out, slow->text[i]);
    return i + 1;
}

static size_t put_plain(const struct slow *slow, size_t i, struct buf *out)
{
    while (!ends_field(slow, i))
        i = put_one(slow, i, out);
    return i;
}

static size_t skip_blanks(const struct slow *slow, size_t i)
{
    while (slow->syntax->delimiter[0] != ' ' && i < slow->len && slow->text[i] == ' ')
        i++;
    return i;
}

static size_t line_of(const struct slow *slow, size_t place)
{
    size_t line = 1;
    for (size_t i = 0; i < place; i++)
        line += slow->text[i] == '\n' ||
                (slow->text[i] == '\r' && !(i + 1 < slow->len && slow->text[i + 1] == '\n'));
    return line;
}

/* Its end; *bad: where it is wrong. */
static size_t put_field(const struct slow *slow, size_t start, struct buf *out, size_t *bad)
{
    const char quote = slow->syntax->quote;
    size_t open = skip_blanks(slow, start), i = open + 1;
    struct buf inside = BUF_INIT;
    *bad = SIZE_MAX;
    if (!quote || open == slow->len || slow->text[open] != quote)
        return put_plain(slow, start, out);
    while (i < slow->len &&
           (slow->text[i] != quote || (i + 1 < slow->len && slow->text[i + 1] == quote))) {
        i += slow->text[i] == quote;
        if (slow->text[i] == quote) {
            buf_char(&inside, quote);
            i++;
        } else {
            i = put_one(slow, i, &inside);
        }
    }
    if (i >= slow->len)
        *bad = open;
    size_t close = i, behind = *bad == SIZE_MAX ? skip_blanks(slow, close + 1) : slow->len;
    if (*bad == SIZE_MAX && !ends_field(slow, behind) && open > start) {
        buf_clear(&inside);
        behind = put_plain(slow, start, &inside);
    } else if (*bad == SIZE_MAX && !ends_field(slow, behind)) {
        size_t end = put_plain(slow, close + 1, &inside);
        if (memchr(slow->text + close + 1, quote, end - close - 1) ||
            line_of(slow, close) > line_of(slow, open))
            *bad = close + 1;
        behind = end;
    }
    buf_append(out, inside.data, inside.len);
    buf_release(&inside);
    return behind;
}

static size_t put_slow_row(const struct slow *slow, size_t start, struct buf *out)
{
    size_t at = start, bad, len = out->len;
    buf_printf(out, "%d:", (int)line_of(slow, start));
    for (;;) {
        buf_char(out, '[');
        at = put_field(slow, at, out, &bad);
        if (bad != SIZE_MAX) {
            out->len = len;
            buf_printf(out, "%d!%d", (int)line_of(slow, start), (int)bad);
            return pass_line(slow, start);
        }
        buf_char(out, ']');
        if (ends_line(slow, at))
            return pass_line(slow, at);
        at += strlen(slow->syntax->delimiter);
    }
}

static void split_slowly(const struct csv_syntax *syntax, const char *text, size_t len,
                         struct buf *out)
{
    const struct slow slow = {syntax, text, len};
    for (size_t at = 0; at < len;) {
        if (ends_line(&slow, at) || (syntax->comment && text[at] == syntax->comment))
            at = pass_line(&slow, at);
        else
            at = put_slow_row(&slow, at, out);
    }
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Mostly of what means something, so that every meeting of two of them comes about. */
static size_t random_text(uint64_t *random, char *text, size_t max)
{
    static const char bytes[] = "\"\"\",,,\n\n\r\r  \\\\#~|N\xc3\xa4";
    size_t len = (size_t)(next_random(random) % max),
           plain = 1 + (size_t)(next_random(random) % 20);
    for (size_t i = 0; i < len; i++)
        text[i] = next_random(random) % 20 < plain
                      ? (char)('a' + next_random(random) % 4)
                      : bytes[next_random(random) % (sizeof(bytes) - 1)];
    return len;
}

static void random_texts(void **state)
{
    enum { LEN_MAX = 150 };
    const struct csv_syntax syntaxes[] = {
        usual,
        {.delimiter = ",", .quote = '"', .escape = '\\', .comment = '#'},
        {.delimiter = "~|", .quote = '"'},
        {.delimiter = ","},
        {.delimiter = " ", .quote = '"'},
    };
    char text[LEN_MAX];
    uint64_t random = 7;
    struct buf fast = BUF_INIT, slow = BUF_INIT;
    (void)state;
    for (int i = 0; i < trials(40000, 4000000); i++) {
        const struct csv_syntax *syntax = &syntaxes[i % 5];
        size_t len = random_text(&random, text, LEN_MAX), step = 1 + (size_t)i / 5 % 64;
        buf_clear(&fast);
        buf_clear(&slow);
        split(syntax, text, len, step, &fast);
        split_slowly(syntax, text, len, &slow);
        if (fast.len != slow.len || memcmp(buf_string(&fast), buf_string(&slow), fast.len) != 0)
            fail_msg("'%.*s' (%d) by %zu is\n%s, not\n%.*s", (int)len, text, i % 5, step,
                     buf_string(&fast), (int)slow.len, buf_string(&slow));
    }
    buf_release(&fast);
    buf_release(&slow);
}

/* ---- what was passed ---- */

static void tells_ascii(void **state)
{
    char text[4 * CSV_ROOM];
    struct csv_split split = {.syntax = usual, .line = 1, .is_ascii = true};
    struct csv_row row;
    (void)state;
    for (size_t place = 0; place < 3 * CSV_ROOM; place++) {
        memset(text, 'a', sizeof(text));
        text[place] = '\xe4';
        split.is_ascii = true;
        csv_split_text(&split, text, 0, 3 * CSV_ROOM, true);
        assert_int_equal(csv_split_row(&split, NULL, 0, &row), CSV_ROW);
        assert_false(split.is_ascii);
        assert_int_equal(row.count, 1);
    }
    memset(text, 'a', sizeof(text));
    split.is_ascii = true;
    csv_split_text(&split, text, 0, 3 * CSV_ROOM, true);
    assert_int_equal(csv_split_row(&split, NULL, 0, &row), CSV_ROW);
    assert_true(split.is_ascii);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends),     cmocka_unit_test(quotes),
        cmocka_unit_test(broken_quotes), cmocka_unit_test(syntaxes),
        cmocka_unit_test(random_texts),  cmocka_unit_test(tells_ascii),
    };
    return cmocka_run_group_tests_name("extract/csv_split", tests, NULL, NULL);
}
