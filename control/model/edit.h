/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit.h - where things stand in the text of a configuration, and what is put in their place. All
 * else in the text stays as it is: comments, order, the way it is written. The text is one that
 * libconfig has taken already, so it is well-formed; what is not is found to be nothing. No byte of
 * it is zero: source.h refuses such a file.
 */
#ifndef ESPGW_MODEL_EDIT_H
#define ESPGW_MODEL_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "control/model/text.h"

#define EDIT_MAX_PATCHES 1024

struct edit_span {
	size_t at, end; /* bytes of the text; end is behind the last */
};

struct edit_setting {
	struct edit_span name, value;
	size_t end;  /* behind the terminator, or behind the value where there is none */
	bool closed; /* there is a terminator */
};

/** The setting at or behind *pos in a group's inside; moves *pos behind it. False: no more. */
bool edit_next_setting(const char *s, size_t end, size_t *pos, struct edit_setting *out);

/** The element of a list at or behind *pos; moves *pos behind it and its comma. False: no more. */
bool edit_next_element(const char *s, size_t end, size_t *pos, struct edit_span *out);

/** The setting of that name in a group's inside. */
bool edit_find_setting(const char *s, struct edit_span inside, const char *name,
		       struct edit_setting *out);

/** What is between the brackets of a group or list. */
struct edit_span edit_inside(struct edit_span value);

/** Behind blanks and comments. */
size_t edit_skip(const char *s, size_t end, size_t at);

/** Column of a byte in its line, 0 first. */
size_t edit_column(const char *s, size_t at);

/** A text as a value in quotes. */
void edit_quote(const char *text, struct text *out);

/* What goes and what comes instead. */
struct edit_patch {
	struct edit_span where; /* at == end: an insertion */
	struct text text;
};

struct edit {
	struct edit_patch patch[EDIT_MAX_PATCHES];
	size_t n;
	bool failed; /* too many */
};

/** Note a patch; its text is to be filled in. NULL and failed when there are too many. */
struct text *edit_patch(struct edit *e, size_t at, size_t end);

/** How many bytes are inserted at a place. */
size_t edit_inserted(const struct edit *e, size_t at);

/** Wipes the texts. */
void edit_free(struct edit *e);

/**
 * The text with all patches, which must not overlap. Of several insertions at one place the first
 * noted comes first. 0, -EINVAL when patches overlap or leave the text, or -ENOMEM.
 */
int edit_apply(const struct edit *e, const char *s, size_t len, struct text *out);

#endif
