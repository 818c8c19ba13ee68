/*
 * What is known without a pipeline: texts for people who write specs, the engine; and what becomes
 * of texts that the library has made.
 *
 *   tg_spec_init, tg_spec_look, tg_spec_reference -> spec_start, spec_start_from, spec_reference
 *   (config/reference.c) -> text_out
 *   tg_spec_names -> spec_names (config/config.c) -> text_out
 */
#include "api/text.h"
#include "config/config.h"
#include "duckdb/engine.h"

int text_out(struct buf *text, int rc, char **out, struct tg_error *err)
{
    if (rc == TG_OK)
        rc = buf_check(text, err);
    *out = rc == TG_OK ? mem_strndup(buf_string(text), text->len) : NULL;
    buf_release(text);
    return rc == TG_OK && !*out ? error_nomem(err) : rc;
}

void tg_text_free(char *text)
{
    mem_free(text);
}

int tg_spec_init(const char *source, const char *destination, char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    return text_out(&text, spec_start(source, destination, &text, err), out, err);
}

int tg_spec_look(const char *path, const char *destination, char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    NEEDS(path);
    return text_out(&text, spec_start_from(path, destination, &text, err), out, err);
}

int tg_spec_reference(enum tg_reference form, char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    return text_out(&text, spec_reference(form, &text, err), out, err);
}

int tg_spec_names(const char *spec_path, const char *key, char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(spec_path);
    NEEDS(key);
    return text_out(&text, spec_names(spec_path, key, &text, err), out, err);
}

int tg_engine_find(struct tg_engine *out, struct tg_error *err)
{
    struct context ctx;
    error_clear(err);
    NEEDS(out);
    *out = (struct tg_engine){0};
    context_init(&ctx);
    ctx.engine_path = config_engine_path();
    return engine_find(&ctx, out, NULL, err);
}
