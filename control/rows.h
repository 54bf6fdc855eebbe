/* SPDX-License-Identifier: BSD-3-Clause */
/* rows.h - the rows of the runtime menus (RouterOS's columns and meanings; see menus.h). */
#ifndef ESPGW_CONTROL_ROWS_H
#define ESPGW_CONTROL_ROWS_H

#include "control/model/menu_source.h"
#include "control/sa_table.h"
#include "control/segmap.h"

struct gateway;

#define NS_PER_SEC 1000000000ull

/** Whole seconds from one monotonic time to a later one; 0 when it is not later. */
static inline uint64_t rows_seconds(uint64_t from, uint64_t to)
{
	return to > from ? (to - from) / NS_PER_SEC : 0;
}

/* One row of installed-sa: where its facts come from, and room for the texts it borrows. */
struct rows_sa {
	const struct segmap *map;
	const struct sa_pair *pair;
	const struct sa_half *half; /* of pair */
	uint64_t now;		    /* monotonic ns */
	int64_t wall_now;	    /* seconds since 1970 */
	char workers[192];
	char causes[512];
};

/** Fill v (INSTALLED_SA_PROPS entries). Texts live as long as x. */
void rows_fill_sa(struct rows_sa *x, struct value *v);

/** The rows of MENU_DROP_SAMPLES; ctx is the gateway. */
void rows_samples(void *ctx, menu_emit *emit, void *arg);

/** Set the sources of all runtime menus in g->source. */
void rows_setup(struct gateway *g);

#endif
