/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gateway.h - the numerator: one worker's whole pipeline (parse, policy or SAD look-up, replay
 * window, crypto, selector check, headers, checksums, counters, route, neighbour, transmit buffer)
 * over in-process ports, in the bench's process.
 */
#ifndef ESPGW_BENCH_GATEWAY_H
#define ESPGW_BENCH_GATEWAY_H

#include <stdint.h>

#include "dataplane/stages.h"
#include "tests/bench/raw.h"

enum gateway_path {
	GATEWAY_OUT,
	GATEWAY_IN,
	GATEWAY_FORWARD,
	GATEWAY_MISS,	 /* forwarded, and every packet is the first of its flow */
	GATEWAY_FORGED,	 /* inbound with a wrong integrity check value: all are dropped */
	GATEWAY_UNKNOWN, /* inbound to an SPI that we never gave: all are dropped */
};

#define GATEWAY_TUNNELS 16u /* at most */

/* What tunnels look like; of zeroes: IPv4 in IPv4, in no UDP, numbers of 32 bits. */
struct gateway_shape {
	bool udp;    /* RFC 3948 */
	bool esn;    /* RFC 4303 section 2.2.1 */
	bool inner6; /* not with GATEWAY_MISS */
	bool outer6;
};

struct gateway;

/** A worker with one tunnel of this suite and shape in both directions. NULL, said on stderr, when
 * something is missing. */
struct gateway *gateway_create(const struct raw_suite *suite, struct gateway_shape shape,
			       unsigned int n);
void gateway_free(struct gateway *g);

/** Have GATEWAY_TUNNELS tunnels of this suite, its own, in the place of one: packets are theirs by
 * turns. 0, or -1, said on stderr. */
int gateway_add_tunnels(struct gateway *g, const struct raw_suite *suite);

/**
 * Send n packets of inner_len[i] bytes through path and return the TSC cycles that took, from the
 * receive burst to the hand-over to the port; making the packets is not timed. UINT64_MAX unless
 * all n came out, or none where the path drops them.
 */
uint64_t gateway_run(struct gateway *g, enum gateway_path path, const uint16_t *inner_len,
		     unsigned int n);

/*
 * The same in pieces, for a bench that decides when packets arrive: prepare, any number of inputs,
 * then gateway_sent() tells how many have come out.
 */

/** Make n packets of inner_len[i] bytes for path and set the count of sent ones to 0. 0 or -1. */
int gateway_prepare(struct gateway *g, enum gateway_path path, const uint16_t *inner_len,
		    unsigned int n);

/*
 * What the manager does to the tables of a running gateway, for a bench that asks whether its
 * packets notice.
 */

/** Install and remove n SAs that carry nothing, one after the other. 0, or -1, said on stderr. */
int gateway_change_sas(struct gateway *g, unsigned int n);
/** Put a table of n policies, those of the gateway's tunnels the last of them, in the place of the
 * one there is. 0, or -1, said on stderr. */
int gateway_change_policies(struct gateway *g, unsigned int n);

/** Let n of the prepared packets, from the first-th on, arrive at the worker at once. Never
 * inlined, so that a profiler finds it. */
void gateway_input(struct gateway *g, enum gateway_path path, unsigned int first, unsigned int n)
	__attribute__((noinline));

/** Free prepared packets that shall not arrive. */
void gateway_lose(struct gateway *g, unsigned int first, unsigned int n);

uint64_t gateway_sent(const struct gateway *g);

/** Count the cycles of the pipeline's stages from here on, from zero, or stop. The counts stay;
 * they cost the packets some cycles themselves. */
void gateway_measure(struct gateway *g, bool on);
const struct stages *gateway_stages(const struct gateway *g);

#endif
