/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * problem.h - what is wrong with a configuration: all of it at once, each with its place.
 */
#ifndef ESPGW_MODEL_PROBLEM_H
#define ESPGW_MODEL_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBLEM_MAX 100 /* further ones are only counted */

struct problem {
	char *file;    /* as given by the user or named by an include */
	unsigned line; /* 0: the file as a whole */
	bool warning;  /* worth knowing; does not stop anything */
	char *text;
	uint64_t hash; /* see problems_hash() */
};

struct problems {
	struct problem list[PROBLEM_MAX];
	size_t n;
	size_t n_errors;  /* counts those that did not fit, too */
	size_t n_dropped; /* did not fit */
};

void problems_init(struct problems *p);
void problems_free(struct problems *p);

/** Add an error, printf-like. file may be NULL (then text alone is printed). */
void problems_error(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void problems_warn(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** A number for a problem's text, another one for another text; but for the numbers of lines that
 * its format has as "line %u": they change with what stands before them. */
uint64_t problems_hash(const struct problem *p);

/**
 * All of them, ordered by place, one "FILE:LINE: text" per line, warnings with "warning: " before
 * their text. malloc()ed; "" when there are none; NULL when memory ran out.
 */
char *problems_text(const struct problems *p);

#endif
