/*
 * What all who parse YAML by libfyaml need: errors that are collected, and printed by nobody.
 */
#ifndef TIDEGATE_BASE_YAML_H
#define TIDEGATE_BASE_YAML_H

#include <libfyaml.h>

static inline void yaml_ignore_output(struct fy_diag *diag, void *user, const char *text,
                                      size_t len)
{
    (void)diag, (void)user, (void)text, (void)len;
}

/* For fy_parse_cfg.diag; destroyed by its user. NULL: no memory. */
static inline struct fy_diag *yaml_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = yaml_ignore_output;
    cfg.level = FYET_ERROR;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

#endif
