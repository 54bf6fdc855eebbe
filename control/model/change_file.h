/* SPDX-License-Identifier: BSD-3-Clause */
/* change_file.h - the text of a configuration with all its includes, and which file an edit of it
 * belongs to. */
#ifndef ESPGW_MODEL_CHANGE_FILE_H
#define ESPGW_MODEL_CHANGE_FILE_H

#include "control/model/edit.h"
#include "control/model/source.h"

struct problems;

struct change_file {
	struct source source;
};

/** 0 or -EINVAL with problems. Free it in both cases. */
int change_file_read(struct change_file *f, const char *path, struct problems *problems);
void change_file_free(struct change_file *f);

/**
 * The one file that all patches belong to, and its new text. There is one at least. 0; -EALREADY:
 * it is the text that the file has; -EINVAL + why when they belong to several files, or one goes
 * over the border of one; -ENOMEM. Patches are moved to the file's own
 * places. *path is malloc()ed.
 */
int change_file_apply(const struct change_file *f, struct edit *e, char **path, struct text *out,
		      struct text *why);

#endif
