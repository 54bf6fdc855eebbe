/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ts2.h - traffic selector payloads of IKEv2 (RFC 7296 section 3.13) and narrowing (section 2.9).
 */
#ifndef ESPGW_IKE_TS2_H
#define ESPGW_IKE_TS2_H

#include "control/ike/ts.h"

struct ts2_list {
	uint16_t n;
	struct abi_range r[IKE2_MAX_TS];
};

/** Decode. Selectors of unknown type, and OPAQUE ports (RFC 4301 section 4.4.1.1), which we never
 * mean, are left out. 0, or -EBADMSG: a length that is not its type's, or a start past its end. */
int ts2_decode(struct ts2_list *list, const struct ike_pld_ts *pld);
/** Write the body. 0 or -EINVAL (none, too many, or one that is not valid). */
int ts2_put(struct wire_writer *w, const struct abi_range *r, size_t n);

struct ike_child_conf;
/** All selectors of a policy, ours or the peer's, into r. How many: 1 to ABI_MAX_SELECTORS. */
size_t ts2_of_conf(const struct ike_child_conf *conf, bool local,
		   struct abi_range r[ABI_MAX_SELECTORS]);

/** What of ours the peer's list leaves: the intersections, those that lie within others left out,
 * at most max. How many; 0 = nothing. */
size_t ts2_narrow(const struct abi_range *ours, size_t n_ours, const struct ts2_list *theirs,
		  struct abi_range *out, size_t max);
/** Is each of inner within one of outer? */
bool ts2_within(const struct abi_range *inner, size_t n_inner, const struct abi_range *outer,
		size_t n_outer);
/** Texts of all, separated by blanks; buf. */
char *ts2_print(const struct abi_range *r, size_t n, char *buf, size_t cap);

#endif
