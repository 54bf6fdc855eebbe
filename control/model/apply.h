/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * apply.h - from a valid model to what the daemon pushes: plain structs with every reference
 * resolved, every default filled in, disabled rows left out.
 */
#ifndef ESPGW_MODEL_APPLY_H
#define ESPGW_MODEL_APPLY_H

#include "control/ike/conf.h"
#include "dataplane/api/messages.h"

struct model;
struct problems;

struct plan_interface {
	char name[ABI_NAME_LEN];
	uint16_t mtu;
};

/* Where the policies that are generated from a template are matched. */
struct plan_template {
	uint32_t id;   /* as in ike_peer_conf.templates */
	size_t before; /* index in policies */
};

/* A host behind a tunnel that is watched: /tool netwatch. Whole of it is compared: no padding. */
struct plan_watch {
	char name[IKE_CONF_NAME];
	char peer[IKE_CONF_NAME];  /* whose tunnel it tells of; "" = none's */
	struct abi_addr host, src; /* IPv4 */
	uint32_t interval;	   /* ms, between pings of ours */
	uint32_t failures;	   /* in a row, until it is down */
	uint32_t probe;		   /* 1: we ping it */
	uint32_t expect_interval;  /* ms, between pings of its; 0 = none are expected */
	uint32_t expect_failures;
};

/* Two policies of the same traffic, by index: the first one in force is the one that is meant,
 * unless they are swapped (control/standby_io.c). */
struct plan_standby {
	size_t first, second;
	bool swapped;
	uint64_t quiet; /* ns: not swapped again before */
};

#define PLAN_ID_GENERATED 0x80000000u /* in ids of generated policies alone */

/*
 * msg and generation of the ABI records are zero: whoever sends them fills those in. port in
 * addresses and routes is an index into interfaces; the sender replaces it by the index of the port
 * of that name in the segment's port table (routes: ABI_PORT_ANY stays).
 */
struct model_plan {
	struct plan_interface *interfaces;
	size_t n_interfaces;
	struct abi_address *addresses;
	size_t n_addresses;
	struct abi_route *routes;
	size_t n_routes;
	struct abi_policy *policies;	     /* in order of match */
	char (*policy_peers)[IKE_CONF_NAME]; /* the peer of each; "" without one */
	size_t n_policies;
	struct plan_template *templates; /* in the order of the file */
	size_t n_templates;
	struct plan_standby *standbys;
	size_t n_standbys;
	uint64_t standby_look; /* ns: when they are looked at again */
	struct plan_watch *watches;
	size_t n_watches;
	struct ike_peer_conf *peers; /* enabled ones; children and psk belong to the plan */
	size_t n_peers;
	/* Row of /ip ipsec policy -> policy id; 0 for disabled rows. Indexed by row. */
	uint32_t *policy_ids;
	size_t n_policy_ids;
};

/**
 * Build the plan of a model that model_validate() has passed. A policy keeps its id as long as its
 * action, peer and selectors stay: ids depend on those alone, and on previous (NULL or the plan in
 * force) where two policies would hash alike; so they survive reloads and restarts. Problems that
 * show only here (no route to a peer) go into problems.
 * Returns NULL when there are problems or memory ran out.
 */
struct model_plan *model_plan_new(const struct model *m, const struct model_plan *previous,
				  struct problems *problems);

/** Wipes the secrets. NULL is fine. */
void model_plan_free(struct model_plan *plan);

#endif
