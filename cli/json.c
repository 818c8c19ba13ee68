/*
 * What --json prints of more than one command: fields of an object, warnings, an error with its
 * place in parts.
 *
 *   print_json_failure -> print_json_error -> print_json_place, print_json_warnings
 *
 * Rows are print.c's.
 */
#include <inttypes.h>

#include "cli.h"

void print_json_field(FILE *out, const char *key, const char *text)
{
    print_json_member(out, "", key, text);
    putc(',', out);
}

void print_json_member(FILE *out, const char *before, const char *key, const char *text)
{
    fprintf(out, "%s\"%s\":", before, key);
    if (text)
        print_json_text(text, out);
    else
        fputs("null", out);
}

void print_json_destination(FILE *out, const struct tg_pipeline *pipeline)
{
    print_json_field(out, "environment", tg_pipeline_environment(pipeline));
    print_json_field(out, "destination", tg_pipeline_destination(pipeline));
    print_json_field(out, "dataset", tg_pipeline_dataset(pipeline));
}

void print_json_flag(FILE *out, const char *key, bool flag)
{
    fprintf(out, ",\"%s\":%s", key, flag ? "true" : "false");
}

void print_json_warnings(FILE *out, const struct tg_result *result)
{
    fputs("\"warnings\":[", out);
    for (size_t i = 0; i < tg_result_warning_count(result); i++) {
        fputs(i ? "," : "", out);
        print_json_text(tg_result_warning(result, i), out);
    }
    fprintf(out, "],\"warnings_cut\":%zu", tg_result_warning_cut_count(result));
}

static void print_json_place(FILE *out, const struct tg_error *err)
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
            print_json_field(out, texts[i].key, texts[i].text);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].number)
            fprintf(out, "\"%s\":%" PRIu64 ",", numbers[i].key, numbers[i].number);
}

void print_json_error(FILE *out, const struct tg_error *err, const struct tg_result *result)
{
    fputs("\"error\":{", out);
    print_json_field(out, "code", tg_code_name(err->code));
    print_json_field(out, "where", err->where);
    print_json_field(out, "what", err->what);
    print_json_place(out, err);
    fprintf(out, "\"retryable\":%s},", err->retryable ? "true" : "false");
    print_json_warnings(out, result);
}

void print_json_failure(FILE *out, const struct tg_error *err, const struct tg_result *result)
{
    putc('{', out);
    print_json_error(out, err, result);
    fputs("}\n", out);
}
