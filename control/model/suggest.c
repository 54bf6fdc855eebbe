/* SPDX-License-Identifier: BSD-3-Clause */
/* suggest.c - the known word nearest to one that is not known. */
#include "control/model/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	size_t na = strnlen(a, SUGGEST_MAX_LEN + 1), nb = strnlen(b, SUGGEST_MAX_LEN + 1);

	if (na > SUGGEST_MAX_LEN || nb > SUGGEST_MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t d = min2(last[j], now[j - 1]) + 1;

			d = min2(d, last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				d = min2(d, before[j - 2] + 1);
			now[j] = d;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

void suggest_start(struct suggest *s, const char *word)
{
	*s = (struct suggest){.word = word, .distance = SIZE_MAX};
}

void suggest_offer(struct suggest *s, const char *known)
{
	size_t d = suggest_distance(s->word, known);

	if (d < s->distance) {
		s->distance = d;
		s->best = known;
	}
}

char *suggest_text(const struct suggest *s, char *buf, size_t size)
{
	size_t len = strlen(s->word);

	/* Near: a third of the word may be wrong, and at least two letters of it. */
	buf[0] = '\0';
	if (s->best && s->distance <= (len / 3 > 2 ? len / 3 : 2) && s->distance < len)
		snprintf(buf, size, "; did you mean \"%s\"?", s->best);
	return buf;
}
