/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dataplane.h - the client of the contract: attaches to the segment, sends commands and matches
 * their answers, takes events and punted datagrams, injects ours.
 *
 * Everything happens inside dataplane_poll(), which the loop calls again and again; callbacks come
 * from there, never from dataplane_command(). Nothing blocks. Whatever the other side writes is
 * copied, then checked, then used; a record that breaks a rule is counted and dropped, a ring that
 * breaks a rule ends the attachment until the dataplane starts anew.
 *
 * Commands wait in a queue of ours while the ring is full or too many are unanswered (back-pressure
 * reaches control alone). Each one ends in exactly one call of its function: with the dataplane's
 * status, with -ETIMEDOUT, or with -ENOTCONN when the attachment ends.
 */
#ifndef ESPGW_CONTROL_DATAPLANE_H
#define ESPGW_CONTROL_DATAPLANE_H

#include "control/segmap.h"

/* ns from entering the ring, or from the answer to the command before it */
#define DATAPLANE_COMMAND_TIMEOUT    2000000000ull
#define DATAPLANE_COMMIT_TIMEOUT     30000000000ull /* of one that builds tables */
#define DATAPLANE_COMMIT_TIMEOUT_MAX (16 * DATAPLANE_COMMIT_TIMEOUT)
#define DATAPLANE_QUEUE_MAX	     200000u /* commands waiting, enough for the largest SPD */
#define DATAPLANE_QUEUE_PEERS	     50000u  /* of these, as many as peers' wishes may fill */

struct dataplane;

/** How a command ended: 0, a negated enum abi_status mapped to -errno, -ETIMEDOUT or -ENOTCONN. */
typedef void dataplane_reply_fn(void *arg, int rc, const struct abi_ev_reply *reply);

struct dataplane_ops {
	/* A segment was attached; fresh: of another dataplane than before (or the first). */
	void (*attached)(void *ctx, bool fresh);
	/* The attachment ends; the tables can still be read during the call. */
	void (*detaching)(void *ctx);
	void (*sa_event)(void *ctx, const struct abi_ev_sa *ev);
	void (*acquire)(void *ctx, const struct abi_ev_acquire *ev);
	void (*port)(void *ctx, const struct abi_ev_port *ev);
	void (*packet)(void *ctx, const struct abi_packet *p);
	/* Events were lost because their ring was full: compare with the tables. */
	void (*resync)(void *ctx);
};

enum dataplane_link {
	DATAPLANE_DOWN,	  /* no segment, or none that can be used */
	DATAPLANE_UP,	  /* attached, heartbeat seen */
	DATAPLANE_SILENT, /* attached, no heartbeat for a second */
	DATAPLANE_FAULTY, /* broke the rules; waits for another epoch */
};

struct dataplane_stats {
	uint64_t bad_events;   /* unknown type, wrong length, field out of its domain */
	uint64_t bad_packets;  /* the same in the punt ring */
	uint64_t late_replies; /* answers to commands that had timed out, or were not ours */
	uint64_t timeouts;
	uint64_t inject_full; /* datagrams of ours dropped */
	uint64_t attachments;
	uint64_t resyncs;
};

/** name is that of the segment without /dev/shm ("/espgw-lab"). NULL + errno. */
struct dataplane *dataplane_new(const char *name, const struct dataplane_ops *ops, void *ctx);
/** Detach without callbacks; queued commands are dropped. */
void dataplane_free(struct dataplane *d);

/**
 * One turn: attach or notice a change, beat, move commands, take at most a bounded number of events
 * and packets. Returns how many records moved.
 */
unsigned int dataplane_poll(struct dataplane *d, uint64_t now);

/**
 * Queue one command; msg starts with struct abi_msg, whose request id is filled in here. A copy is
 * kept (in locked memory for SA_ADD) and wiped after use. fn may be NULL. 0; -ENOTCONN when not
 * attached, -ENOBUFS when the queue is full, -ENOMEM.
 */
int dataplane_command(struct dataplane *d, const void *msg, size_t len, dataplane_reply_fn *fn,
		      void *arg);

/** Take back the n commands that were queued last, of which none was sent yet: their fn is not
 * called. For who queued many since the latest dataplane_poll() and has no room for the rest. */
void dataplane_retract(struct dataplane *d, size_t n);

/** Commands queued or unanswered. */
size_t dataplane_pending(const struct dataplane *d);

/** Put one datagram into the inject ring, after the commands that wait. 0, -ENOTCONN, -ENOBUFS
 * (counted), -EMSGSIZE. */
int dataplane_inject(struct dataplane *d, const struct abi_packet *p);

enum dataplane_link dataplane_link(const struct dataplane *d);
const struct dataplane_stats *dataplane_stats(const struct dataplane *d);
/** The mapping, for reading tables; never NULL, its base is NULL while there is none. */
const struct segmap *dataplane_map(const struct dataplane *d);
/** Geometry of the attached segment; 0 while there is none. */
uint32_t dataplane_max_sas(const struct dataplane *d);

#endif
