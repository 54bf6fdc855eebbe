/* SPDX-License-Identifier: BSD-3-Clause */
/* change_file.h - the text of a configuration with all its includes, and which file an edit of it
 * belongs to. */
#ifndef ESPGW_MODEL_CHANGE_FILE_H
#define ESPGW_MODEL_CHANGE_FILE_H

#include "control/model/edit.h"
#include "control/model/source.h"

struct change_made;
struct problems;

struct change_file {
	struct source source;
};

/** 0 or -EINVAL with problems. Free it in both cases. */
int change_file_read(struct change_file *f, const char *path, struct problems *problems);
void change_file_free(struct change_file *f);

/**
 * The one file that all patches belong to, its new text and the one it has. There is one patch at
 * least. 0; -EALREADY: it is the text that the file has; -EINVAL + why when they belong to several
 * files, or one goes over the border of one; -ENOMEM. Patches are moved to the file's own places.
 */
int change_file_apply(const struct change_file *f, struct edit *e, struct change_made *made,
		      struct text *why);

/**
 * Leave a copy of what the file says beside it, with its owner, for nobody else to read; in the
 * place of an earlier one, which stays when it fails. *kept (malloc()ed): where. 0, or -errno +
 * why.
 */
int change_file_keep(const char *path, char **kept, struct text *why);

#endif
