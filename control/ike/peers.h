/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * peers.h - the peers as configured, with the policies each of them protects, and how they are
 * found: by name, by policy id, and by address (longest prefix, then local address).
 */
#ifndef ESPGW_IKE_PEERS_H
#define ESPGW_IKE_PEERS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "control/ike/conf.h"
#include "control/ike/evidence.h"
#include "control/ike/table.h"
#include "control/ike/timers.h"
#include "control/ike/vendor.h"

struct child_sa;
struct ike_sa;
struct ike_peer;

/* One ike_child_conf at work. */
struct ike_policy {
	struct ike_child_conf conf;
	struct ike_peer *peer;
	struct table_node by_id;
	TAILQ_HEAD(policy_pairs, child_sa) pairs; /* newest first */
	struct timer ensure;			  /* looks whether a quick mode must be started */
	unsigned failures;			  /* quick modes that failed in a row */
	bool dh_waits;				  /* for dhwork_wait() */
	uint64_t wanted; /* there was traffic for it; until then it is begun even on demand */
	bool generated;	 /* from a template; see generate.h */
	struct ike_policy *template;	       /* this one */
	struct ike_identity_conf *party;       /* that it was generated for; else NULL */
	const struct ike_proposal_conf *tried; /* probe_child.h: what we ask for meanwhile */
	uint64_t renew_until; /* after a restart: what ends before this is made anew by us */
	uint64_t kilobytes;   /* volume agreed on last; 0 = none: what the peer asked for stays */
	uint64_t volume_told; /* when the log last said that a volume is used up too soon */
};

struct peer_evidence {
	struct ike_evidence ev;
	bool said;
	uint64_t logged; /* when last */
	uint64_t silent; /* how often since */
	TAILQ_ENTRY(peer_evidence) next;
};

#define PEERS_DIGEST 32u

struct ike_version;
struct probe;
struct probe_child;

struct ike_peer {
	const struct ike_version *v;
	struct ike_peer_conf conf; /* psk and children point to copies of our own */
	uint8_t *psk;		   /* secure heap */
	size_t psk_len;
	/* The configured ones, then places for generated ones: a free one has no id, and no pairs.
	 */
	struct ike_policy *policies;
	size_t n_configured, n_policies, cap_policies;
	struct ike_policy *templates; /* in no table; never have a pair */
	size_t n_templates;
	TAILQ_HEAD(peer_sas, ike_sa) sas; /* newest first */
	struct ike_sa *attempt;		  /* our own unfinished phase 1 */
	struct timer start;		  /* begins phase 1 */
	unsigned failures;		  /* attempts that failed in a row */
	struct abi_addr private_told;	  /* ike_sa_tell_private() named it */
	uint64_t nat_again;		  /* IKEv1: when phase 1 last ended to detect NAT anew */
	bool dh_waits;			  /* for dhwork_wait(), to begin */
	TAILQ_HEAD(peer_evidences, peer_evidence) evidence;
	enum ike_vendor vendor;		 /* as its messages tell */
	struct ike_icmp icmp;		 /* what was said last of a message to it, */
	struct probe *probe;		 /* the last one; NULL = none */
	struct probe_child *probe_child; /* the same */
	uint64_t icmp_at;		 /* and when */
	struct table_node by_name, by_addr;
	TAILQ_ENTRY(ike_peer) next;
	bool keep;			   /* while peers are replaced */
	const struct ike_peer_conf *moves; /* then, too: it stays, but at this place */
	uint64_t moved; /* when its name was last found to stand for another address; 0 = never */
	bool has_digest;
	uint8_t digest[PEERS_DIGEST]; /* peers_digest(), once it was asked for */
};

#define PEERS_MAX_POLICIES 1024u /* per peer */

struct peers {
	struct table by_name, by_addr, by_policy;
	TAILQ_HEAD(peer_list, ike_peer) list;
	size_t count;
	uint32_t lens4[33], lens6[129]; /* how many peers have this prefix length */
};

/** 0 or -ENOMEM. */
int peers_init(struct peers *p, uint64_t seed);
/** All peers must be gone. */
void peers_fini(struct peers *p);

/**
 * Check a whole set against itself: -EPROTONOSUPPORT (exchange mode not spoken), -EEXIST (two peers
 * of one name, or of one address that nothing tells apart, or policies of one id), -EINVAL (a field
 * out of its domain). *bad is the index of the culprit. 0 when all is well.
 */
int peers_check(const struct ike_peer_conf *confs, size_t n, size_t *bad);

/** A copy at rest, in no table yet; NULL + ENOMEM. */
struct ike_peer *peers_new(const struct ike_peer_conf *conf, timer_fn *start, timer_fn *ensure);
/** Wipes and frees a peer that is in no table and holds no SA. */
void peers_free(struct ike_peer *peer);
void peers_add(struct peers *p, struct ike_peer *peer);
void peers_remove(struct peers *p, struct ike_peer *peer);
/** Same configuration to the last byte (zero your structures first), suppress_initial_contact
 * aside? */
bool peers_same(const struct ike_peer *peer, const struct ike_peer_conf *conf);

/** What a name decides: where the peer is, from where we reach it, and who we say we are there. */
void peers_set_place(struct ike_peer_conf *c, const struct ike_peer_conf *from);
/** The same but for where a name says that it is, which is known? */
bool peers_same_elsewhere(const struct ike_peer *peer, const struct ike_peer_conf *conf);
/** It is there from now on. Its SAs are not touched. */
void peers_move(struct peers *p, struct ike_peer *peer, const struct ike_peer_conf *conf);

/** Digest of what peers_same() compares, but for the place of one with a name. 0, -ENOMEM or -EIO.
 */
int peers_digest(const struct ike_peer *peer, uint8_t out[PEERS_DIGEST]);

struct ike_peer *peers_find_name(const struct peers *p, const char *name);
/** Who may send from remote to local: longest remote prefix; of equals the one whose local address
 * is configured as this. */
struct ike_peer *peers_find_addr(const struct peers *p, const struct abi_addr *remote,
				 const struct abi_addr *local);
/** The same among the peers of one exchange mode; with an identity, one that takes it: of those of
 * one address the one whose remote-id it is, else one that takes any. NULL: none. */
struct ike_peer *peers_choose(const struct peers *p, const struct abi_addr *remote,
			      const struct abi_addr *local, enum ike_exchange_mode mode,
			      const struct ike_identity_conf *id);
/** Does look say yes of one of all who may send from remote to local? */
typedef bool peers_look(const struct ike_peer *peer, const void *ctx);
bool peers_any_at(const struct peers *p, const struct abi_addr *remote,
		  const struct abi_addr *local, peers_look *look, const void *ctx);
struct ike_policy *peers_find_policy(const struct peers *p, uint32_t policy_id);
/** A place among policies that was not used before. */
void peers_init_policy(struct ike_policy *policy, struct ike_peer *peer, timer_fn *ensure);
/** A generated policy, which has got its id, can be found from now on; or no more. */
void peers_add_policy(struct peers *p, struct ike_policy *policy);
void peers_remove_policy(struct peers *p, struct ike_policy *policy);

/** What we ask for as initiator; what a peer asks for is judged by conf.proposal alone. */
static inline const struct ike_proposal_conf *peers_offer(const struct ike_policy *policy)
{
	return policy->tried != NULL ? policy->tried : &policy->conf.proposal;
}
/** May we begin phase 1 with it: its address is one, not a network. */
bool peers_can_start(const struct ike_peer *peer);
bool peers_addr_equal(const struct abi_addr *a, const struct abi_addr *b);
/** Can it be one host's? What names many of them, or none, sends nothing and is sent nothing (RFC
 * 1122 section 3.2.1.3, RFC 4291 sections 2.5.2, 2.7). */
bool peers_addr_is_host(const struct abi_addr *a);

#endif
