/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sa_table.h - our record of what is installed in the data plane: pairs of SAs, the slots they
 * take, and the SPIs we give away.
 *
 * The record holds what the status table cannot: keys (in locked memory, for show-sensitive and for
 * installing again after a restart of the dataplane), the peer, the wall clock. It is plain state:
 * no rings, no clock. Slots and inbound SPIs are chosen here. A slot is taken by next fit, so that
 * it rests as long as possible between two SAs, and an SPI is drawn at random around it and never
 * equals one of the last SA_TABLE_HISTORY of its slot; so no SPI comes back before
 * SA_TABLE_HISTORY x (size of the table) others have been given away.
 */
#ifndef ESPGW_CONTROL_SA_TABLE_H
#define ESPGW_CONTROL_SA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/ike/engine.h"
#include "dataplane/api/segment.h"

#define SA_TABLE_HISTORY 4u
#define SA_TABLE_NONE	 UINT32_MAX

struct children;
struct secret;

/* Key bytes of one SA, kept in a struct secret. */
struct sa_keys {
	uint8_t encr_key[32];
	uint8_t integ_key[64];
	uint8_t salt[8];
};

/* What is kept of a struct abi_sa_add: what is the same in both directions is the pair's, keys are
 * apart. Field by field as there. */
struct sa_added {
	struct abi_msg msg; /* type 0: this half does not exist */
	uint32_t slot;
	uint32_t spi;
	uint32_t policy_id;
	uint32_t flags;
	uint64_t cookie;
	uint8_t direction, mode, encap, encr, integ;
	uint8_t encr_key_len, integ_key_len, salt_len;
	uint8_t df, dscp;
	uint16_t local_port, remote_port;
	uint32_t replay_window;
	uint64_t seq_start;
	struct abi_addr local, remote;
	struct abi_lifetime life;
};

/* One direction. */
struct sa_half {
	struct sa_added add; /* as sent */
	struct secret *keys; /* struct sa_keys; NULL: not known (adopted) */
	bool installed;	     /* the dataplane has confirmed it */
	uint8_t told_soft;   /* limits reported to the engine: 1 << enum abi_limit, or 1 */
};

enum sa_pair_state {
	SA_PAIR_ADDING,	  /* commands under way, result not known */
	SA_PAIR_READY,	  /* both in the dataplane */
	SA_PAIR_REMOVING, /* deletes under way */
};

/* The two directions of one child SA. */
struct sa_pair {
	TAILQ_ENTRY(sa_pair) link; /* in order of installation */
	LIST_ENTRY(sa_pair) by_token;
	uint64_t token;	 /* the engine's; 0: adopted */
	uint64_t cookie; /* in the status table: sa_table_cookie() */
	uint32_t policy_id;
	uint16_t pfs_group;
	enum sa_pair_state state;
	bool adopted;
	bool told_first, told_hard;
	bool held;	      /* its adds are not sent yet: children_hold() */
	bool remove_after;    /* to be removed as soon as its adds are answered */
	bool behind_adopted;  /* an adopted pair goes on sending until the peer uses this one */
	uint64_t wish;	      /* number of our last command to send through it; 0 = none */
	uint64_t switch_at;   /* when this one becomes current at the latest; 0 = not waiting */
	uint64_t replaced_at; /* adopted: when a new pair of its policy came; 0 = not yet */
	struct children *owner;
	unsigned int waiting; /* replies */
	int rc;		      /* first failure among them */
	uint64_t added;	      /* monotonic, ns */
	int64_t added_wall;   /* seconds since 1970 */
	char peer[IKE_CONF_NAME];
	char comment[IKE_CONF_NAME];
	struct abi_range *ranges; /* selectors: n_local, then n_remote; NULL: none, or not known */
	uint16_t n_local, n_remote;
	struct sa_half in, out;
};
TAILQ_HEAD(sa_pair_list, sa_pair);

struct sa_table_ops {
	int (*random)(void *ctx, void *buf, size_t len); /* 0 or -errno */
	bool (*slot_free)(void *ctx, uint32_t slot);	 /* free in the status table, too? */
};

struct sa_table;

/** max_sas is a power of two. NULL + errno. */
struct sa_table *sa_table_new(uint32_t max_sas, const struct sa_table_ops *ops, void *ctx);
/** Wipes all keys. */
void sa_table_free(struct sa_table *t);
uint32_t sa_table_size(const struct sa_table *t);

/** Reserve a slot for an inbound SA and draw its SPI; 0 when none is free. */
uint32_t sa_table_take_spi(struct sa_table *t);
/** Give a reservation back; unknown SPIs are ignored. */
void sa_table_release_spi(struct sa_table *t, uint32_t spi);
/** Reserve a slot for an outbound SA; SA_TABLE_NONE when none is free. */
uint32_t sa_table_take_slot(struct sa_table *t);
void sa_table_release_slot(struct sa_table *t, uint32_t slot);
/** Slots reserved or in use. */
uint32_t sa_table_used(const struct sa_table *t);

/** A new, empty pair, first in no list of slots. NULL + errno. The token must not be in use. */
struct sa_pair *sa_table_add(struct sa_table *t, uint64_t token, uint32_t policy_id);
/** What may go through the pair; at most ABI_MAX_SELECTORS a side. 0 or -ENOMEM. */
int sa_table_set_ranges(struct sa_pair *p, const struct abi_range *local, uint16_t n_local,
			const struct abi_range *remote, uint16_t n_remote);
/** Tie a half of the pair to its slot (add.slot), reserved before or free. 0, -EEXIST, -ERANGE. */
int sa_table_bind(struct sa_table *t, struct sa_pair *p, struct sa_half *h);
/** The engine's name of an adopted pair from now on; it must not be in use. */
void sa_table_set_token(struct sa_table *t, struct sa_pair *p, uint64_t token);
/** The engine knows the token no more. */
void sa_table_forget_token(struct sa_table *t, struct sa_pair *p);
/** Remove a pair, its slots and keys. */
void sa_table_remove(struct sa_table *t, struct sa_pair *p);

struct sa_pair *sa_table_find(const struct sa_table *t, uint64_t token);
/** The pair that has a slot, and which half; NULL. */
struct sa_pair *sa_table_at(const struct sa_table *t, uint32_t slot, struct sa_half **half);
/** All pairs, oldest first. */
struct sa_pair_list *sa_table_all(struct sa_table *t);

/**
 * Lay the table out anew for another number of slots (a dataplane that was restarted with another
 * max-sas). Inbound halves go where their SPI says, outbound ones anywhere. Pairs that find no
 * place are given to lost() and stay in the table without slots until removed. 0 or -ENOMEM.
 */
int sa_table_resize(struct sa_table *t, uint32_t max_sas,
		    void (*lost)(void *ctx, struct sa_pair *p), void *ctx);

/** The cookie of a pair: the policy in the upper half, what tells pairs apart in the lower. */
static inline uint64_t sa_table_cookie(uint32_t policy_id, uint32_t nonce)
{
	return (uint64_t)policy_id << 32 | nonce;
}

static inline bool sa_half_exists(const struct sa_half *h)
{
	return h->add.msg.type != 0;
}

#endif
