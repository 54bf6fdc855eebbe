/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names.h - the DNS names of peers: when each is asked for, what the answers were, which address
 * the peer has.
 *
 *   names_follow() of a configuration -> names_tick() asks -> names_answer() -> names_tick() says
 *   that a plan has to be made -> hosts_place() with names_hosts() chooses, and tells here ->
 *   names_settle() when that plan is in force, or was refused
 *
 * A name is asked for at the start, when the time to live of its answer is over, and, RouterOS's
 * way, when the peer fails. Answers stay until there are others: one that fails to come does not
 * take the address away. Failures are asked for again later and later; so is a name of which one
 * family is missing, but for the first time after NAMES_TTL_LEAST, and not later than its answers
 * hold. The log has one line for each change. A peer has an entry of its own, also where two have
 * one name.
 *
 * Pure: time is passed in (monotonic ns), questions go out through struct names_ops.
 * Single-threaded.
 */
#ifndef ESPGW_CONTROL_NAMES_H
#define ESPGW_CONTROL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "control/model/hosts.h"

struct model;
struct names;

#define NAMES_TTL_LEAST	   30u	  /* s: what is shorter counts as this */
#define NAMES_TTL_MOST	   86400u /* s: what is longer counts as this */
#define NAMES_BACKOFF	   5u	  /* s, doubled with each failure in a row, */
#define NAMES_BACKOFF_MOST 300u	  /* s, up to this */
#define NAMES_AGAIN	   5u	/* s: a peer that fails has its name asked for this often at most */
#define NAMES_ASKING_MOST  32u	/* questions at a time */
#define NAMES_GIVE_UP	   120u /* s: a question that nobody answered has failed */

enum names_status {
	NAMES_UNASKED = 0, /* nothing is known yet */
	NAMES_FOUND,
	NAMES_NO_NAME,	  /* NXDOMAIN */
	NAMES_NO_ADDRESS, /* the name is there, and has no address of the family */
	NAMES_TIMEOUT,	  /* no name server answered */
	NAMES_SERVER,	  /* a name server failed or refused to answer */
	NAMES_BAD_ANSWER, /* too long or malformed */
	NAMES_NOT_ASKED,  /* the question could not be sent: no name server, no network */
};

/* An answer, of both families. Addresses are whole: unused bytes are zero. */
struct names_answer {
	enum names_status status;
	uint32_t ttl; /* s */
	/* Of this family nothing was learnt, whatever there is of the other one: what was known
	 * of it stays. */
	bool missing4, missing6;
	size_t n;
	struct abi_addr addrs[HOSTS_MAX_ANSWERS];
};

/* A question. What it points to lives during the call. */
struct names_question {
	const char *peer, *host;
	uint64_t serial;
	uint8_t family; /* 4, 6; 0: both */
};

struct names_ops {
	/** Answered by names_answer() with peer and serial, at once or later. 0, or -errno: it
	 * could not be asked. */
	int (*ask)(void *ctx, const struct names_question *q);
};

/* What is known of a peer's name; borrowed until the next call. */
struct names_state {
	const char *host;
	struct abi_addr addr; /* in use; family 0: none */
	enum names_status status;
	enum host_verdict verdict; /* of the answers */
	struct abi_addr refused;   /* the answer it is about */
	const char *rival;	   /* HOST_TAKEN: the peer that has it */
	uint64_t since, last;	   /* first and latest failure in a row; 0: it did not fail */
	uint32_t failures;	   /* in a row */
};

/** seed: for jitter. NULL + ENOMEM. */
struct names *names_new(uint64_t seed);
void names_free(struct names *n);
/** Who answers; ctx and ops must outlive it. Before that all questions fail. */
void names_use(struct names *n, const struct names_ops *ops, void *ctx);

/** The configuration in force: names that are still there keep what is known. m may be packed. 0 or
 * -ENOMEM (some are not followed). */
int names_follow(struct names *n, const struct model *m, uint64_t now);
/** Ask what is due. True: addresses have to be chosen anew. */
bool names_tick(struct names *n, uint64_t now);
/** What comes for a question that is not the latest of its peer is dropped. */
void names_answer(struct names *n, const char *peer, uint64_t serial, const struct names_answer *a,
		  uint64_t now);
/** The peer does not answer: its name is asked for soon. */
void names_failed(struct names *n, const char *peer, uint64_t now);

/** For hosts_place(): gives what is known, takes what is chosen, for names_settle(). */
const struct hosts *names_hosts(struct names *n);
/** What was chosen last is in force, and logged; or it is not, and forgotten. True: peers have to
 * be placed anew, for what is known of a name is not what is in force. */
bool names_settle(struct names *n, bool in_force);

/** False: the peer has no name. */
bool names_look(const struct names *n, const char *peer, struct names_state *out);
/** "no such name (NXDOMAIN)". Static. */
const char *names_status_text(enum names_status s);

#endif
