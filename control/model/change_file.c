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

int change_file_apply(const struct change_file *f, struct edit *e, char **path, struct text *out,
		      struct text *why)
{
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
	source_free(&own);
	*path = rc == 0 ? strdup(file->path) : NULL;
	return rc == 0 && !*path ? -ENOMEM : rc;
}

/* --- writing --- */

/* A file beside the one at path, as it is but for its content. */
static int write_beside(const char *path, const char *beside, const struct text *text)
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
	if (rc == 0 && (fchmod(fd, st.st_mode & 07777) || fsync(fd)))
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

int change_write(const struct change_made *made, struct text *why)
{
	char *real = realpath(made->path, NULL), *beside = NULL;
	int rc = real ? 0 : -errno;

	if (rc == 0 && asprintf(&beside, "%s.espgw-new", real) < 0) {
		beside = NULL;
		rc = -ENOMEM;
	}
	if (rc == 0) {
		(void)unlink(beside); /* of one that was killed */
		rc = write_beside(real, beside, &made->text);
		if (rc == 0 && rename(beside, real))
			rc = -errno;
		if (rc)
			(void)unlink(beside);
		else
			sync_folder(real);
	}
	if (rc)
		text_printf(why, "%s cannot be written: %s; nothing was changed", made->path,
			    strerror(-rc));
	free(beside);
	free(real);
	return rc;
}
