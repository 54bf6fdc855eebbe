/* SPDX-License-Identifier: BSD-3-Clause */
/* netview.h - what the configured addresses and routes say about where packets go. Menus of both
 * families are alike, so one row type serves; a's family picks the menu. */
#ifndef ESPGW_MODEL_NETVIEW_H
#define ESPGW_MODEL_NETVIEW_H

#include "control/model/model.h"

/** The menu of addresses, and of routes, of a family (4 or 6). */
enum menu_id netview_addresses(uint8_t family);
enum menu_id netview_routes(uint8_t family);

/** The active address row whose network holds a, the longest first; NULL: none. */
const struct model_row *netview_connected(const struct model *m, const struct abi_addr *a);

/** The first active address row of a family of an interface that is in force; NULL: none. */
const struct model_row *netview_address_of(const struct model *m, int interface_row,
					   uint8_t family);

/** The active address row that is exactly this address; NULL: not ours. */
const struct model_row *netview_own(const struct model *m, const struct abi_addr *a);

/**
 * The address row that packets to a leave from: longest prefix over connected networks and active
 * routes, then the smaller distance. NULL: no way there.
 */
const struct model_row *netview_source(const struct model *m, const struct abi_addr *a);

/** Is an address row in force: neither it nor its interface disabled or broken. */
bool netview_address_active(const struct model *m, const struct model_row *row);

#endif
