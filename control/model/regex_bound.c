/* SPDX-License-Identifier: BSD-3-Clause */
/* regex_bound.c - keeps regular expressions of operators cheap. */
#include "control/model/regex_bound.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TOO_LARGE (REGEX_BOUND_SIZE + 1) /* where counting stops */

static size_t cap(size_t n)
{
	return n < TOO_LARGE ? n : TOO_LARGE;
}

/* Behind a bracket expression that begins at p, whose first "]" is a letter like any other. */
static const char *skip_bracket(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		if (*p == '[' && p[1] && strchr(":.=", p[1])) {
			const char kind = p[1];

			for (p += 2; *p && !(*p == kind && p[1] == ']'); p++)
				;
			p += *p ? 1 : 0;
		}
		p += *p ? 1 : 0;
	}
	return *p ? p + 1 : p;
}

/* Copies that an interval at p asks for: its largest number, and one more for an open end. */
static size_t copies(const char **p)
{
	size_t most = 1, n = 0;

	for (++*p; **p && **p != '}'; ++*p) {
		n = isdigit((unsigned char)**p) ? cap(n * 10 + (size_t)(**p - '0')) : 0;
		most = n > most ? n : most;
	}
	*p += **p ? 1 : 0;
	return most + 1;
}

/* Atoms of the expression at *p up to its end or closing parenthesis, copies counted. */
static size_t measure(const char **p)
{
	size_t total = 0, atom = 0, times;

	while (**p && **p != ')') {
		switch (**p) {
		case '+':
			++*p;
			total = cap(total + atom);
			atom = cap(atom * 2);
			continue;
		case '{':
			times = copies(p);
			total = cap(total + cap(atom * (times - 1)));
			atom = cap(atom * times);
			continue;
		case '*':
		case '?':
		case '|':
			++*p;
			continue;
		case '(':
			++*p;
			atom = measure(p) + 1;
			*p += **p ? 1 : 0;
			break;
		case '[':
			*p = skip_bracket(*p);
			atom = 1;
			break;
		case '\\':
			*p += (*p)[1] ? 2 : 1;
			atom = 1;
			break;
		default:
			++*p;
			atom = 1;
		}
		total = cap(total + atom);
	}
	return total;
}

static bool has_back_reference(const char *re)
{
	for (; *re; re++) {
		if (*re != '\\')
			continue;
		if (isdigit((unsigned char)re[1]))
			return true;
		re += re[1] ? 1 : 0;
	}
	return false;
}

const char *regex_bound_check(const char *re)
{
	if (strlen(re) > REGEX_BOUND_TEXT)
		return "regular expression too long";
	if (has_back_reference(re))
		return "back references are not accepted";
	while (*re) { /* a stray ")" does not end it */
		if (measure(&re) > REGEX_BOUND_SIZE)
			return "repeats too much";
		re += *re ? 1 : 0;
	}
	return NULL;
}
