/* SPDX-License-Identifier: BSD-3-Clause */
/* source.c - the text of a configuration with its @include lines replaced. */
#include "control/model/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/model/fnv.h"
#include "control/model/problem.h"

/* One file being read: the chain of these is what includes what. */
struct level {
	const struct level *up;
	unsigned depth;
	dev_t dev;
	ino_t ino;
	unsigned file; /* index in source.files */
};

/* Where the text stands between lines: an @include counts only in plain text. */
enum state { PLAIN, STRING, COMMENT };

static int read_level(struct source *s, const char *path, const struct level *up,
		      const char *from_file, unsigned from_line, struct problems *problems);

static int add_piece(struct source *s, unsigned file, unsigned line)
{
	if (s->n_pieces == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct source_piece *p = reallocarray(s->pieces, room, sizeof(*p));

		if (!p) {
			s->error = ENOMEM;
			return -1;
		}
		s->pieces = p;
		s->room = room;
	}
	s->pieces[s->n_pieces++] =
		(struct source_piece){.at = s->lines + 1, .line = line, .file = file};
	return 0;
}

static enum state scan_line(const char *p, size_t len, enum state state)
{
	for (size_t i = 0; i < len; i++) {
		char c = p[i], next = i + 1 < len ? p[i + 1] : '\0';

		if (state == COMMENT) {
			if (c == '*' && next == '/') {
				state = PLAIN;
				i++;
			}
		} else if (state == STRING) {
			if (c == '\\')
				i++;
			else if (c == '"')
				state = PLAIN;
		} else if (c == '#' || (c == '/' && next == '/')) {
			return PLAIN;
		} else if (c == '/' && next == '*') {
			state = COMMENT;
			i++;
		} else if (c == '"') {
			state = STRING;
		}
	}
	return state;
}

/* The path of an @include line: malloc()ed, relative to the folder of the including file. */
static char *include_path(const char *line, size_t len, const char *from)
{
	const char *slash = strrchr(from, '/');
	const char *open, *close;
	char *path;

	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	if (len < 8 || strncmp(line, "@include", 8) != 0)
		return NULL;
	open = memchr(line, '"', len);
	close = open ? memchr(open + 1, '"', len - (size_t)(open + 1 - line)) : NULL;
	if (!close)
		return strdup("");
	open++;
	if (*open == '/' || !slash)
		return strndup(open, (size_t)(close - open));
	if (asprintf(&path, "%.*s/%.*s", (int)(slash - from), from, (int)(close - open), open) < 0)
		return NULL;
	return path;
}

/* Copy a file's lines, going into the files it includes. */
static int copy_lines(struct source *s, const char *p, size_t len, const struct level *lv,
		      struct problems *problems)
{
	const char *own = s->files[lv->file].path;
	enum state state = PLAIN;
	unsigned line = 1;

	if (add_piece(s, lv->file, 1))
		return -1;
	while (len) {
		const char *nl = memchr(p, '\n', len);
		size_t n = nl ? (size_t)(nl - p) : len;
		char *path = state == PLAIN && !s->plain ? include_path(p, n, own) : NULL;

		if (path) {
			int rc = read_level(s, path, lv, own, line, problems);

			free(path);
			if (rc || add_piece(s, lv->file, line + 1))
				return -1;
		} else {
			state = scan_line(p, n, state);
			text_add(&s->text, p, n);
			text_add(&s->text, "\n", 1);
			s->lines++;
		}
		s->unended |= !nl;
		line++;
		p += nl ? n + 1 : n;
		len -= nl ? n + 1 : n;
	}
	return 0;
}

/* The whole of a regular file in malloc()ed memory. NULL + why. */
static char *slurp(struct source *s, const char *path, struct stat *st, size_t *len,
		   const char **why)
{
	const struct source_instead *in =
		s->instead && strcmp(s->instead->path, path) == 0 ? s->instead : NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *buf = NULL;

	*len = 0;
	if (fd < 0 || fstat(fd, st)) {
		s->error = errno;
		*why = strerror(errno);
		goto out;
	}
	*why = "not a regular file";
	if (!S_ISREG(st->st_mode))
		goto out;
	*why = "too large";
	if (st->st_size > SOURCE_MAX_BYTES)
		goto out;
	*why = "not enough memory";
	if (in) {
		buf = in->len <= SOURCE_MAX_BYTES ? malloc(in->len + 1) : NULL;
		if (buf)
			memcpy(buf, in->text, in->len);
		*len = in->len;
		goto out;
	}
	buf = malloc((size_t)st->st_size + 1);
	if (!buf)
		s->error = ENOMEM;
	while (buf && *len < (size_t)st->st_size) {
		ssize_t n = read(fd, buf + *len, (size_t)st->st_size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			s->error = errno;
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	if (buf && *len != (size_t)st->st_size) {
		*why = "cannot be read, or changed meanwhile";
		explicit_bzero(buf, *len);
		free(buf);
		buf = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	return buf;
}

/* What forbids going on with an opened file, or NULL. */
static const char *forbidden(const struct source *s, const struct level *lv, const char *buf,
			     size_t len)
{
	for (const struct level *l = lv->up; l; l = l->up)
		if (l->dev == lv->dev && l->ino == lv->ino)
			return "includes itself";
	if (lv->depth > SOURCE_MAX_DEPTH)
		return "includes are nested more than 10 deep";
	if (s->n_files == SOURCE_MAX_FILES)
		return "more than 256 files";
	if (s->text.len + len > SOURCE_MAX_BYTES)
		return "too large, with what it includes";
	if (memchr(buf, '\0', len))
		return "holds a zero byte; not a text";
	return NULL;
}

static int read_level(struct source *s, const char *path, const struct level *up,
		      const char *from_file, unsigned from_line, struct problems *problems)
{
	struct level lv = {.up = up, .depth = up ? up->depth + 1 : 0};
	const char *why = NULL;
	struct stat st;
	size_t len;
	int rc = -1;
	char *buf = slurp(s, path, &st, &len, &why);

	if (!buf)
		goto fail;
	lv.dev = st.st_dev;
	lv.ino = st.st_ino;
	why = forbidden(s, &lv, buf, len);
	if (why)
		goto fail;
	lv.file = s->n_files;
	s->files[lv.file] = (struct source_file){.path = strdup(path), .mode = st.st_mode};
	why = "not enough memory";
	if (!s->files[lv.file].path) {
		s->error = ENOMEM;
		goto fail;
	}
	s->n_files++;
	rc = copy_lines(s, buf, len, &lv, problems);
	goto out;
fail:
	if (up)
		problems_error(problems, from_file, from_line, "@include \"%s\": %s", path, why);
	else
		problems_error(problems, path, 0, "%s", why);
out:
	if (buf)
		explicit_bzero(buf, len);
	free(buf);
	return rc;
}

static int read_whole(struct source *s, const char *path, struct problems *problems)
{
	if (read_level(s, path, NULL, NULL, 0, problems))
		return -1;
	text_add(&s->text, "", 0);
	if (s->text.failed) {
		s->error = ENOMEM;
		problems_error(problems, path, 0, "not enough memory");
		return -1;
	}
	return 0;
}

int source_read_with(struct source *s, const char *path, const struct source_instead *instead,
		     struct problems *problems)
{
	memset(s, 0, sizeof(*s));
	s->instead = instead;
	return read_whole(s, path, problems);
}

int source_read(struct source *s, const char *path, struct problems *problems)
{
	return source_read_with(s, path, NULL, problems);
}

int source_read_plain(struct source *s, const char *path, struct problems *problems)
{
	memset(s, 0, sizeof(*s));
	s->plain = true;
	return read_whole(s, path, problems);
}

void source_free(struct source *s)
{
	text_free(&s->text);
	for (unsigned i = 0; i < s->n_files; i++)
		free(s->files[i].path);
	free(s->pieces);
	s->pieces = NULL;
	s->n_files = 0;
	s->n_pieces = 0;
}

const struct source_file *source_place(const struct source *s, unsigned text_line, unsigned *line)
{
	size_t lo = 0, hi = s->n_pieces;

	if (text_line > s->lines) /* the parser met the end */
		text_line = s->lines ? s->lines : 1;
	while (hi - lo > 1) { /* the last piece that begins at or before the line */
		size_t mid = (lo + hi) / 2;

		if (s->pieces[mid].at <= text_line)
			lo = mid;
		else
			hi = mid;
	}
	*line = s->pieces[lo].line + (text_line - s->pieces[lo].at);
	return &s->files[s->pieces[lo].file];
}

uint64_t source_hash(const struct source *s)
{
	return fnv_hash(s->text.s ? s->text.s : "", s->text.len);
}
