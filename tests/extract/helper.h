/*
 * For the tests of extract: a folder of its own for each test, files in it, pages of rows from JSON
 * text, and pages as text. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_EXTRACT_HELPER_H
#define TIDEGATE_TESTS_EXTRACT_HELPER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/memory.h"
#include "data/batch.h"
#include "data/page.h"

/* ---- files ---- */

static inline int folder_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/tidegate-extract-XXXXXX", parent ? parent : "/tmp");
    *state = buf_take(&path);
    return *state && mkdtemp(*state) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
    int rc = fs_remove_tree(*state, NULL);
    mem_free(*state);
    return rc;
}

/* The path of `name` in the folder; valid until the next call but three. */
static inline const char *path_in(const char *folder, const char *name)
{
    static char paths[4][1024];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
    return paths[next];
}

static inline void put_bytes(const char *folder, const char *name, const void *bytes, size_t len)
{
    const char *path = path_in(folder, name);
    char *parent = fs_dirname(path);
    FILE *file;
    assert_int_equal(fs_mkdirs(parent, NULL), TG_OK);
    mem_free(parent);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void put_file(const char *folder, const char *name, const char *text)
{
    put_bytes(folder, name, text, strlen(text));
}

/* ---- pages ---- */

/* Memory behind a page of rows. */
struct text_page {
    struct json_page *parser;
    char *text;
};

/* Lines of JSON as a page. */
static inline void page_from_lines(struct text_page *memory, const char *lines, struct page *page)
{
    size_t len = strlen(lines);
    *page = (struct page){.kind = PAGE_END};
    assert_int_equal(json_page_new(&memory->parser, NULL), TG_OK);
    memory->text = mem_calloc(1, len + 8);
    memcpy(memory->text + 1, lines, len);
    assert_int_equal(json_page_lines(memory->parser, memory->text + 1, len, 1, page, NULL), TG_OK);
}

static inline void text_page_release(struct text_page *memory, struct page *page)
{
    page_release(page);
    json_page_free(memory->parser);
    mem_free(memory->text);
}

/* Each row of the page as JSON, a space behind each. */
static inline void put_page(struct buf *out, const struct page *page)
{
    for (size_t i = 0; page->kind == PAGE_ROWS && i < page->row_count; i++) {
        cell_json(out, page->rows[i], CELL_JSON_SORTED);
        buf_char(out, ' ');
    }
    for (int64_t i = 0; page->kind == PAGE_ARROW && i < page->array.length; i++) {
        for (int64_t c = 0; c < page->schema.n_children; c++) {
            buf_printf(out, "%s%s=", c > 0 ? "," : "", page->schema.children[c]->name);
            assert_int_equal(
                value_json(page->schema.children[c], page->array.children[c], i, out, NULL), TG_OK);
        }
        buf_char(out, ' ');
    }
}

#endif
