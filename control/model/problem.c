/* SPDX-License-Identifier: BSD-3-Clause */
/* problem.c - what is wrong with a configuration. */
#include "control/model/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/fnv.h"
#include "control/model/text.h"

void problems_init(struct problems *p)
{
	memset(p, 0, sizeof(*p));
}

void problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].file);
		free(p->list[i].text);
	}
	problems_init(p);
}

/* Of the text that fmt makes, without the numbers it has for "line %u". Not of what looks so in the
 * text: the operator's names are in there too. */
static uint64_t hash_text(const char *text, const char *fmt, va_list ap)
{
	static const char word[] = "line %u";
	uint64_t hash = FNV_START;
	char *part = strdup(fmt);
	size_t at = 0;

	for (char *end = part; part && (end = strstr(end, word)) != NULL;) {
		va_list again;
		int number;

		end = strchr(end, '%');
		*end = '\0';
		va_copy(again, ap);
		number = vsnprintf(NULL, 0, part, again); /* where it stands in the text */
		va_end(again);
		*end = '%';
		while (number > 0 && at < (size_t)number && text[at])
			hash = fnv_byte(hash, (uint8_t)text[at++]);
		at += strspn(text + at, "0123456789");
	}
	free(part); /* without it, at worst a problem is told again */
	while (text[at])
		hash = fnv_byte(hash, (uint8_t)text[at++]);
	return hash;
}

static void add(struct problems *p, bool warning, const char *file, unsigned line, const char *fmt,
		va_list ap)
{
	struct problem *pr = &p->list[p->n];
	va_list again;

	if (!warning)
		p->n_errors++;
	if (p->n == PROBLEM_MAX) {
		p->n_dropped++;
		return;
	}
	*pr = (struct problem){.line = line, .warning = warning};
	va_copy(again, ap);
	if (vasprintf(&pr->text, fmt, ap) < 0)
		pr->text = NULL;
	else
		pr->hash = hash_text(pr->text, fmt, again);
	va_end(again);
	if (file)
		pr->file = strdup(file);
	if (!pr->text || (file && !pr->file)) {
		free(pr->text);
		free(pr->file);
		p->n_dropped++;
		return;
	}
	p->n++;
}

void problems_error(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, false, file, line, fmt, ap);
	va_end(ap);
}

void problems_warn(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, true, file, line, fmt, ap);
	va_end(ap);
}

static int order(const void *a, const void *b)
{
	const struct problem *x = *(const struct problem *const *)a;
	const struct problem *y = *(const struct problem *const *)b;
	int c = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (c)
		return c;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x < y ? -1 : x > y; /* as they were found */
}

char *problems_text(const struct problems *p)
{
	const struct problem *sorted[PROBLEM_MAX];
	struct text t = {0};

	for (size_t i = 0; i < p->n; i++)
		sorted[i] = &p->list[i];
	qsort(sorted, p->n, sizeof(sorted[0]), order);
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *pr = sorted[i];

		if (pr->file && pr->line)
			text_printf(&t, "%s:%u: ", pr->file, pr->line);
		else if (pr->file)
			text_printf(&t, "%s: ", pr->file);
		text_printf(&t, "%s%s\n", pr->warning ? "warning: " : "", pr->text);
	}
	if (p->n_dropped)
		text_printf(&t, "and %zu more\n", p->n_dropped);
	return text_steal(&t);
}

uint64_t problems_hash(const struct problem *p)
{
	return p->hash;
}
