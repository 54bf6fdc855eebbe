/* SPDX-License-Identifier: BSD-3-Clause */
/* suggest.h - the known word nearest to one that is not known. */
#ifndef ESPGW_MODEL_SUGGEST_H
#define ESPGW_MODEL_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX_LEN 64 /* longer words get no suggestion */

/** Edit distance (insert, delete, replace, swap of neighbours), ignoring case; words up to
 * SUGGEST_MAX_LEN, else SIZE_MAX. */
size_t suggest_distance(const char *a, const char *b);

/** A search: start with one for the unknown word, offer all known ones, then ask. */
struct suggest {
	const char *word;
	const char *best; /* the nearest, near or not: see suggest_text() */
	size_t distance;
};

void suggest_start(struct suggest *s, const char *word);
void suggest_offer(struct suggest *s, const char *known);

/** "; did you mean "x"?" into buf, or "" when nothing is near enough. Returns buf. */
char *suggest_text(const struct suggest *s, char *buf, size_t size);

#endif
