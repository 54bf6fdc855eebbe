/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schema.h - the one schema: menus as tables of typed properties. The file, the console, its help
 * and its messages all come from it. The tables themselves are in menus.h (properties) and
 * domains.c (words and ranges); adding a property is one line there.
 */
#ifndef ESPGW_MODEL_SCHEMA_H
#define ESPGW_MODEL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prop_type {
	PROP_BOOL,
	PROP_INT,
	PROP_COUNT,
	PROP_SPI,
	PROP_TIME,
	PROP_DATE,
	PROP_TIME_PAIR,
	PROP_COUNT_PAIR,
	PROP_ADDRESS,
	PROP_PREFIX,
	PROP_HOST,
	PROP_ENDPOINT,
	PROP_GATEWAY,
	PROP_PORT,
	PROP_PROTOCOL,
	PROP_ENUM,
	PROP_LIST,
	PROP_REF,
	PROP_STRING,
	PROP_WORD,
	PROP_IDENT,
	PROP_SECRET,
	PROP_KEY,
};

#define PROP_F_REQUIRED (1u << 0)
#define PROP_F_NAME	(1u << 1) /* unique in its menu; others refer to it */
#define PROP_F_RUNTIME	(1u << 2) /* filled from what runs; read-only, not in the file */
#define PROP_F_SECRET	(1u << 3) /* <hidden> unless show-sensitive is said */
#define PROP_F_DETAIL	(1u << 4) /* only in print detail and JSON */
#define PROP_F_REFUSED	(1u << 5) /* RouterOS has it, espgw does not: help says why */

/* A word of an enumeration. */
struct domain_word {
	const char *name;
	uint32_t value;	     /* what code knows it by; 0 where the name itself is looked up */
	const char *refused; /* NULL, or why it is known but not accepted */
	const char *instead; /* refused: the nearest accepted word, or NULL */
};

struct domain {
	int64_t min, max;		 /* PROP_INT, PROP_TIME (seconds), lengths of PROP_STRING */
	const struct domain_word *words; /* ends with a NULL name */
	const char *off; /* the word for 0 of a PROP_TIME, for VALUE_ANY of a PROP_INT */
	int ref;	 /* PROP_REF: enum menu_id */
	uint8_t family;	 /* addresses: 4, 6, or 0 for both */
};

struct prop {
	const char *name;
	enum prop_type type;
	uint32_t flags;
	const char *preset; /* the default, as text; NULL = none */
	const struct domain *domain;
	const char *help;
};

#define MENU_F_SINGLE  (1u << 0) /* one row, a group in the file instead of a list */
#define MENU_F_RUNTIME (1u << 1) /* no configuration at all */

struct menu {
	const char *path; /* "ip ipsec peer": words of the console, groups of the file */
	const struct prop *props;
	size_t n_props;
	uint32_t flags;
	const char *help;
};

/* A menu of RouterOS that espgw does not have. */
struct refused_menu {
	const char *path;
	const char *why;
};

/** Menu by its enum menu_id. */
const struct menu *schema_menu(int id);

/** Index of a property in its menu, or -1. */
int schema_find_prop(const struct menu *m, const char *name);

/** Menu id by path ("ip ipsec peer"), or -1. */
int schema_find_menu(const char *path);

/** Does path lie below parent ("" is above all)? */
bool schema_is_below(const char *path, const char *parent);

/** Is there a menu, known or refused, below path? */
bool schema_is_parent(const char *path);

/** Why a path is refused, or NULL when it is not a known menu of RouterOS. */
const char *schema_refused_menu(const char *path);

/** The id of the property that names the menu's rows, or -1. */
int schema_name_prop(const struct menu *m);

#endif
