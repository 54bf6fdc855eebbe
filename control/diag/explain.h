/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain.h - pasted log lines of strongSwan (and of the clouds that run it), RouterOS and
 * libreswan, read for the rows of the error matrix: which codes they mean, how sure that is, what
 * each side should look at.
 *
 * Lines are looked for in the whole text with all blanks and line ends alike, for pasted lines are
 * often wrapped. Where none is there letter by letter, the nearest counts, for some are typed
 * (explain_near.c). Two tables say everything: texts to clues, clues to codes (explain_table.c).
 * Where the text holds both sides' proposals, their difference decides (explain_props.c).
 */
#ifndef ESPGW_DIAG_EXPLAIN_H
#define ESPGW_DIAG_EXPLAIN_H

#include <stddef.h>

#include "control/diag/diag.h"

#define EXPLAIN_MAX_INPUT (1u << 20)
#define EXPLAIN_GAP	  160u /* bytes that a * in a pattern spans at most */

/** Explain a text; what lies beyond EXPLAIN_MAX_INPUT is not read. Returns how many findings, or
 * -ENOMEM. With none, out says so. */
int explain_log(const char *log, size_t len, enum diag_lang lang, bool json, struct text *out);

/* --- what its files share --- */

/* What a line tells. */
enum clue {
	CLUE_UNDECRYPTABLE = 0,
	CLUE_MAC_MISMATCH,
	CLUE_NO_SHARED_KEY,
	CLUE_INIT_NO_PROP,
	CLUE_NO_CONFIG,
	CLUE_CLEAR_NO_PROP,
	CLUE_HASH_NO_PROP,
	CLUE_CHILD_NO_PROP,
	CLUE_NO_PROP,
	CLUE_AUTH_FAILED,
	CLUE_AUTH_FAILED_TYPO,
	CLUE_AUTH_FAILED_SEALED,
	CLUE_MODE,
	CLUE_ID,
	CLUE_NO_PEER_CONFIG,
	CLUE_RETRANSMIT,
	CLUE_CRITICAL,
	CLUE_INVALID_ID,
	CLUE_NO_CHILD_CONFIG,
	CLUE_TS_UNACCEPTABLE,
	CLUE_HASH_MISMATCH,
	CLUE_INTEGRITY,
	CLUE_NO_MATCHING,
	CLUE_PHASE1_NO_MATCH,
	CLUE_ROS_PROPOSAL,
	CLUE_ROS_PHASE1,
	CLUE_REJECTED_ALG,
	CLUE_REJECTED_GROUP,
	CLUE_KE_GROUP,
	CLUE_PFS,
	CLUE_REAUTH,
	CLUE_PHASE1_FAILED,
	CLUE_PHASE2_FAILED,
	CLUE_VERSION,
	CLUES,
};
#define CLUE(name) (1ull << CLUE_##name)

struct explain_pattern {
	const char *text; /* lower case; * spans up to EXPLAIN_GAP bytes */
	enum clue clue;
};

/* One of these clues, and none of those, means this. */
struct explain_rule {
	enum ike_code code;
	const char *row;
	enum diag_confidence confidence;
	uint64_t any, none;
	enum diag_say says[4]; /* SAY_COUNT: none */
	enum diag_say checks[3];
};

/** NULL past the end. */
const struct explain_pattern *explain_pattern_at(size_t i);
const struct explain_rule *explain_rule_at(size_t i);

/* Both sides' proposals, as strongSwan prints them. */
#define EXPLAIN_PROPS 16u
struct explain_props {
	bool known;	 /* there are some of both sides */
	bool phase1;	 /* "IKE:", else "ESP:" */
	unsigned always; /* the same, in all of the nearest */
	unsigned differ; /* bits 1 << enum explain_kind: in the nearest pair (in any of the nearest)
			  */
	char received[512], configured[1024];
};
enum explain_kind { KIND_ENCR = 0, KIND_INTEG, KIND_PRF, KIND_GROUP, KIND_ESN, KINDS };

/** How many letters of a pattern are wrong where text is nearest to it, *end behind that place; or
 * EXPLAIN_FAR: too many, or the pattern is too short to tell. */
unsigned explain_near(const char *text, size_t len, const char *pattern, size_t *end);
#define EXPLAIN_FAR	 1000u
#define EXPLAIN_NEAR_MAX (16u << 10) /* bytes that are looked through so */

/** From the text, blanks made equal. */
void explain_props_read(struct explain_props *p, const char *text);
const char *explain_kind_name(enum explain_kind kind);

#endif
