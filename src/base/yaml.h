/*
 * What all who read YAML by libfyaml need: errors that are collected and printed by nobody, and the
 * text of a scalar.
 */
#ifndef TIDEGATE_BASE_YAML_H
#define TIDEGATE_BASE_YAML_H

#include <libfyaml.h>

#include "base/buf.h"

/* For fy_parse_cfg.diag; destroyed by its user. NULL: no memory. */
struct fy_diag *yaml_diag(void);

/* The first byte that is no UTF-8 text, or a NUL, and its place from 1: libfyaml takes either as
 * the end of the text. NULL: there is none. */
const char *yaml_bad_byte(const char *text, size_t len, int *line, int *column);

/* Appends the text of a scalar; `whole` is what the parser was given. */
void yaml_text(struct fy_node *node, const char *whole, struct buf *out);

/* The tag of a scalar, NULL: it has none; *is_text: it is !!str. */
const char *yaml_tag(struct fy_node *node, size_t *len, bool *is_text);

#endif
