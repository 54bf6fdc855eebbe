/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * refuse.h - the one function through which every refusal and failure goes: it keeps the evidence
 * and logs the words operators search for, once per minute and code.
 */
#ifndef ESPGW_IKE_REFUSE_H
#define ESPGW_IKE_REFUSE_H

#include "control/ike/evidence.h"
#include "control/ike/prop.h"
#include "control/ike/engine.h"

struct ike_peer;
struct ike_sa;
struct exchange;

struct refuse {
	enum ike_code code;
	const char *message; /* which message: "main mode message 5" */
	const char *classic; /* the well-known log text; may hold several, joined by "; " */
	const char *received, *configured; /* NULL = nothing to compare */
	const char *advice;
	uint32_t policy_id;
	uint32_t msgid;
	/* The same as data, as in struct ike_evidence; pointers may be NULL. */
	uint16_t notify;
	bool proven;
	enum ike_cause cause;
	uint16_t group;
	uint16_t sent, answered;
	struct ike_icmp icmp;
	const struct prop_diff *diff;
	const struct ike_identity_conf *id;
	const struct abi_range *ts_local, *ts_remote;
	uint16_t n_local, n_remote;
};

/** sa may be NULL: nothing came about yet. remote says who when there is no sa; may be NULL. */
void refuse(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
	    const struct abi_addr *remote, const struct refuse *r);

/** What is known of an exchange that got no answer: sizes, and what ICMP says. */
void refuse_silence(struct refuse *r, const struct exchange *x);
/** The same before its time: kept as evidence, not counted or logged until refuse() confirms it. */
void refuse_pending(struct ike_engine *e, struct ike_peer *peer, const struct ike_sa *sa,
		    const struct refuse *r);

/** Which code a proposal's diff means: DH or PFS when only the group differs, encapsulation, else
 * algorithms. */
enum ike_code refuse_diff_code(const struct prop_diff *d);
/** Both sides of a diff as texts of IKE_EVIDENCE_TEXT: "encr aes-256; hash sha1". Types that agree
 * are left out. */
void refuse_diff_print(const struct prop_diff *d, char *received, char *configured);

/** Log with the context of an SA or peer; either may be NULL. */
void refuse_log(struct ike_engine *e, enum ike_log_level level, const struct ike_peer *peer,
		const struct ike_sa *sa, uint32_t msgid, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/** The same, for what anybody can provoke: a few lines a second, and how many were left out. */
void refuse_log_stranger(struct ike_engine *e, enum ike_log_level level,
			 const struct ike_peer *peer, const struct ike_sa *sa, uint32_t msgid,
			 const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
