/*
 * Facts of two readings, by SQL of the engine over the packages' files.
 *
 * Path: measure -> make_tables (deepest first: each nested table becomes a digest per parent row,
 * the root one row each, with the digest of all that is in it) -> count_rows -> measure_fields ->
 * choose_key, else choose_pair -> compare_by_key, or compare_by_content -> measure_moves: where the
 * rows that are new or changed stand on each field.
 *
 * What follows from the facts is judge.c's; the tables are temporary ones of a session.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "advice/advice.h"

#define SEPARATOR "\u25b6" /* of names as the source has them */
#define ORDER     "_tidegate_order"
#define READING   "_tidegate_reading"
#define DIGEST    "_tidegate_digest"
#define ROWS      "_tidegate_advice_0"
#define MOVED     "_tidegate_advice_moved"
#define FIRST     " WHERE " READING " = 1"

enum { PAIR_FIELDS_MAX = 10, UNNAMED_ROWS_MIN = 1000 };

struct measuring {
    struct engine_session session;
    const struct reading_tables *tables;
    struct facts *facts;
    struct buf sql; /* of the next question */
};

/* Rows of texts. */
struct answer {
    const char **cells;
    size_t row_count, column_count;
};

static uint64_t number(const struct answer *answer, size_t row, size_t column)
{
    const char *cell =
        row < answer->row_count ? answer->cells[row * answer->column_count + column] : NULL;
    return cell ? strtoull(cell, NULL, 10) : 0;
}

/* ---- asking ---- */

static int keep_rows(struct measuring *m, const struct ArrowSchema *schema,
                     const struct ArrowArray *batch, struct answer *out, size_t *cap,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    size_t columns = out->column_count = (size_t)schema->n_children;
    for (int64_t row = 0; row < batch->length; row++) {
        TRY(mem_grow(&out->cells, cap, (out->row_count + 1) * columns, sizeof(*out->cells), err));
        for (size_t c = 0; c < columns; c++) {
            const char **cell = &out->cells[out->row_count * columns + c];
            *cell = NULL;
            buf_clear(&text);
            TRY(value_text(schema->children[c], batch->children[c], row, &text, err));
            TRY(buf_check(&text, err));
            if (!value_is_null(schema->children[c], batch->children[c], row))
                TRY(arena_keep(&m->facts->arena, buf_string(&text), cell, err));
        }
        out->row_count++;
    }
done:
    buf_release(&text);
    return rc;
}

/* What is in m->sql, which is empty then. The cells are to be freed. */
static int ask(struct measuring *m, struct answer *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t cap = 0;
    bool end = false;
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batch = {.release = NULL};
    *out = (struct answer){0};
    TRY(buf_check(&m->sql, err));
    TRY(engine_session_query(&m->session, buf_string(&m->sql), &stream, err));
    TRY(stream_schema(&stream, TG_DATA, &schema, err));
    for (;;) {
        TRY(stream_next(&stream, TG_DATA, &batch, &end, err));
        if (end)
            break;
        TRY(keep_rows(m, &schema, &batch, out, &cap, err));
        array_release(&batch);
    }
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    buf_clear(&m->sql);
    return rc;
}

static int run(struct measuring *m, struct tg_error *err)
{
    struct answer none;
    int rc = ask(m, &none, err);
    mem_free(none.cells);
    return rc;
}

/* A pattern in which @ stands for the quoted name. */
static void put(struct measuring *m, const char *pattern, const char *name)
{
    for (; *pattern; pattern++)
        if (*pattern == '@')
            engine_ident(&m->sql, name);
        else
            buf_char(&m->sql, *pattern);
}

/* ---- tables ---- */

static bool is_ours(const char *column)
{
    return strncmp(column, "_dlt_", 5) == 0 || strncmp(column, "_tidegate_", 10) == 0;
}

/* The engine takes names that differ in case alone for one. */
static bool is_content(const struct reading_table *table, size_t column)
{
    for (size_t i = 0; i < column; i++)
        if (strcasecmp(table->columns[i], table->columns[column]) == 0)
            return false;
    return !is_ours(table->columns[column]);
}

static void put_files(struct measuring *m, const struct reading_table *table, size_t reading)
{
    buf_printf(&m->sql, "SELECT %zu AS " READING ", * FROM read_parquet([", reading + 1);
    for (size_t i = 0; i < table->file_count[reading]; i++) {
        buf_text(&m->sql, i > 0 ? ", " : "");
        engine_text(&m->sql, table->files[reading][i]);
    }
    buf_text(&m->sql, "], union_by_name = true)");
}

static void put_relation(struct measuring *m, const struct reading_table *table)
{
    bool is_first = true;
    buf_char(&m->sql, '(');
    for (size_t r = 0; r < READINGS; r++) {
        if (table->file_count[r] == 0)
            continue;
        buf_text(&m->sql, is_first ? "" : " UNION ALL BY NAME ");
        put_files(m, table, r);
        is_first = false;
    }
    buf_text(&m->sql, ") AS t");
}

static size_t depth_of(const struct reading_tables *tables, size_t index)
{
    size_t depth = 0;
    for (const char *parent; (parent = tables->items[index].parent) && depth <= tables->count;
         depth++)
        for (size_t i = 0; i < tables->count; i++)
            if (strcmp(tables->items[i].name, parent) == 0)
                index = i;
    return depth;
}

static bool has_files(const struct reading_table *table)
{
    return table->file_count[0] + table->file_count[1] > 0;
}

static bool is_child(const struct measuring *m, size_t child, size_t index)
{
    const struct reading_table *one = &m->tables->items[child];
    return one->parent && has_files(one) && strcmp(one->parent, m->tables->items[index].name) == 0;
}

/* A hash of all that a row has, with what is nested in it. */
static void put_digest(struct measuring *m, size_t index)
{
    const struct reading_table *table = &m->tables->items[index];
    buf_text(&m->sql, "hash(0");
    for (size_t c = 0; c < table->column_count; c++)
        if (is_content(table, c))
            put(m, ", t.@", table->columns[c]);
    for (size_t i = 0; i < m->tables->count; i++)
        if (is_child(m, i, index))
            buf_printf(&m->sql, ", n%zu.digest", i);
    buf_char(&m->sql, ')');
}

static void put_from(struct measuring *m, size_t index)
{
    buf_text(&m->sql, " FROM ");
    put_relation(m, &m->tables->items[index]);
    for (size_t i = 0; i < m->tables->count; i++)
        if (is_child(m, i, index))
            buf_printf(&m->sql,
                       " LEFT JOIN _tidegate_advice_%zu AS n%zu ON n%zu.parent = t._dlt_id "
                       "AND n%zu." READING " = t." READING,
                       i, i, i, i);
}

/* A row for each row that it is nested in, and the order in the list counts. A source may have ids
 * of its own, which are the same in both readings. */
static int make_nested(struct measuring *m, size_t index, struct tg_error *err)
{
    buf_printf(&m->sql,
               "CREATE OR REPLACE TEMP TABLE _tidegate_advice_%zu AS "
               "SELECT " READING ", parent, hash(list(digest ORDER BY place)) AS digest "
               "FROM (SELECT t." READING ", t._dlt_parent_id AS parent, t._dlt_list_idx AS place, ",
               index);
    put_digest(m, index);
    buf_text(&m->sql, " AS digest");
    put_from(m, index);
    buf_text(&m->sql, ") AS items GROUP BY " READING ", parent");
    return run(m, err);
}

static int make_rows(struct measuring *m, struct tg_error *err)
{
    buf_text(&m->sql, "CREATE OR REPLACE TEMP TABLE " ROWS " AS SELECT t.*, ");
    put_digest(m, 0);
    buf_text(&m->sql, " AS " DIGEST);
    put_from(m, 0);
    return run(m, err);
}

static int make_tables(struct measuring *m, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t depth = m->tables->count; depth > 0; depth--)
        for (size_t i = 1; i < m->tables->count; i++)
            if (depth_of(m->tables, i) == depth && has_files(&m->tables->items[i]))
                TRY(make_nested(m, i, err));
    TRY(make_rows(m, err));
done:
    return rc;
}

/* They would stay in a connection that the program has given. */
static void drop_tables(struct measuring *m)
{
    buf_clear(&m->sql);
    buf_text(&m->sql, "DROP TABLE IF EXISTS " MOVED);
    (void)!run(m, NULL);
    for (size_t i = 0; i < m->tables->count; i++) {
        buf_printf(&m->sql, "DROP TABLE IF EXISTS _tidegate_advice_%zu", i);
        (void)!run(m, NULL);
    }
}

static int count_rows(struct measuring *m, struct tg_error *err)
{
    struct answer answer;
    buf_text(&m->sql, "SELECT count(*) FILTER (WHERE " READING " = 1), "
                      "count(*) FILTER (WHERE " READING " = 2), "
                      "count(DISTINCT CASE WHEN " READING " = 1 THEN " DIGEST " END) FROM " ROWS);
    int rc = ask(m, &answer, err);
    m->facts->rows[0] = number(&answer, 0, 0);
    m->facts->rows[1] = number(&answer, 0, 1);
    m->facts->contents = number(&answer, 0, 2);
    mem_free(answer.cells);
    return rc;
}

/* ---- fields ---- */

static bool has_order(enum type type)
{
    return type == TYPE_BIGINT || type == TYPE_TIMESTAMP || type == TYPE_DATE ||
           type == TYPE_DECIMAL || type == TYPE_WEI;
}

bool field_orders(const struct fact_field *field, uint64_t rows)
{
    return field->path && !field->has_signs && has_order(field->spec.type) && field->nulls == 0 &&
           rows > 1 && field->distinct > 1 && !field->ahead;
}

/* "a▶b" is what a cursor calls "a.b"; one that has a sign of paths in its name it cannot follow,
 * and below an object nobody can say it. A spec has names of one line. */
static int make_path(struct measuring *m, const char *column, struct fact_field *field,
                     struct tg_error *err)
{
    struct buf path = BUF_INIT;
    field->is_nested = strstr(column, SEPARATOR) != NULL;
    field->has_signs = strpbrk(column, ".[]*$") != NULL;
    if (strpbrk(column, "\n\r") || (field->is_nested && field->has_signs))
        return TG_OK;
    for (const char *at = column; *at;) {
        bool nested = strncmp(at, SEPARATOR, strlen(SEPARATOR)) == 0;
        buf_char(&path, nested ? '.' : *at);
        at += nested ? strlen(SEPARATOR) : 1;
    }
    int rc = buf_check(&path, err);
    if (rc == TG_OK)
        rc = arena_keep(&m->facts->arena, buf_string(&path), &field->path, err);
    buf_release(&path);
    return rc;
}

static int measure_field(struct measuring *m, const char *column, struct fact_field *field,
                         struct tg_error *err)
{
    struct answer answer;
    put(m,
        "SELECT count(*) - count(@), count(DISTINCT @), "
        "(SELECT count(DISTINCT @) = count(*) FROM " ROWS " WHERE " READING
        " = 2)::INTEGER FROM " ROWS FIRST,
        column);
    int rc = ask(m, &answer, err);
    field->nulls = number(&answer, 0, 0);
    field->distinct = number(&answer, 0, 1);
    field->unique_again = !m->facts->twice || number(&answer, 0, 2) == 1;
    mem_free(answer.cells);
    return rc;
}

/* A cursor that has got there finds nothing any more. Clocks differ: a year is no matter. */
static bool is_ahead(const struct fact_field *field)
{
    struct tm now = {0};
    const time_t seconds = time(NULL);
    const bool is_time = field->spec.type == TYPE_TIMESTAMP || field->spec.type == TYPE_DATE;
    return is_time && field->greatest && gmtime_r(&seconds, &now) &&
           strtol(field->greatest, NULL, 10) > now.tm_year + 1900 + 1;
}

/* How its values come, one after the other. */
static int measure_order(struct measuring *m, const char *column, struct fact_field *field,
                         struct tg_error *err)
{
    struct answer answer;
    put(m,
        "SELECT count(*) FILTER (WHERE @ < before), max(@)::VARCHAR, count(*) FILTER (WHERE @ = "
        "most) FROM (SELECT @, max(@) OVER () AS most, max(@) OVER (ORDER BY " ORDER
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM " ROWS FIRST ") AS r",
        column);
    int rc = ask(m, &answer, err);
    field->below = number(&answer, 0, 0);
    field->greatest = answer.row_count > 0 ? answer.cells[1] : NULL;
    field->ties = number(&answer, 0, 2);
    field->ahead = is_ahead(field);
    mem_free(answer.cells);
    return rc;
}

static bool is_measured(enum type type)
{
    return has_order(type) || type == TYPE_TEXT || type == TYPE_DOUBLE || type == TYPE_TIME;
}

static int measure_fields(struct measuring *m, const char **columns, struct tg_error *err)
{
    int rc = TG_OK;
    struct facts *facts = m->facts;
    const struct reading_table *root = &m->tables->items[0];
    for (size_t c = 0; c < root->column_count; c++) {
        struct fact_field *field = &facts->fields[facts->field_count];
        if (!is_content(root, c) || !is_measured(root->specs[c].type))
            continue;
        columns[facts->field_count++] = root->columns[c];
        field->spec = root->specs[c];
        TRY(make_path(m, root->columns[c], field, err));
        TRY(measure_field(m, root->columns[c], field, err));
        if (has_order(field->spec.type))
            TRY(measure_order(m, root->columns[c], field, err));
    }
done:
    return rc;
}

/* ---- the key ---- */

/* The last word of a name, in small letters: of "orderId" and "order_id" it is "id". */
static void last_word(const char *path, char out[32])
{
    size_t len = 0, word = 0;
    for (size_t i = 0; path[i]; i++) {
        bool upper = path[i] >= 'A' && path[i] <= 'Z';
        bool begins = upper && i > 0 && path[i - 1] >= 'a' && path[i - 1] <= 'z';
        if (begins || strchr("_-. ", path[i]))
            word = i + !begins;
    }
    for (; path[word + len] && len < 31; len++) {
        char c = path[word + len];
        out[len] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[len] = '\0';
}

static bool is_word(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

bool name_says_key(const char *path)
{
    static const char *const words[] = {"id",   "key",  "uuid", "guid",   "pk",   "code",
                                        "sku",  "isbn", "ean",  "number", "nr",   "no",
                                        "slug", "ref",  "hash", "email",  "iban", NULL};
    char word[32];
    last_word(path, word);
    return is_word(word, words);
}

/* Where a word begins: of "exchange" that is not "change", of "lastupdated" it is "updated". */
static bool begins_word(const char *path, size_t at)
{
    const bool is_capital =
        at > 0 && isupper((unsigned char)path[at]) && islower((unsigned char)path[at - 1]);
    return at == 0 || !isalpha((unsigned char)path[at - 1]) || is_capital ||
           (at >= 4 && (strncasecmp(path + at - 4, "last", 4) == 0 ||
                        strncasecmp(path + at - 4, "date", 4) == 0 ||
                        strncasecmp(path + at - 4, "time", 4) == 0));
}

static bool has_mark(const char *path)
{
    static const char *const marks[] = {"updat", "modif", "chang", "edited", "touched",
                                        "revis", "mtime", "lastm", "last_m", NULL};
    for (const char *const *mark = marks; *mark; mark++)
        for (size_t i = 0; path[i]; i++)
            if (strncasecmp(path + i, *mark, strlen(*mark)) == 0 && begins_word(path, i))
                return true;
    return false;
}

/* Of a number more: 'updated_by' is who, and 'changed' may be 0 or 1. */
bool says_changed(const struct fact_field *field)
{
    static const char *const words[] = {
        "at",     "on",           "date",        "time",        "ts",      "timestamp",
        "epoch",  "unix",         "ms",          "us",          "ns",      "mtime",
        "seq",    "sequence",     "version",     "revision",    "rev",     "no",
        "nr",     "number",       "modified",    "updated",     "changed", "touched",
        "edited", "lastmodified", "lastupdated", "lastchanged", NULL};
    const enum type type = field->spec.type;
    char word[32];
    if (!field->path || !has_mark(field->path))
        return false;
    last_word(field->path, word);
    return type == TYPE_TIMESTAMP || type == TYPE_DATE ||
           (field->distinct > 2 && is_word(word, words));
}

/* What a key may have a part of: never NULL, of a kind that is equal to itself, and in the row. */
static bool may_be_key(const struct fact_field *field)
{
    return field->path && !field->is_nested && field->nulls == 0 &&
           field->spec.type != TYPE_DOUBLE && field->spec.type != TYPE_TIME && field->distinct > 1;
}

/* How well a unique field names a row; 0: by chance, for all that is known. */
static int key_rank(const struct facts *facts, const struct fact_field *field)
{
    if (!may_be_key(field) || field->distinct != facts->rows[0] || !field->unique_again)
        return 0;
    if (strcasecmp(field->path, "id") == 0)
        return 4;
    if (name_says_key(field->path))
        return field->spec.type == TYPE_BIGINT || field->spec.type == TYPE_TEXT ? 3 : 2;
    return field->spec.type == TYPE_BIGINT && facts->rows[0] >= UNNAMED_ROWS_MIN &&
           !says_changed(field);
}

static void choose_key(struct facts *facts)
{
    int best = 0;
    for (size_t i = 0; i < facts->field_count; i++) {
        int rank = key_rank(facts, &facts->fields[i]);
        if (rank <= best)
            continue;
        best = rank;
        facts->key[0] = &facts->fields[i];
        facts->key_count = 1;
    }
}

/* A field that names something, beside another one or a time: not that of its last change, with
 * which a row that changes would have another key. */
static bool may_pair(const struct facts *facts, const struct fact_field *a,
                     const struct fact_field *b)
{
    enum type type = b->spec.type;
    bool fits = name_says_key(b->path) || type == TYPE_TIMESTAMP || type == TYPE_DATE ||
                (type != TYPE_TEXT && facts->rows[0] >= UNNAMED_ROWS_MIN);
    return a != b && name_says_key(a->path) && fits && !says_changed(b) &&
           a->distinct >= (facts->rows[0] + b->distinct - 1) / b->distinct;
}

static int is_pair_unique(struct measuring *m, const char *a, const char *b, bool *out,
                          struct tg_error *err)
{
    struct answer answer;
    put(m, "SELECT count(DISTINCT (" READING ", @, ", a);
    put(m, "@)) = count(*) FROM " ROWS, b);
    int rc = ask(m, &answer, err);
    *out = answer.row_count > 0 && answer.cells[0] && strcmp(answer.cells[0], "true") == 0;
    mem_free(answer.cells);
    return rc;
}

static int choose_pair(struct measuring *m, const char *const *columns, struct tg_error *err)
{
    int rc = TG_OK;
    bool unique = false;
    const struct fact_field *parts[PAIR_FIELDS_MAX];
    struct facts *facts = m->facts;
    size_t count = 0;
    for (size_t i = 0; i < facts->field_count && count < PAIR_FIELDS_MAX; i++)
        if (may_be_key(&facts->fields[i]))
            parts[count++] = &facts->fields[i];
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++) {
            if (!may_pair(facts, parts[a], parts[b]))
                continue;
            TRY(is_pair_unique(m, columns[parts[a] - facts->fields],
                               columns[parts[b] - facts->fields], &unique, err));
            if (!unique)
                continue;
            facts->key[0] = parts[a];
            facts->key[1] = parts[b];
            facts->key_count = 2;
            goto done;
        }
done:
    return rc;
}

/* ---- one reading and the other ---- */

static void put_join(struct measuring *m, const char *const *columns)
{
    const struct facts *facts = m->facts;
    for (size_t i = 0; i < facts->key_count; i++) {
        const char *column = columns[facts->key[i] - facts->fields];
        put(m, i > 0 ? " AND a.@ = " : " ON a.@ = ", column);
        put(m, "b.@", column);
    }
}

#define READING_AS(number, name) "(SELECT * FROM " ROWS " WHERE " READING " = " number ") AS " name

static int compare_by_key(struct measuring *m, const char *const *columns, struct tg_error *err)
{
    struct answer answer = {0};
    int rc = TG_OK;
    buf_text(&m->sql, "CREATE OR REPLACE TEMP TABLE " MOVED " AS SELECT b.*, a." DIGEST
                      " IS NOT NULL AS _tidegate_was FROM " READING_AS(
                          "2", "b") " LEFT JOIN " READING_AS("1", "a"));
    put_join(m, columns);
    buf_text(&m->sql, " WHERE a." DIGEST " IS DISTINCT FROM b." DIGEST);
    TRY(run(m, err));
    buf_text(&m->sql, "SELECT count(*) FILTER (WHERE _tidegate_was), "
                      "count(*) FILTER (WHERE NOT _tidegate_was) FROM " MOVED);
    TRY(ask(m, &answer, err));
    struct facts *facts = m->facts;
    facts->changed = number(&answer, 0, 0);
    facts->came = number(&answer, 0, 1);
    facts->same = facts->rows[1] - facts->changed - facts->came;
    facts->gone = facts->rows[0] - facts->same - facts->changed;
done:
    mem_free(answer.cells);
    return rc;
}

static int compare_by_content(struct measuring *m, struct tg_error *err)
{
    struct answer answer = {0};
    int rc = TG_OK;
    buf_text(&m->sql, "SELECT sum(least(x, y)), sum(greatest(x - y, 0)), sum(greatest(y - x, 0)) "
                      "FROM (SELECT count(*) FILTER (WHERE " READING " = 1) AS x, "
                      "count(*) FILTER (WHERE " READING " = 2) AS y FROM " ROWS " GROUP BY " DIGEST
                      ") AS contents");
    TRY(ask(m, &answer, err));
    m->facts->same = number(&answer, 0, 0);
    m->facts->gone = number(&answer, 0, 1);
    m->facts->came = number(&answer, 0, 2);
    buf_text(&m->sql, "CREATE OR REPLACE TEMP TABLE " MOVED " AS SELECT *, false AS _tidegate_was "
                      "FROM " ROWS " WHERE " READING " = 2 AND " DIGEST " NOT IN (SELECT " DIGEST
                      " FROM " ROWS FIRST ")");
    TRY(run(m, err));
done:
    mem_free(answer.cells);
    return rc;
}

static int measure_move(struct measuring *m, const char *column, struct fact_field *field,
                        struct tg_error *err)
{
    struct answer answer;
    put(m,
        "SELECT count(*) FILTER (WHERE _tidegate_was AND @ >= most), "
        "count(*) FILTER (WHERE NOT _tidegate_was AND @ >= most) FROM " MOVED
        ", (SELECT max(@) AS most FROM " ROWS FIRST ") AS r",
        column);
    int rc = ask(m, &answer, err);
    field->changed_beyond = number(&answer, 0, 0);
    field->came_beyond = number(&answer, 0, 1);
    mem_free(answer.cells);
    return rc;
}

static int measure_moves(struct measuring *m, const char *const *columns, struct tg_error *err)
{
    int rc = TG_OK;
    struct facts *facts = m->facts;
    for (size_t i = 0; i < facts->field_count; i++)
        if (facts->changed + facts->came > 0 && has_order(facts->fields[i].spec.type))
            TRY(measure_move(m, columns[i], &facts->fields[i], err));
done:
    return rc;
}

/* ---- all of it ---- */

static int measure_rows(struct measuring *m, const char **columns, struct tg_error *err)
{
    int rc = TG_OK;
    struct facts *facts = m->facts;
    TRY(make_tables(m, err));
    TRY(count_rows(m, err));
    TRY(measure_fields(m, columns, err));
    choose_key(facts);
    if (facts->key_count == 0 && facts->rows[0] > 1)
        TRY(choose_pair(m, columns, err));
    if (!facts->twice)
        goto done;
    TRY(facts->key_count > 0 ? compare_by_key(m, columns, err) : compare_by_content(m, err));
    TRY(measure_moves(m, columns, err));
done:
    return rc;
}

int measure(struct engine *engine, const struct reading_tables *tables, struct facts *out,
            struct tg_error *err)
{
    int rc = TG_OK;
    struct measuring m = {.tables = tables, .facts = out};
    *out = (struct facts){.twice = tables->twice};
    arena_init(&out->arena);
    if (tables->count == 0 || !has_files(&tables->items[0]))
        return TG_OK;
    const size_t count = tables->items[0].column_count + 1;
    const char **columns = arena_alloc(&out->arena, count * sizeof(*columns));
    out->fields = arena_alloc(&out->arena, count * sizeof(*out->fields));
    out->tables = tables->count - 1;
    if (!columns || !out->fields)
        TRY(error_nomem(err));
    TRY(engine_connect(engine, &m.session, err));
    TRY(measure_rows(&m, columns, err));
done:
    if (m.session.engine)
        drop_tables(&m);
    engine_disconnect(&m.session);
    buf_release(&m.sql);
    if (rc != TG_OK)
        facts_release(out);
    return rc;
}

void facts_release(struct facts *facts)
{
    arena_release(&facts->arena);
}
