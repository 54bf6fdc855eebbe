/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * print.h - rows to text. A printer takes rows one by one and appends; nothing is kept, so a menu
 * of twenty thousand rows needs no more memory than its text.
 */
#ifndef ESPGW_CONSOLE_PRINT_H
#define ESPGW_CONSOLE_PRINT_H

#include "control/console/layout.h"
#include "control/model/text.h"
#include "control/model/value.h"

struct printer {
	enum menu_id id;
	const struct menu *menu;
	const struct layout *layout;
	struct text *out;
	unsigned int width;
	bool json, detail, terse, sensitive;
	size_t rows; /* printed so far */
};

/** Set up; the rest of the fields is the caller's. */
void print_init(struct printer *p, enum menu_id id, struct text *out);

/**
 * What goes before, one row, what goes after. number is the row's place in the whole menu, shown
 * in front of it; id its stable number (".id" in JSON).
 */
void print_begin(struct printer *p);
void print_row(struct printer *p, size_t number, uint64_t id, const struct value *values);
void print_end(struct printer *p);

/* The forms, chosen by print_row(). */
void print_table_header(struct printer *p);
void print_table_row(struct printer *p, size_t number, const struct value *values);
void print_pairs_row(struct printer *p, size_t number, const struct value *values);
void print_terse_row(struct printer *p, size_t number, const struct value *values);
void print_single_row(struct printer *p, const struct value *values);
void print_log_row(struct printer *p, const struct value *values);
void print_json_row(struct printer *p, uint64_t id, const struct value *values);

/** Number and flags, "%2zu" and a letter or blank per slot, with the ";;;" line when the row has a
 * comment; leaves the line open behind a blank. */
void print_head(struct printer *p, size_t number, const struct value *values);

/** Is a property part of this print-out at all? */
bool print_wants(const struct printer *p, int prop, const struct value *v);

/** Append a value, <hidden> in place of a secret that was not asked for. */
void print_value(const struct printer *p, int prop, const struct value *v, struct text *out);

#endif
