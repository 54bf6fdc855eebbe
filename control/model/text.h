/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text.h - a growing text. It may hold keys: memory is wiped before it is given back.
 */
#ifndef ESPGW_MODEL_TEXT_H
#define ESPGW_MODEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *s; /* NUL-terminated; NULL while empty */
	size_t len;
	size_t room;
	size_t limit; /* bytes; 0 = none. Beyond it, failed is set */
	bool failed;  /* memory or limit ran out; what follows is dropped */
};

void text_add(struct text *t, const char *s, size_t len);
void text_puts(struct text *t, const char *s);
void text_pad(struct text *t, size_t blanks);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Cut to len bytes. */
void text_cut(struct text *t, size_t len);
void text_free(struct text *t);

/** All of it to a file. 0 or -errno. */
int text_write(const struct text *t, int fd);

/** The text itself, the caller's now (never NULL unless it failed). */
char *text_steal(struct text *t);

#endif
