/* SPDX-License-Identifier: BSD-3-Clause */
/* change_doc.h - a configuration that is being changed: its text, its model, and where in the text
 * the rows of one menu stand. */
#ifndef ESPGW_MODEL_CHANGE_DOC_H
#define ESPGW_MODEL_CHANGE_DOC_H

#include "control/model/change.h"
#include "control/model/change_file.h"

struct model;

/* Where a menu stands in the text. */
struct change_place {
	struct edit_span inside; /* of the innermost of its groups that is there */
	const char *missing;	 /* words of those that are not, "" when all are */
	bool there;		 /* the menu's own setting */
	struct edit_setting own;
	char words[96]; /* "ip ipsec", "policy-group" behind a zero */
	const char *leaf;
};

struct change_doc {
	struct change_file file; /* all of the text */
	const struct model *model;
	const struct change *change;
	enum menu_id menu_id;
	const struct menu *menu;
	struct change_place place;
	struct edit_span *element; /* of the list */
	size_t *comma;		   /* place of the one behind an element; 0: none */
	int *row_of;		   /* element -> row of the model */
	size_t n;
	struct edit *edit;
	struct text *why;
};

/** Find the menu and its rows in the text; file, model, menu_id and why are there already. 0,
 * -EINVAL
 * + why, or -ENOMEM. */
int change_doc_find(struct change_doc *d);
/** Frees what change_doc_find() made. */
void change_doc_free(struct change_doc *d);

/** The element that is a row of the model, or -1: it is a default that stands nowhere. */
int change_doc_element(const struct change_doc *d, size_t row);

/** Does a menu always have a row "default", its first? */
bool change_doc_has_builtin(enum menu_id id);

#endif
