/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * model.h - a configuration: rows of values by menu. Made by file.c, checked by validate.c, turned
 * into what the daemon pushes by apply.c, printed by the console. Never changed after it was
 * checked: a reload makes a new one.
 */
#ifndef ESPGW_MODEL_MODEL_H
#define ESPGW_MODEL_MODEL_H

#include "control/model/menus.h"
#include "control/model/value.h"

struct model_row {
	struct value *values; /* of the menu's n_props */
	uint64_t given;	      /* bit per property: said in the file */
	const char *file;     /* where it stands; the model's */
	unsigned line;
	unsigned lines[MENU_MAX_PROPS]; /* of each property that was given */
	bool builtin;			/* "default", which always exists */
	bool broken;			/* a value was refused: cross-checks leave it alone */
	bool learnt_pairs;		/* peer, multi-selector=auto: see selectors.h */
};

struct model_table {
	struct model_row *rows;
	size_t n, room;
};

struct model {
	struct model_table table[MENU_MAX];
	char *path;
	struct model_memory *memory; /* texts and bytes of all values */
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

/** Memory that lives as long as the model and is wiped with it. NULL + ENOMEM. */
void *model_alloc(struct model *m, size_t len);
char *model_strdup(struct model *m, const char *s);

/** The row of that name, or NULL. */
const struct model_row *model_find(const struct model *m, enum menu_id menu, const char *name);
/** Its index, or -1. */
int model_find_index(const struct model *m, enum menu_id menu, const char *name);

/** The one row of a single menu (settings, dataplane). */
const struct model_row *model_single(const struct model *m, enum menu_id menu);

/** Line where a property of a row was given, or the row's own. */
unsigned model_line(const struct model_row *row, int prop);

#endif
