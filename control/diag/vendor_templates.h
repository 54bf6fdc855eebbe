/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vendor_templates.h - how each product calls a setting: the one table. A text holds placeholders,
 * {x}, which vendor.c replaces in that product's words: enc hash group (pfs: the group, or the word
 * for none), suite, mode mode1 MODE ikev version aggressive, id idtype, addr, local remote and of
 * them net (first address), bits (prefix length) and wild (wildcard mask), tunnel tunnelbool, n.
 */
#ifndef ESPGW_DIAG_VENDOR_TEMPLATES_H
#define ESPGW_DIAG_VENDOR_TEMPLATES_H

#include "control/diag/diag.h"

struct vendor_template {
	enum ike_vendor vendor; /* IKE_VENDOR_UNKNOWN: for all that have no row of their own */
	enum diag_set set;
	uint32_t what; /* of a suite: only when one of these must change; 0: always */
	const char *where, *text;
};

/** The i-th row, NULL past the end. */
const struct vendor_template *vendor_template_at(size_t i);

#endif
