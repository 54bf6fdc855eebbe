/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cross.h - what both sides begin at once, in every order in which it can happen. Two engines of a
 * simulation are set up with a pair; from then on each IKE message waits until it is chosen. At
 * each step one thing happens of those that can: the oldest message to one side or to the other
 * arrives, or the next of the actions begins. A path is the list of what was chosen; all paths are
 * gone through one after the other, or some are drawn. In each one message may be lost, or come
 * late.
 */
#ifndef ESPGW_SIM_CROSS_H
#define ESPGW_SIM_CROSS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/sim.h"

#define CROSS_ACTIONS 3
#define CROSS_DEPTH   48 /* choices of a path; after them the oldest comes first */
#define CROSS_QUEUE   32

enum cross_kind { CROSS_REKEY_PAIR = 0, CROSS_REKEY_IKE, CROSS_FLUSH, CROSS_END, CROSS_KINDS };

struct cross_action {
	int node;
	enum cross_kind kind;
};

struct cross_path {
	uint8_t pick[CROSS_DEPTH], of[CROSS_DEPTH];
	unsigned n, at;
	uint64_t dice; /* not 0: choices are drawn */
	/* What is chosen where the path goes on; NULL: the first. */
	unsigned (*branch)(struct cross_path *path, unsigned of);
};

enum cross_fate { CROSS_ARRIVES = 0, CROSS_LOST, CROSS_LATE };

struct cross_case {
	enum ike_exchange_mode mode;
	struct cross_action action[CROSS_ACTIONS];
	unsigned n_actions;
	bool pfs, slow_dataplane;
	bool together;	      /* all actions begin before any message arrives */
	enum cross_fate fate; /* of the message with this number, */
	unsigned which;	      /* counted from the first action on */
	uint64_t seed;	      /* of all that is random: nonces, SPIs, retransmission times */
	/* From the first action on: as struct sim has it, and each IKE message; NULL. */
	void (*drawn)(struct sim *s, int node, void *buf, size_t len);
	void (*sent)(int from, const uint8_t *data);
};

struct cross_end {
	unsigned sent; /* messages, while they were held */
	bool agreed, clean;
	uint64_t lost; /* packets, of both sides */
	unsigned sas[2];
	bool theirs; /* the IKE SA that is left was begun by node 1 */
	uint32_t spi[2];
};

/** Run a case along a path, which grows by the choices that are new; how it ended. */
void cross_run(const struct cross_case *c, struct cross_path *path, struct cross_end *end);
/** The next path of all; false: that was the last. */
bool cross_next(struct cross_path *path);
/** A number for a path and how it ended. */
uint64_t cross_hash(const struct cross_path *path, const struct cross_end *end);
void cross_print_case(const struct cross_case *c);
/** Print case, path and end, for whoever wants to run it again. */
void cross_print(const struct cross_case *c, const struct cross_path *path,
		 const struct cross_end *end);

#endif
