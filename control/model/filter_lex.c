/* SPDX-License-Identifier: BSD-3-Clause */
/* filter_lex.c - words of a filter expression. */
#include "control/model/filter_lex.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "control/model/escape.h"

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

char filter_lex_peek(struct filter_lex *l)
{
	while (isspace((unsigned char)*l->p))
		l->p++;
	return *l->p;
}

bool filter_lex_take(struct filter_lex *l, const char *word)
{
	size_t len = strlen(word);

	filter_lex_peek(l);
	if (strncmp(l->p, word, len) != 0 || (in_name(word[0]) && in_name(l->p[len])))
		return false;
	l->p += len;
	return true;
}

size_t filter_lex_name(struct filter_lex *l, const char **name)
{
	filter_lex_peek(l);
	*name = l->p;
	while (in_name(*l->p))
		l->p++;
	return (size_t)(l->p - *name);
}

enum filter_op filter_lex_op(struct filter_lex *l)
{
	static const struct {
		const char *sign;
		enum filter_op op;
	} ops[] = {{"!=", FILTER_NE},  {"<=", FILTER_LE}, {">=", FILTER_GE}, {"=", FILTER_EQ},
		   {"~", FILTER_LIKE}, {"<", FILTER_LT},  {">", FILTER_GT},  {"in", FILTER_IN}};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (filter_lex_take(l, ops[i].sign))
			return ops[i].op;
	return FILTER_NO_OP;
}

static int quoted(struct filter_lex *l, struct text *value)
{
	for (l->p++; *l->p != '"'; l->p++) {
		char c = *l->p;

		if (c == '\0')
			return -EINVAL;
		if (c == '\\') {
			size_t took = escape_take(l->p + 1, &c);

			if (took == 0 || c == '\0')
				return -EINVAL;
			l->p += took;
		}
		text_add(value, &c, 1);
	}
	l->p++;
	return 0;
}

int filter_lex_value(struct filter_lex *l, struct text *value)
{
	const char *from;

	if (filter_lex_peek(l) == '"')
		return quoted(l, value);
	for (from = l->p; *l->p && !isspace((unsigned char)*l->p) && !strchr("()\"", *l->p);)
		l->p++;
	text_add(value, from, (size_t)(l->p - from));
	return l->p == from || *l->p == '"' ? -EINVAL : 0;
}
