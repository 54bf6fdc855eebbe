/* SPDX-License-Identifier: BSD-3-Clause */
/* change_undo.c - files as they were before changes of them; see change_undo.h. */
#include "control/model/change_undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/change.h"
#include "control/model/fnv.h"
#include "control/model/problem.h"
#include "control/model/source.h"

static struct change_undo_file *find(struct change_undo *u, const char *path)
{
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->files[i].path, path) == 0)
			return &u->files[i];
	return NULL;
}

static struct change_undo_file *add(struct change_undo *u, struct change_made *made)
{
	struct change_undo_file *more = reallocarray(u->files, u->n + 1, sizeof(*more));
	char *path;

	if (!more)
		return NULL;
	u->files = more;
	path = strdup(made->path);
	if (!path)
		return NULL;
	u->files[u->n] = (struct change_undo_file){.path = path, .text = made->before};
	made->before = (struct text){0};
	return &u->files[u->n++];
}

int change_undo_keep(struct change_undo *u, struct change_made *made, uint64_t seen)
{
	uint64_t before = fnv_hash(made->before.s, made->before.len);
	struct change_undo_file *f;

	if (u->n == 0)
		u->seen = seen;
	f = find(u, made->path);
	if (!f)
		f = add(u, made);
	if (!f)
		return -ENOMEM;
	f->says[0] = before; /* it stays so when the writing fails */
	f->says[1] = fnv_hash(made->text.s, made->text.len);
	return 0;
}

void change_undo_cut(struct change_undo *u, size_t n)
{
	while (u->n > n) {
		u->n--;
		free(u->files[u->n].path);
		text_free(&u->files[u->n].text);
	}
	if (u->n == 0) {
		free(u->files);
		u->files = NULL;
	}
}

/* Why a configuration, or a file of it, could not be read: it is another one, or nobody knows. */
static int why_unread(const struct source *s)
{
	return s->error == 0 || s->error == ENOENT ? -ESTALE : -s->error;
}

int change_undo_check(const char *path, uint64_t seen)
{
	struct problems *problems = malloc(sizeof(*problems));
	struct source s;
	int rc;

	if (!problems)
		return -ENOMEM;
	problems_init(problems);
	if (source_read(&s, path, problems))
		rc = why_unread(&s);
	else
		rc = source_hash(&s) == seen ? 0 : -ESTALE;
	source_free(&s);
	problems_free(problems);
	free(problems);
	return rc;
}

/* Does the file itself, without what it includes, say what the changes made of it? */
static int check_file(const struct change_undo_file *f)
{
	struct problems *problems = malloc(sizeof(*problems));
	struct source s;
	uint64_t says;
	int rc = 0;

	if (!problems)
		return -ENOMEM;
	problems_init(problems);
	if (source_read_plain(&s, f->path, problems))
		rc = why_unread(&s);
	if (rc == 0) {
		says = fnv_hash(s.text.s, s.text.len - s.unended);
		rc = says == f->says[0] || says == f->says[1] ? 0 : -ESTALE;
	}
	source_free(&s);
	problems_free(problems);
	free(problems);
	return rc;
}

static int write_back(const struct change_undo *u, struct text *why)
{
	struct change_made *back = calloc(u->n, sizeof(*back));
	int rc;

	if (!back)
		return -ENOMEM;
	for (size_t i = 0; i < u->n; i++) {
		back[i].path = u->files[i].path;
		back[i].text = u->files[i].text;
	}
	rc = change_write_all(back, u->n, why);
	free(back);
	return rc;
}

int change_undo(struct change_undo *u, const char *path, uint64_t *seen, struct text *why)
{
	int rc = u->n == 0 ? -ENOENT : change_undo_check(path, *seen);

	for (size_t i = 0; rc == 0 && i < u->n; i++)
		rc = check_file(&u->files[i]);
	if (rc == 0)
		rc = write_back(u, why);
	if (rc == 0)
		*seen = u->seen;
	change_undo_cut(u, 0);
	return rc;
}
