/*
 * Makes the benchmark's input, the same bytes every time: rows of a kind of documents.h.
 *
 *     generate KIND ROWS [FIRST_ID] > FILE       that many rows
 *     generate KIND SIZEMB [FIRST_ID] > FILE     rows of that many megabytes together
 */
#include <stdbool.h>
#include <stdlib.h>

#include "documents.h"

enum { WRITE_BYTES = 1024 * 1024 };

static int usage(void)
{
    fprintf(stderr, "usage: generate KIND ROWS|SIZEMB [FIRST_ID], KIND one of");
    for (size_t i = 0; i < sizeof(document_kinds) / sizeof(document_kinds[0]); i++)
        fprintf(stderr, " %s", document_kinds[i].name);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    static char text[WRITE_BYTES + DOCUMENT_BYTES_MAX];
    struct documents rows = {.text = text, .random = DOCUMENTS_SEED};
    const struct document_kind *kind = argc > 1 ? document_kind_find(argv[1]) : NULL;
    char *unit = "";
    int64_t limit = argc > 2 ? strtoll(argv[2], &unit, 10) : 0;
    int64_t first = argc > 3 ? strtoll(argv[3], NULL, 10) : 1;
    bool by_size = strcmp(unit, "MB") == 0;
    int64_t done = 0;
    if (!kind || limit < 1 || (*unit && !by_size))
        return usage();
    if (by_size)
        limit *= 1000 * 1000;
    if (kind->add == add_click_csv)
        add(&rows, "id,user_id,timestamp,page\n");
    for (int64_t id = first; done < limit; id++) {
        size_t before = rows.len;
        kind->add(&rows, id);
        done += by_size ? (int64_t)(rows.len - before) : 1;
        if (rows.len < WRITE_BYTES && done < limit)
            continue;
        if (fwrite(rows.text, 1, rows.len, stdout) != rows.len)
            return 1;
        rows.len = 0;
    }
    return fflush(stdout) ? 1 : 0;
}
