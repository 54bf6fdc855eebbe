/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filter.h - what stands behind "where": which rows to show.
 *
 *   expr   = term { ("or" | "||") term }
 *   term   = factor { ("and" | "&&") factor }
 *   factor = "!" factor | "(" expr ")" | property [ op value ]
 *   op     = "=" "!=" "~" "<" ">" "<=" ">=" "in"
 *
 * Values are compared by the property's type: SPIs, counts, ports and times as numbers, addresses
 * by their bytes, yes/no as such, all else as text. "~" matches a regular expression (PCRE)
 * against the text that print shows. A property alone is true when it is set and not "no". A
 * property that is not set equals "" and is neither less nor more than anything.
 */
#ifndef ESPGW_MODEL_FILTER_H
#define ESPGW_MODEL_FILTER_H

#include <stdbool.h>

#include "control/model/schema.h"
#include "control/model/text.h"
#include "control/model/value.h"

#define FILTER_MAX_TEXT	 4096 /* bytes of an expression */
#define FILTER_MAX_NODES 256
#define FILTER_MAX_DEPTH 64 /* of parentheses and "!" */

struct filter;

/**
 * Compile. NULL + why (what is wrong and where, the nearest known name). hint gets advice on a
 * filter that works but hardly does what was meant. Secrets cannot be filtered by: that would tell
 * them bit by bit.
 */
struct filter *filter_new(const struct menu *menu, const char *expr, struct text *why,
			  struct text *hint);
void filter_free(struct filter *f);

/** The first property it looks at that no file says but what runs. NULL: there is none. */
const struct prop *filter_runtime(const struct filter *f);

/** Does a row of the menu pass? */
bool filter_match(struct filter *f, const struct value *values);

#endif
