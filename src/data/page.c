/*
 * Pages: what a source hands over at a time.
 *
 * Data path: a source fills a struct page (json_page.c, rows.c or an Arrow stream) -> the cursor
 * drops rows from page->rows -> normalize. page_where finds a row's number again for a message, by
 * walking the tape from the first row.
 *
 * Left to others: the cells themselves, which live in the parser or the tg_rows that made them.
 */
#include "data/page.h"

#include "base/memory.h"
#include "data/batch.h"

void page_release(struct page *page)
{
    mem_free(page->rows);
    schema_release(&page->schema);
    array_release(&page->array);
    *page = (struct page){.kind = PAGE_END};
}

int page_where(const struct page *page, const yyjson_val *row, int code, struct tg_error *err)
{
    const yyjson_val *cell = page->first_cell;
    uint64_t index = 0;

    while (cell != row && index + 1 < page->read_count) {
        cell = cell_next(cell);
        index++;
    }
    if (cell == row && page->lines)
        error_where(err, code, "line %llu", (unsigned long long)page->lines[index]);
    else if (cell == row)
        error_where(err, code, "row %llu", (unsigned long long)(page->first_row + index));
    return page->file ? error_where(err, code, "file '%s'", page->file) : err ? err->code : code;
}
