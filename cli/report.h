/*
 * What a dataset has been through, as a page for a browser.
 */
#ifndef TIDEGATE_CLI_REPORT_H
#define TIDEGATE_CLI_REPORT_H

#include <stdio.h>

#include "tidegate.h"

int write_report(struct tg_pipeline *pipeline, FILE *out, struct tg_error *err);

#endif
