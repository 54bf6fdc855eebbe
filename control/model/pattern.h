/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pattern.h - regular expressions that operators type, at a bounded cost: PCRE2 with limits. The C
 * library's regcomp() and regexec() have none and can be made to take minutes and gigabytes by a
 * line of text.
 */
#ifndef ESPGW_MODEL_PATTERN_H
#define ESPGW_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_MAX_LEN 256u /* bytes of an expression */

struct pattern;

/** Compile. NULL with the reason in why. The caller frees it. */
struct pattern *pattern_new(const char *text, char *why, size_t why_len);
void pattern_free(struct pattern *p);

/** Does it occur in subject? A match that costs too much is none. */
bool pattern_match(const struct pattern *p, const char *subject);

#endif
