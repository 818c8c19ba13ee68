/*
 * Versions of other programs as numbers that compare.
 */
#ifndef TIDEGATE_BASE_VERSION_H
#define TIDEGATE_BASE_VERSION_H

/* 2.0.1 is 20001. */
#define VERSION_OF(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))

#endif
