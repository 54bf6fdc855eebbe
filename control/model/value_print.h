/* SPDX-License-Identifier: BSD-3-Clause */
/* value_print.h - from a value to text, by the property's type. */
#ifndef ESPGW_MODEL_VALUE_PRINT_H
#define ESPGW_MODEL_VALUE_PRINT_H

#include <stdbool.h>

#include "control/model/schema.h"
#include "control/model/text.h"
#include "control/model/value.h"

enum value_style {
	VALUE_ROUTEROS, /* 0x2953159, aug/28/2022 17:22:10, yes */
	VALUE_JSON,	/* 0x02953159, 2022-08-28T17:22:10Z, true: RouterOS v7's REST */
};

/**
 * Append a value, without quotes; nothing when it is not set. Secrets are appended in full: whether
 * they may be shown is the caller's business. Texts that are not printable ASCII or UTF-8 letters
 * are escaped as \XX, so that nothing a peer sent reaches a terminal as a control sequence.
 */
void value_print(const struct prop *p, const struct value *v, enum value_style style,
		 struct text *out);

/** Does RouterOS print this type in quotes? */
bool value_quoted(enum prop_type type);

/** Append a text with all that is not printable escaped. */
void value_print_text(const char *s, size_t len, struct text *out);

/** Append a text between quotes, with quotes, backslashes and control characters escaped. */
void value_print_quoted(const char *s, size_t len, struct text *out);

#endif
