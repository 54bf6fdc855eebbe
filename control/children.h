/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * children.h - between the engine's child SAs and the SAs of the data plane.
 *
 * The engine names a pair by its token; here it becomes two SA_ADD commands, inbound first, and one
 * result. Three things happen besides:
 *
 *  - Resume. When the dataplane was restarted, every pair is installed again with ABI_SA_F_RESUME
 *    and the sequence mark of the old segment, so peers notice nothing and no number is used twice.
 *  - Adoption. When control was restarted, the SAs found in the status table are left running if
 *    they serve a policy of ours, and deleted if not. Keys are not known then, nor is there an IKE
 *    SA; they are removed ADOPTED_GRACE after new SAs took over and no packet arrives on them any
 *    more, or when they expire.
 *  - Comparing after lost events.
 *
 * Callbacks come from dataplane_poll() and from children_tick(), never from the functions the
 * engine calls.
 */
#ifndef ESPGW_CONTROL_CHILDREN_H
#define ESPGW_CONTROL_CHILDREN_H

#include "control/dataplane.h"
#include "control/sa_table.h"

#define CHILDREN_ADOPTED_GRACE 10000000000ull /* ns */
#define CHILDREN_SWITCH	       1000000000ull  /* ns, from an adopted pair to the new one */

struct children;

/* A policy that protects, as far as SAs are concerned. */
struct children_policy {
	const char *peer, *comment;
	struct abi_addr remote; /* family 0: anywhere */
};

struct children_ops {
	void (*result)(void *ctx, uint64_t token, int rc);
	/* limit: enum abi_limit, 0 when it is not known */
	void (*expired)(void *ctx, uint64_t token, bool hard, uint8_t limit);
	void (*first_traffic)(void *ctx, uint64_t token);
	void (*moved)(void *ctx, uint64_t token, const struct abi_addr *remote, uint16_t port);
	/* False when no PROTECT policy has that id. */
	bool (*policy)(void *ctx, uint32_t policy_id, struct children_policy *out);
	int64_t (*wall)(void *ctx); /* seconds since 1970 */
	int (*random)(void *ctx, void *buf, size_t len);
};

/** NULL + errno. */
struct children *children_new(struct dataplane *dp, const struct children_ops *ops, void *ctx);
/** Forget everything and wipe keys; nothing is sent. */
void children_free(struct children *c);

/** For the engine's ops. */
uint32_t children_take_spi(struct children *c);
void children_release_spi(struct children *c, uint32_t spi);
/** The peer is offered this SPI now, and may use it before the SA is installed. */
void children_expect_spi(struct children *c, uint32_t spi);
void children_install(struct children *c, const struct ike_child_sa *sa, uint64_t now);
void children_current(struct children *c, uint64_t token);
void children_remove(struct children *c, uint64_t token);
/** A pair in UDP goes to and comes from there; also when that is not new: a dataplane that has told
 * of another place tells again when packets come from it. */
void children_moved(struct children *c, uint64_t token, const struct abi_addr *remote,
		    uint16_t port);

/** What is installed from now on waits for children_release(): its policy is not in force. */
void children_hold(struct children *c);
void children_release(struct children *c);

/** From the dataplane's callbacks. */
void children_event(struct children *c, const struct abi_ev_sa *ev);
/** While the old tables can still be read: keep sequence marks. */
void children_detaching(struct children *c);
/** Another dataplane: install everything again. Call after the policies were queued. */
void children_resume(struct children *c, uint64_t now);
/** Look through the status table: adopt what serves our policies, delete what serves none. Returns
 * the number of pairs adopted. */
unsigned int children_adopt(struct children *c, uint64_t now);
/** The engine knows an adopted pair after all: it is like its own from now on, but for the keys,
 * so it does not outlive the dataplane. False: there is no such pair. */
bool children_claim(struct children *c, uint64_t token, uint32_t policy_id, uint32_t spi_in,
		    uint32_t spi_out);
/** Events were lost: tell the engine what the tables show. */
void children_resync(struct children *c);

/** Deliver results that are due; once a second retire adopted pairs. */
void children_tick(struct children *c, uint64_t now);

/** Delete every SA of ours, adopted ones too (orderly stop). */
void children_remove_all(struct children *c);
/** Delete the adopted ones only (installed-sa flush). */
void children_remove_adopted(struct children *c);

/** True when an adopted pair of that peer is left. */
bool children_has_adopted(const struct children *c, const char *peer);

/** The record, for printing. NULL before the first attachment. */
struct sa_table *children_table(struct children *c);

#endif
