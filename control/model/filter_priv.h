/* SPDX-License-Identifier: BSD-3-Clause */
/* filter_priv.h - a compiled filter. Shared by filter_parse.c and filter.c alone. */
#ifndef ESPGW_MODEL_FILTER_PRIV_H
#define ESPGW_MODEL_FILTER_PRIV_H

#include "control/model/filter.h"
#include "control/model/filter_lex.h"
#include "control/model/pattern.h"

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_TRUTH, FILTER_COMPARE };
enum filter_as { FILTER_AS_TEXT, FILTER_AS_NUMBER, FILTER_AS_ADDRESS, FILTER_AS_UNSET };

struct filter_node {
	enum filter_kind kind;
	int a, b; /* AND, OR, NOT: nodes */
	int prop;
	enum filter_op op;
	enum filter_as as;
	char *text;   /* AS_TEXT, and IN for messages */
	uint64_t num; /* AS_NUMBER */
	struct abi_addr addr;
	uint8_t prefix_len;	 /* IN */
	struct pattern *pattern; /* LIKE */
};

struct filter {
	const struct menu *menu;
	struct filter_node nodes[FILTER_MAX_NODES];
	int n, root;
	struct text scratch;
};

#endif
