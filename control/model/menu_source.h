/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * menu_source.h - where the rows of the runtime menus come from. The daemon fills one struct
 * menu_source per menu that has runtime properties; the console prints and filters what it gets.
 *
 *   MENU_ACTIVE_PEERS, MENU_INSTALLED_SA, MENU_STATISTICS, MENU_IKE_COUNTERS,
 *   MENU_DROP_SAMPLES, MENU_LOG: rows() emits every row.
 *   MENU_STATISTICS: exactly one row; property id = enum drop_reason - 1 (counters.h).
 *   MENU_IKE_COUNTERS: exactly one row.
 *   MENU_INTERFACE, MENU_PEER, MENU_POLICY: fill() adds the runtime properties of one configured
 * row; rows() of MENU_POLICY emits the dynamic ones, behind those.
 */
#ifndef ESPGW_MODEL_MENU_SOURCE_H
#define ESPGW_MODEL_MENU_SOURCE_H

#include "control/model/menus.h"
#include "control/model/value.h"

/**
 * Take one row. values has an entry per property of the menu (menus.h), unset where there is
 * nothing to say; the row's texts and bytes need to live only during the call. id is the row's
 * stable number (RouterOS's ".id"): the SPI, the id of the IKE SA, a record number. Returns false
 * when no more rows are wanted.
 */
typedef bool menu_emit(void *arg, uint64_t id, const struct value *values);

/* What names a configured row to fill(). */
struct menu_key {
	const char *name;   /* MENU_INTERFACE, MENU_PEER: its name */
	uint32_t policy_id; /* MENU_POLICY: abi_policy.policy_id; 0 when it is not in force */
};

struct menu_source {
	/* Emit the rows in the order to print them. NULL for menus without rows of their own. */
	void (*rows)(void *ctx, menu_emit *emit, void *arg);
	/* Set the PROP_F_RUNTIME properties in values (size: the menu's). NULL: none. */
	void (*fill)(void *ctx, const struct menu_key *key, struct value *values);
	void *ctx;
};

/** Clear the values of a row before it is filled. */
static inline void menu_row_clear(struct value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		values[i] = (struct value){0};
}

#endif
