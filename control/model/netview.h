/* SPDX-License-Identifier: BSD-3-Clause */
/* netview.h - what the configured addresses and routes say about where packets go. */
#ifndef ESPGW_MODEL_NETVIEW_H
#define ESPGW_MODEL_NETVIEW_H

#include "control/model/model.h"

/** The active address row whose network holds v4 (host order), the longest first; NULL: none. */
const struct model_row *netview_connected(const struct model *m, uint32_t v4);

/** The first active address row of an interface that is in force; NULL: none. */
const struct model_row *netview_address_of(const struct model *m, int interface_row);

/** The active address row that is exactly this address; NULL: not ours. */
const struct model_row *netview_own(const struct model *m, uint32_t v4);

/**
 * The address row that packets to v4 leave from: longest prefix over connected networks and active
 * routes, then the smaller distance. NULL: no way there.
 */
const struct model_row *netview_source(const struct model *m, uint32_t v4);

/** Is an address row in force: neither it nor its interface disabled or broken. */
bool netview_address_active(const struct model *m, const struct model_row *row);

#endif
