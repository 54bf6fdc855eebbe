/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_near.c - texts that were typed and not pasted: the place of a log that is nearest to a
 * pattern, counting letters that are wrong, missing, too many or swapped.
 */
#include <ctype.h>
#include <string.h>

#include "control/diag/explain.h"

#define PATTERN_LEAST 18u /* shorter ones are near to too much */
#define PATTERN_MOST  96u
#define PER_ERROR     12u /* letters of a pattern for each error */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* What it takes to make the pattern from some part of the text that ends at a place is the last of
 * each column (Sellers); *end is where that is least. */
unsigned explain_near(const char *text, size_t len, const char *pattern, size_t *end)
{
	unsigned column[3][PATTERN_MOST + 1], best;
	unsigned *before = column[0], *last = column[1], *now = column[2], *old;
	size_t n = strlen(pattern);
	/* without its "no", a word of which one letter may be wrong, a text says the opposite */
	bool no = strncmp(pattern, "no ", 3) == 0;

	if (n < PATTERN_LEAST || n > PATTERN_MOST || strchr(pattern, '*') != NULL)
		return EXPLAIN_FAR;
	for (size_t i = 0; i <= n; i++)
		last[i] = before[i] = (no && i > 1 ? EXPLAIN_FAR : 0) + (unsigned)i;
	best = EXPLAIN_FAR;
	for (size_t at = 0; at < len; at++) {
		now[0] = no && isalnum((unsigned char)text[at]) ? EXPLAIN_FAR : 0;
		for (size_t i = 1; i <= n; i++) {
			now[i] = least(last[i - 1] + (text[at] != pattern[i - 1]),
				       least(last[i], now[i - 1]) + 1);
			if (i > 1 && at > 0 && text[at] == pattern[i - 2] &&
			    text[at - 1] == pattern[i - 1])
				now[i] = least(now[i], before[i - 2] + 1);
			if (no && i == 2 && now[i] > 1)
				now[i] = EXPLAIN_FAR;
		}
		if (now[n] < best) {
			best = now[n];
			*end = at + 1;
		}
		old = before;
		before = last;
		last = now;
		now = old;
	}
	return best <= n / PER_ERROR ? best : EXPLAIN_FAR;
}
