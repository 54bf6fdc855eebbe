/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture.h - a manager with a real segment in a directory of its own, one worker that does not run
 * (grace periods pass when the test says so), and control's ends of the rings.
 */
#ifndef ESPGW_TESTS_FIXTURE_H
#define ESPGW_TESTS_FIXTURE_H

#include "dataplane/manager.h"
#include "tests/unit/dataplane/harness.h"

#define FIXTURE_SAS	 64u
#define FIXTURE_POLICIES 8u

struct fixture {
	struct harness *h;
	struct segment segment;
	struct rte_rcu_qsbr *rcu;
	struct worker *workers[1]; /* the harness's, on the segment's lines */
	struct manager manager;
	struct abi_ring_view command, event, punt, inject; /* control's ends */
	uint64_t now;
	uint32_t last_id;
	char dir[64];
};

/** NULL when it cannot be made. */
struct fixture *fixture_create(void);
void fixture_free(struct fixture *f);

/** Send a command (request id and length filled in) and tick once. Returns its request id. */
uint32_t fixture_send(struct fixture *f, void *record, uint16_t type, size_t len);

/** fixture_send(), then the status of its answer, UINT16_MAX when there is none yet. *detail may be
 * NULL. Other events are skipped. */
uint16_t fixture_ask(struct fixture *f, void *record, uint16_t type, size_t len, uint32_t *detail);

/** BEGIN, COMMIT, SYNC, FLUSH. */
uint16_t fixture_generation(struct fixture *f, uint16_t type, uint32_t generation, uint32_t count);

/** Next event of this type, skipping others. False when there is none. */
bool fixture_event(struct fixture *f, uint16_t type, void *out, size_t len);

/** The worker reports a quiescent state, and the manager ticks. */
void fixture_grace(struct fixture *f);
void fixture_tick(struct fixture *f, uint64_t ns);

/** Install one PROTECT policy of this id, 10.1.0.0/16 to 10.2.0.0/16, alone in its generation. */
uint16_t fixture_policy(struct fixture *f, uint32_t id);
/** Install n of them, for the same traffic, with the ids from first on. */
uint16_t fixture_policies(struct fixture *f, uint32_t first, uint32_t n);
/** A good SA of this slot and direction for policy id: AES-128-CBC with HMAC-SHA1-96. */
struct abi_sa_add fixture_sa(uint32_t slot, uint8_t direction, uint32_t policy_id);

#endif
