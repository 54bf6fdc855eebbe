/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_near.c - texts that were typed and not pasted: the place of a log that is nearest to a
 * pattern, counting letters that are wrong, missing, too many or swapped.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "control/diag/explain.h"

#define PATTERN_LEAST 18u /* shorter ones are near to too much */
#define PATTERN_MOST  96u
#define PER_ERROR     12u /* letters of a pattern for each error */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* What it takes to make the first letters of the pattern from some part of the text that ends at a
 * place (Sellers). More errors than allowed are as good as any number, and each cell is made from
 * ones at most two rows above: nothing is worked out where those are too many already (Ukkonen). */
struct column {
	unsigned cell[PATTERN_MOST + 1];
	size_t top; /* the last one with not too many */
};

struct near {
	const char *pattern;
	size_t n;
	unsigned most; /* errors */
	bool no; /* without its "no", of which one letter may be wrong, a text says the opposite */
};

static void start(const struct near *x, struct column *c)
{
	for (size_t i = 0; i <= x->n; i++)
		c->cell[i] = (x->no && i > 1 ? EXPLAIN_FAR : 0) + (unsigned)i;
	c->top = x->n;
}

static unsigned cell(const struct near *x, const struct column *before, const struct column *last,
		     const struct column *now, const char *at, size_t i)
{
	unsigned v = least(last->cell[i - 1] + (*at != x->pattern[i - 1]),
			   least(last->cell[i], now->cell[i - 1]) + 1);

	if (before && i > 1 && *at == x->pattern[i - 2] && at[-1] == x->pattern[i - 1])
		v = least(v, before->cell[i - 2] + 1);
	return x->no && i == 2 && v > 1 ? EXPLAIN_FAR : v;
}

/* before: NULL at the start of the text. */
static void step(const struct near *x, const struct column *before, const struct column *last,
		 struct column *now, const char *at)
{
	size_t reach = last->top + 2; /* 2: two swapped letters beside what the "no" leaves out */
	size_t i;

	now->cell[0] = x->no && isalnum((unsigned char)*at) ? EXPLAIN_FAR : 0;
	now->top = 0;
	for (i = 1; i <= x->n && (i <= reach || now->cell[i - 1] < x->most); i++) {
		now->cell[i] = cell(x, before, last, now, at, i);
		if (now->cell[i] <= x->most)
			now->top = i;
	}
	for (; i <= x->n; i++)
		now->cell[i] = EXPLAIN_FAR;
}

unsigned explain_near(const char *text, size_t len, const char *pattern, size_t *end)
{
	struct near x = {.pattern = pattern, .n = strlen(pattern)};
	struct column column[3], *before = NULL, *last = column, *now;
	unsigned best = EXPLAIN_FAR;

	if (x.n < PATTERN_LEAST || x.n > PATTERN_MOST || strchr(pattern, '*') != NULL)
		return EXPLAIN_FAR;
	x.most = (unsigned)x.n / PER_ERROR;
	x.no = strncmp(pattern, "no ", 3) == 0;
	start(&x, last);
	for (size_t at = 0; at < len; at++) {
		now = &column[(at + 1) % 3];
		step(&x, before, last, now, &text[at]);
		if (now->cell[x.n] < best) {
			best = now->cell[x.n];
			*end = at + 1;
		}
		before = last;
		last = now;
	}
	return best <= x.most ? best : EXPLAIN_FAR;
}
