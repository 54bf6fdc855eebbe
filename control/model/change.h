/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * change.h - add, set, remove and move rows of a configuration file, from the console. The text of
 * the file is edited where the change is and nowhere else; what includes it need not know.
 */
#ifndef ESPGW_MODEL_CHANGE_H
#define ESPGW_MODEL_CHANGE_H

#include "control/model/edit.h"
#include "control/model/menus.h"
#include "control/model/text.h"

#define CHANGE_MAX_PAIRS 64
#define CHANGE_MAX_ROWS	 (EDIT_MAX_PATCHES / 4) /* by one command */

struct model;
struct problems;

enum change_verb { CHANGE_ADD, CHANGE_SET, CHANGE_REMOVE, CHANGE_MOVE };

struct change_pair {
	int prop;   /* of the menu */
	char *text; /* owned, wiped; NULL: back to the default */
};

/* Which rows. */
enum change_pick {
	CHANGE_NONE,  /* none were named */
	CHANGE_ITEMS, /* "0,2", "to_tencent", "*1A" */
	CHANGE_WHERE, /* [find …]; NULL: all */
	CHANGE_DEFAULT,
};

struct change {
	enum change_verb verb;
	enum menu_id menu;
	struct change_pair pair[CHANGE_MAX_PAIRS];
	size_t n_pairs;
	enum change_pick pick;
	char *which;  /* owned */
	char *before; /* owned; the row to stand before: add, move. NULL: the end */
	/* What "print" shows, so what numbers mean; NULL: what the file says. */
	const struct model *shown;
	const uint64_t *seen; /* source_hash() of the file as it was last loaded; NULL: whatever */
};

void change_free(struct change *c);

struct change_made {
	char *path;	    /* the file to write: that of the configuration, or one it includes */
	struct text text;   /* its new content */
	struct text before; /* and the one that it has */
	size_t matched;	    /* how many rows were meant */
	size_t rows;	    /* how many changed; 0: nothing is to be written, there is no path */
};

/**
 * The file that a change makes of the configuration at path. Its result is not checked: load it
 * with model_load_with(). c->shown is not read again when the file is what it was made of. 0;
 * -EINVAL
 * + why (the change makes no sense, or the file as it is has
 * problems, which are added to problems); -ENOMEM. problems gets the warnings of the file as it is.
 */
int change_make(const struct change *c, const char *path, struct change_made *made,
		struct problems *problems, struct text *why);
void change_made_free(struct change_made *made);

/**
 * Put the text in the place of the file, all of it or nothing, with the owner and the mode that the
 * file has; a link stays one. 0, or -errno + why.
 */
int change_write(const struct change_made *made, struct text *why);

/**
 * The same of n files, of which none is there twice: none is replaced before all are written beside
 * the old ones. 0, or -errno + why; why tells whether something was changed all the same.
 */
int change_write_all(const struct change_made *made, size_t n, struct text *why);

#endif
