/* SPDX-License-Identifier: BSD-3-Clause */
/* integers.c - see integers.h. Cuts the text into words as libconfig's scanner does. */
#include "control/model/integers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/problem.h"
#include "control/model/source.h"

#define DECIMAL "0123456789"
#define HEX	DECIMAL "abcdefABCDEF"

struct word {
	size_t len;
	bool integer;
	bool marked; /* ends with L */
	bool too_large;
	unsigned digits;
};

/* Not of <ctype.h> and <string.h>: every byte of the text comes through here. */
static bool is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static size_t name_length(const char *p)
{
	size_t n = 0;

	while (is_letter(p[n]) || is_digit(p[n]) || p[n] == '-' || p[n] == '_' || p[n] == '*')
		n++;
	return n;
}

/* The length of a text in quotes, a comment or a name that begins at p; 0 when none does. */
static size_t other_word(const char *p)
{
	if (*p == '"') {
		size_t n = 1;

		while (p[n] && p[n] != '"')
			n += p[n] == '\\' && p[n + 1] ? 2 : 1;
		return p[n] ? n + 1 : n;
	}
	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		const char *end = strstr(p + 2, "*/");

		return end ? (size_t)(end + 2 - p) : strlen(p);
	}
	return is_letter(*p) || *p == '*' ? name_length(p) : 0;
}

/* The length of "e-10" at p, or 0. */
static size_t exponent(const char *p)
{
	size_t sign, digits;

	if (*p != 'e' && *p != 'E')
		return 0;
	sign = p[1] == '-' || p[1] == '+';
	digits = strspn(p + 1 + sign, DECIMAL);
	return digits ? 1 + sign + digits : 0;
}

static bool holds(const char *p, int base)
{
	errno = 0;
	strtoll(p, NULL, base);
	return errno == 0;
}

/* The number that begins at p, with or without a fraction; len 0 when none does. */
static struct word number(const char *p)
{
	size_t sign = *p == '-' || *p == '+', first = sign;
	struct word w = {.integer = true};
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && p[2] && strchr(HEX, p[2]);

	if (hex)
		first = 2;
	w.digits = (unsigned)strspn(p + first, hex ? HEX : DECIMAL);
	w.len = first + w.digits;
	if (!hex && (p[w.len] == '.' || (w.digits && exponent(p + w.len)))) {
		if (p[w.len] == '.')
			w.len += 1 + strspn(p + w.len + 1, DECIMAL);
		w.len += exponent(p + w.len);
		w.integer = false;
		return w;
	}
	if (w.digits == 0)
		return (struct word){.len = 0};
	w.too_large = !holds(p, hex ? 16 : 10);
	w.marked = p[w.len] == 'L';
	w.len += w.marked ? 1 + (p[w.len + 1] == 'L') : 0;
	return w;
}

static struct word next_word(const char *p)
{
	struct word w = {.len = other_word(p)};

	if (w.len == 0 && (is_digit(*p) || *p == '+' || *p == '-' || *p == '.'))
		w = number(p);
	if (w.len == 0)
		w.len = 1;
	return w;
}

static void refuse(const struct source *s, unsigned text_line, const struct word *w,
		   struct problems *problems)
{
	unsigned line;
	const struct source_file *f = source_place(s, text_line, &line);

	problems_error(problems, f->path, line,
		       "a number of %u digits is out of range; accepted: whole numbers from "
		       "-9223372036854775808 to 9223372036854775807, hexadecimal ones to "
		       "0x7fffffffffffffff",
		       w->digits);
}

int integers_widen(struct source *s, struct problems *problems)
{
	const char *from = s->text.s; /* not copied yet */
	struct text out = {0};
	unsigned line = 1;
	int rc = 0;

	for (const char *p = s->text.s; *p;) {
		struct word w = next_word(p);

		if (w.too_large) {
			refuse(s, line, &w, problems);
			rc = -1;
		}
		for (size_t i = 0; i < w.len; i++)
			line += p[i] == '\n';
		p += w.len;
		if (w.integer && !w.marked) {
			text_add(&out, from, (size_t)(p - from));
			text_puts(&out, "L");
			from = p;
		}
	}
	text_puts(&out, from);
	if (out.failed) {
		problems_error(problems, s->files[0].path, 0, "not enough memory");
		rc = -1;
	}
	if (rc == 0) {
		text_free(&s->text);
		s->text = out;
	} else {
		text_free(&out);
	}
	return rc;
}
