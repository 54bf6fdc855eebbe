/* SPDX-License-Identifier: BSD-3-Clause */
/* filter_lex.h - words of a filter expression. Used by filter_parse.c alone. */
#ifndef ESPGW_MODEL_FILTER_LEX_H
#define ESPGW_MODEL_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "control/model/text.h"

enum filter_op {
	FILTER_NO_OP = 0,
	FILTER_EQ,
	FILTER_NE,
	FILTER_LIKE,
	FILTER_LT,
	FILTER_GT,
	FILTER_LE,
	FILTER_GE,
	FILTER_IN
};

struct filter_lex {
	const char *start, *p;
};

/** Skip blanks; the character that follows, '\0' at the end. */
char filter_lex_peek(struct filter_lex *l);

/** Take this word (a whole one) or sign if it comes next. */
bool filter_lex_take(struct filter_lex *l, const char *word);

/** Take a property's name: letters, digits, '-', '.'. Length, 0 when there is none. */
size_t filter_lex_name(struct filter_lex *l, const char **name);

/** Take an operator, FILTER_NO_OP when none comes next. */
enum filter_op filter_lex_op(struct filter_lex *l);

/** Take a value, quoted (with RouterOS's escapes) or up to a blank or parenthesis. 0 or -EINVAL. */
int filter_lex_value(struct filter_lex *l, struct text *value);

#endif
