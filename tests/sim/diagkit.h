/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diagkit.h - two gateways with configuration files between simulated engines: misconfigured by
 * editing a file, diagnosed, and cured by pasting the lines that diagnosis prints into a file.
 */
#ifndef ESPGW_TEST_DIAGKIT_H
#define ESPGW_TEST_DIAGKIT_H

#include "control/diag/diag.h"
#include "control/model/apply.h"
#include "control/model/text.h"
#include "tests/sim/sim.h"

#define DIAGKIT_SECRET "a secret of both sides, long"

struct model;

struct diagkit {
	struct sim s;
	char conf[2][8192];
	struct model *model[2];
	struct model_plan *plan[2];
	struct text text[2];	 /* the last diagnosis of each side, as people read it */
	struct text routeros[2]; /* the same with the peer's lines as RouterOS's */
	size_t n_codes[2];
	enum ike_code codes[2][DIAG_MAX_FINDINGS]; /* what it found */
	enum diag_confidence sure[2][DIAG_MAX_FINDINGS];
};

/** Both sides alike; side 1 waits for side 0. mode: "main" or "ike2". */
void diagkit_init(struct diagkit *k, uint64_t seed, const char *mode);
void diagkit_fini(struct diagkit *k);
/** Put a property into the row of a menu ("ip.ipsec.peer") that has these values (NULL: the first
 * row). rhs as in the file, with quotes. */
void diagkit_set(struct diagkit *k, int side, const char *menu, const char *key, const char *value,
		 const char *key2, const char *value2, const char *prop, const char *rhs);
/** Read a side's file and give it to its engine. Fails the test when the file is refused. */
void diagkit_load(struct diagkit *k, int side);
/** Diagnose a side. */
void diagkit_diagnose(struct diagkit *k, int side);
bool diagkit_found(const struct diagkit *k, int side, enum ike_code code,
		   enum diag_confidence sure);
/** Paste what the last diagnosis of a side says for its own file, or for the peer's, and load.
 * How many lines. */
unsigned diagkit_cure_here(struct diagkit *k, int side);
unsigned diagkit_cure_peer(struct diagkit *k, int side);

#endif
