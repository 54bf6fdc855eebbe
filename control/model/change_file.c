/* SPDX-License-Identifier: BSD-3-Clause */
/* change_file.c - which file an edit belongs to, and how a file is replaced. */
#include "control/model/change_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/model/change.h"
#include "control/model/problem.h"

int change_file_read(struct change_file *f, const char *path, struct problems *problems)
{
	return source_read(&f->source, path, problems) ? -EINVAL : 0;
}

void change_file_free(struct change_file *f)
{
	source_free(&f->source);
}

/* The file and the line in it that a byte of the whole text comes from. */
static const struct source_file *place_of(const struct source *s, size_t at, unsigned *line)
{
	unsigned text_line = 1;

	for (size_t i = 0; i < at; i++)
		text_line += s->text.s[i] == '\n';
	return source_place(s, text_line, line);
}

static size_t line_start(const char *s, unsigned line)
{
	size_t at = 0;

	while (--line && s[at]) {
		at += strcspn(s + at, "\n");
		at += s[at] == '\n';
	}
	return at;
}

/* One patch to where it is in its file. */
static int move_patch(const struct source *s, struct edit_patch *p, const struct source_file *file,
		      const char *text, size_t len)
{
	const char *all = s->text.s ? s->text.s : "";
	size_t n = p->where.end - p->where.at;
	unsigned line;
	size_t at;

	if (place_of(s, p->where.at, &line) != file)
		return -EXDEV;
	at = line_start(text, line) + edit_column(all, p->where.at);
	if (at + n > len || memcmp(text + at, all + p->where.at, n) != 0)
		return -EXDEV;
	p->where = (struct edit_span){at, at + n};
	return 0;
}

int change_file_apply(const struct change_file *f, struct edit *e, struct change_made *made,
		      struct text *why)
{
	struct text *out = &made->text;
	struct source own = {0};
	const struct source_file *file;
	static struct problems problems;
	unsigned line;
	int rc = 0;

	if (e->failed)
		return -ENOMEM;
	file = place_of(&f->source, e->patch[0].where.at, &line);
	problems_init(&problems);
	rc = source_read_plain(&own, file->path, &problems) ? -EINVAL : 0;
	for (size_t i = 0; rc == 0 && i < e->n; i++)
		rc = move_patch(&f->source, &e->patch[i], file, own.text.s ? own.text.s : "",
				own.text.len);
	if (rc == 0)
		rc = edit_apply(e, own.text.s ? own.text.s : "", own.text.len, out);
	if (rc == 0 && out->len == own.text.len &&
	    (out->len == 0 || memcmp(out->s, own.text.s, out->len) == 0))
		rc = -EALREADY;
	if (rc == -EXDEV)
		text_puts(why, "this stands in several files; edit them by hand, then \"reload\"");
	else if (rc == -EINVAL)
		text_printf(why, "%s cannot be edited from here; edit it by hand, then \"reload\"",
			    file->path);
	rc = rc == -EXDEV ? -EINVAL : rc;
	problems_free(&problems);
	if (rc == 0) {
		made->path = strdup(file->path);
		made->before = own.text;
		own.text = (struct text){0};
		if (own.unended)
			text_cut(&made->before, made->before.len - 1);
	}
	source_free(&own);
	return rc == 0 && !made->path ? -ENOMEM : rc;
}

/* --- writing --- */

/* A file beside the one at path, as it is but for its content. */
static int write_beside(const char *path, const char *beside, const struct text *text, mode_t mask)
{
	struct stat st;
	int fd, rc;

	if (stat(path, &st))
		return -errno;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	rc = text_write(text, fd);
	if (rc == 0 && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchown(fd, st.st_uid, st.st_gid))
		rc = -errno; /* who reads it now must be able to read it then */
	if (rc == 0 && (fchmod(fd, st.st_mode & mask) || fsync(fd)))
		rc = -errno;
	if (close(fd) && rc == 0)
		rc = -errno;
	return rc;
}

static void sync_folder(const char *path)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

/* NULL: no memory. */
static char *name_beside(const char *path, const char *suffix)
{
	char *name = NULL;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

/* A file that is to take the place of another. */
struct twin {
	char *real, *beside;
};

static int twin_write(struct twin *t, const struct change_made *made)
{
	t->real = realpath(made->path, NULL);
	if (!t->real)
		return -errno;
	t->beside = name_beside(t->real, ".espgw-new");
	if (!t->beside)
		return -ENOMEM;
	(void)unlink(t->beside); /* of one that was killed */
	return write_beside(t->real, t->beside, &made->text, 07777);
}

static int twin_replace(struct twin *t)
{
	if (rename(t->beside, t->real))
		return -errno;
	sync_folder(t->real);
	free(t->beside);
	t->beside = NULL;
	return 0;
}

static void twin_free(struct twin *t)
{
	if (t->beside)
		(void)unlink(t->beside);
	free(t->beside);
	free(t->real);
}

int change_write_all(const struct change_made *made, size_t n, struct text *why)
{
	struct twin *twins = calloc(n, sizeof(*twins));
	size_t written = 0, replaced = 0;
	int rc = twins ? 0 : -ENOMEM;

	while (rc == 0 && written < n) {
		rc = twin_write(&twins[written], &made[written]);
		written += rc == 0;
	}
	while (rc == 0 && replaced < n) {
		rc = twin_replace(&twins[replaced]);
		replaced += rc == 0;
	}
	if (rc)
		text_printf(why, "%s cannot be written: %s; ",
			    made[written < n ? written : replaced].path, strerror(-rc));
	if (rc && replaced)
		text_printf(why, "%zu of %zu files were changed before", replaced, n);
	else if (rc)
		text_puts(why, "nothing was changed");
	for (size_t i = 0; twins && i < n; i++)
		twin_free(&twins[i]);
	free(twins);
	return rc;
}

int change_write(const struct change_made *made, struct text *why)
{
	return change_write_all(made, 1, why);
}

static int read_all(const char *path, struct text *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc = fd < 0 ? -errno : 0;
	char part[4096];
	ssize_t n = 0;

	out->limit = SOURCE_MAX_BYTES + 1;
	while (rc == 0 && (n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno != EINTR)
			rc = -errno;
		if (n > 0)
			text_add(out, part, (size_t)n);
		if (out->failed)
			rc = -EFBIG;
	}
	explicit_bzero(part, sizeof(part));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* In the place of an earlier one, which stays when that fails. */
static int write_kept(struct twin *t, const char *real, const struct text *text)
{
	int rc;

	t->real = name_beside(real, ".espgw-refused");
	t->beside = t->real ? name_beside(t->real, "-new") : NULL;
	if (!t->beside)
		return -ENOMEM;
	(void)unlink(t->beside); /* of one that was killed; what cannot go is not written to */
	rc = write_beside(real, t->beside, text, 0600);
	return rc ? rc : twin_replace(t);
}

int change_file_keep(const char *path, char **kept, struct text *why)
{
	char *real = realpath(path, NULL);
	struct text text = {0};
	struct twin t = {0};
	int rc = real ? read_all(real, &text) : -errno;

	*kept = NULL;
	if (rc == 0)
		rc = write_kept(&t, real, &text);
	if (rc) {
		text_printf(why, "%s cannot be kept as it was refused: %s", path, strerror(-rc));
	} else {
		*kept = t.real;
		t.real = NULL;
	}
	twin_free(&t);
	text_free(&text);
	free(real);
	return rc;
}
