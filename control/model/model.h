/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * model.h - a configuration: rows of values by menu. Made by file.c, checked by validate.c, turned
 * into what the daemon pushes by apply.c, printed by the console. Never changed after it was
 * checked: a reload makes a new one.
 *
 * A gateway has thousands of rows and most of what they say is the presets. So once the plan is
 * made the daemon packs the rows of lists (pack.h); then values and lines of those are NULL, and
 * who wants to look at one reads it with model_read(). Names can be looked up all the same.
 */
#ifndef ESPGW_MODEL_MODEL_H
#define ESPGW_MODEL_MODEL_H

#include "control/model/menus.h"
#include "control/model/value.h"

#define MODEL_MAX_TOLD 100

struct model_row {
	struct value *values;  /* of the menu's n_props; NULL while packed */
	unsigned *lines;       /* of each property that was given; behind values */
	const uint8_t *packed; /* the model's; NULL until it is packed */
	uint64_t given;	       /* bit per property: said in the file */
	const char *file;      /* where it stands; the model's */
	unsigned line;
	bool builtin;	   /* "default", which always exists */
	bool broken;	   /* a value was refused: cross-checks leave it alone */
	bool learnt_pairs; /* peer, multi-selector=auto: see selectors.h */
};

/* Room for one row that is read. */
struct model_reading {
	struct model_row row;
	struct value values[MENU_MAX_PROPS];
	unsigned lines[MENU_MAX_PROPS];
};

struct model_table {
	struct model_row *rows;
	size_t n, room;
};

struct model {
	struct model_table table[MENU_MAX];
	struct value *presets[MENU_MAX]; /* NULL until a menu has a row */
	char *path;
	uint64_t text_hash;	       /* source_hash() of the text that it was read from */
	uint64_t told[MODEL_MAX_TOLD]; /* what was warned of when it was loaded, hashed */
	size_t n_told;
	struct model_memory *memory; /* texts and bytes of all values, packed rows */
};

/** A model with the rows that always exist: default profile and proposal, settings, dataplane. */
struct model *model_new(const char *path);

/** Wipes the secrets. NULL is fine. */
void model_free(struct model *m);

/**
 * Append a row, all properties at their defaults. NULL + errno. Invalidates pointers to other rows
 * of that menu.
 */
struct model_row *model_add_row(struct model *m, enum menu_id menu, const char *file,
				unsigned line);

/** Bytes that live as long as the model and are wiped with it: at any address. NULL + ENOMEM. */
void *model_alloc(struct model *m, size_t len);
/** The model's one copy of a text. NULL + ENOMEM. */
const char *model_strdup(struct model *m, const char *s);

/** Pack the rows of lists; where memory is short they stay as they are. */
void model_pack(struct model *m);
/** Have all rows as before, for checking or planning anew. 0 or -ENOMEM: still packed. */
int model_unpack(struct model *m);
/** Row i of a menu, packed or not: valid as long as both m and r are. */
const struct model_row *model_read(const struct model *m, enum menu_id menu, size_t i,
				   struct model_reading *r);
/** The name of row i of a menu that has names; NULL when it has none. */
const char *model_name(const struct model *m, enum menu_id menu, size_t i);

/** The row of that name, or NULL. */
const struct model_row *model_find(const struct model *m, enum menu_id menu, const char *name);
/** Its index, or -1. */
int model_find_index(const struct model *m, enum menu_id menu, const char *name);

/** The one row of a single menu (settings, dataplane). */
const struct model_row *model_single(const struct model *m, enum menu_id menu);

/** Line where a property of a row was given, or the row's own. */
unsigned model_line(const struct model_row *row, int prop);

#endif
