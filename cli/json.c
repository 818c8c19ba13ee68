/*
 * What --json prints of more than one command: fields of an object, warnings, an error with its
 * place in parts.
 *
 *   print_json_failure -> print_json_place, print_json_warnings
 *
 * Rows are print.c's.
 */
#include <inttypes.h>

#include "cli.h"

void print_json_field(const char *key, const char *text)
{
    print_json_member("", key, text);
    putchar(',');
}

void print_json_member(const char *before, const char *key, const char *text)
{
    printf("%s\"%s\":", before, key);
    if (text)
        print_json_text(text, stdout);
    else
        fputs("null", stdout);
}

void print_json_flag(const char *key, bool flag)
{
    printf(",\"%s\":%s", key, flag ? "true" : "false");
}

void print_json_warnings(const struct tg_result *result)
{
    fputs("\"warnings\":[", stdout);
    for (size_t i = 0; i < tg_result_warning_count(result); i++) {
        fputs(i ? "," : "", stdout);
        print_json_text(tg_result_warning(result, i), stdout);
    }
    printf("],\"warnings_cut\":%zu}\n", tg_result_warning_cut_count(result));
}

static void print_json_place(const struct tg_error *err)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"resource", err->resource},
                 {"table", err->table},
                 {"column", err->column},
                 {"key_path", err->key_path},
                 {"file", err->file},
                 {"sqlstate", err->sqlstate},
                 {"reason", tg_reason_name(err->reason)}};
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {{"line", err->line}, {"position", err->position}, {"row", err->row}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].text[0])
            print_json_field(texts[i].key, texts[i].text);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].number)
            printf("\"%s\":%" PRIu64 ",", numbers[i].key, numbers[i].number);
}

void print_json_failure(const struct tg_error *err, const struct tg_result *result)
{
    fputs("{\"error\":{", stdout);
    print_json_field("code", tg_code_name(err->code));
    print_json_field("where", err->where);
    print_json_field("what", err->what);
    print_json_place(err);
    printf("\"retryable\":%s},", err->retryable ? "true" : "false");
    print_json_warnings(result);
}
