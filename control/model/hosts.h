/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts.h - the addresses of peers that are configured by name: which of the answers a peer gets.
 * What DNS says is anybody's word, so an answer is only taken that could stand in the file as well:
 * of the family of local-address, one host's, neither ours nor another peer's, and with a route.
 */
#ifndef ESPGW_MODEL_HOSTS_H
#define ESPGW_MODEL_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/api/messages.h"

struct model;

#define HOSTS_MAX_ANSWERS 16u

enum host_verdict {
	HOST_CHOSEN = 0,
	HOST_UNKNOWN,	 /* no answer yet */
	HOST_FAMILY,	 /* none of local-address's family */
	HOST_NO_HOST,	 /* loopback, multicast, "this host" */
	HOST_LINK_LOCAL, /* means nothing beyond one link */
	HOST_OURS,	 /* an address of this gateway */
	HOST_TAKEN,	 /* that of another peer */
	HOST_NO_ROUTE,
};

/* What is known of the name of a peer. */
struct host_known {
	struct abi_addr answers[HOSTS_MAX_ANSWERS];
	size_t n;
	struct abi_addr current; /* what the peer has now; family 0: none */
};

/* What comes of it. */
struct host_choice {
	struct abi_addr addr;	   /* family 0: none */
	enum host_verdict verdict; /* of the answers, also when addr stays as it was */
	struct abi_addr refused;   /* the answer that verdict is about */
	const char *rival;	   /* HOST_TAKEN: the peer that has it; the model's */
};

struct hosts {
	/* *out is empty. */
	void (*known)(void *ctx, const char *peer, const char *host, struct host_known *out);
	void (*chosen)(void *ctx, const char *peer, const struct host_choice *choice);
	void *ctx;
};

/**
 * Give every enabled peer of a model that has a name its address, or none, for the plan that is
 * made next. It keeps its current one while that is among the answers, or while no answer is
 * acceptable; otherwise it gets the first acceptable answer. Of two peers whose names stand for one
 * address the one that has it already keeps it, also while its own name fails, else the first one
 * gets it; peers of the same name
 * share theirs, unless only local-address would tell them apart and one of them has it from the
 * route there. The model must not be packed. 0 or -ENOMEM.
 */
int hosts_place(struct model *m, const struct hosts *h);

/** Is a one of the answers? */
bool hosts_among(const struct host_known *k, const struct abi_addr *a);

/** "is an address of our own": what a verdict says of an answer. Static. */
const char *hosts_verdict_text(enum host_verdict v);

#endif
