/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * change_undo.h - what files said before changes that have been written, but may still be refused.
 * Several changes that wait for one answer go back together.
 */
#ifndef ESPGW_MODEL_CHANGE_UNDO_H
#define ESPGW_MODEL_CHANGE_UNDO_H

#include <stddef.h>
#include <stdint.h>

#include "control/model/text.h"

struct change_made;

struct change_undo {
	struct change_undo_file {
		char *path;
		struct text text;
		uint64_t says[2]; /* hash of it before and after the last change of it */
	} * files;
	size_t n;
	uint64_t seen; /* source_hash() of the configuration before the first of them */
};

/**
 * Before change_write(): keep what the file says now, taken out of made. Of a file that is known
 * the older text is the one to go back to. seen: source_hash() of the configuration as it is now. 0
 * or -ENOMEM. When the writing fails, what was kept of files known before stays right.
 */
int change_undo_keep(struct change_undo *u, struct change_made *made, uint64_t seen);

/** Forget all but the first n files. Wipes the texts. */
void change_undo_cut(struct change_undo *u, size_t n);

/**
 * Is the configuration at path still the one of hash seen? 0; -ESTALE: somebody has changed it, or
 * it cannot be a configuration any more; -errno: it cannot be read now.
 */
int change_undo_check(const char *path, uint64_t seen);

/**
 * Write all of it back, if the configuration at path is still the one of hash *seen, and each file
 * byte for byte what the last change made of it; *seen becomes the hash of before then. 0; -ENOENT:
 * nothing was kept; -ESTALE: somebody has changed it meanwhile; or -errno + why. All files go back
 * or, as far as change_write_all() can see to it, none. What was kept is forgotten in any case.
 */
int change_undo(struct change_undo *u, const char *path, uint64_t *seen, struct text *why);

#endif
