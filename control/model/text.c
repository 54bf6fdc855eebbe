/* SPDX-License-Identifier: BSD-3-Clause */
/* text.c - a growing text. */
#include "control/model/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not realloc(): it would leave a copy of what may be a key behind. */
static bool reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1, room = t->room ? t->room : 128;
	char *s;

	if (t->failed || more > SIZE_MAX / 4 || (t->limit && need > t->limit))
		goto fail;
	if (need <= t->room)
		return true;
	while (room < need)
		room *= 2;
	s = malloc(room);
	if (!s)
		goto fail;
	if (t->s) {
		memcpy(s, t->s, t->len + 1);
		explicit_bzero(t->s, t->room);
		free(t->s);
	}
	t->s = s;
	t->room = room;
	return true;
fail:
	t->failed = true;
	return false;
}

void text_add(struct text *t, const char *s, size_t len)
{
	if (!reserve(t, len))
		return;
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_pad(struct text *t, size_t blanks)
{
	if (!reserve(t, blanks))
		return;
	memset(t->s + t->len, ' ', blanks);
	t->len += blanks;
	t->s[t->len] = '\0';
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && reserve(t, (size_t)n)) {
		vsnprintf(t->s + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void text_cut(struct text *t, size_t len)
{
	if (len >= t->len)
		return;
	explicit_bzero(t->s + len, t->len - len);
	t->len = len;
}

void text_free(struct text *t)
{
	if (t->s)
		explicit_bzero(t->s, t->room);
	free(t->s);
	*t = (struct text){0};
}

int text_write(const struct text *t, int fd)
{
	for (size_t at = 0; at < t->len;) {
		ssize_t n = write(fd, t->s + at, t->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += (size_t)n;
	}
	return 0;
}

char *text_steal(struct text *t)
{
	char *s;

	text_add(t, "", 0);
	if (t->failed) {
		text_free(t);
		return NULL;
	}
	s = t->s;
	*t = (struct text){0};
	return s;
}
