/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf.h - what the IKE engine is told about a peer: plain values, every reference resolved, every
 * default filled in. control/model builds it from the configuration; tests build it by hand. The
 * engine copies what it keeps.
 */
#ifndef ESPGW_IKE_CONF_H
#define ESPGW_IKE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

#define IKE_CONF_MAX_ALGS 8
#define IKE_CONF_NAME	  64

/* An encryption transform: IKEv2 transform id and key length in bits (0 = fixed). */
struct ike_encr_choice {
	uint16_t id;
	uint16_t key_bits;
};

enum ike_exchange_mode { IKE_MODE_MAIN = 1, IKE_MODE_AGGRESSIVE, IKE_MODE_IKE2 };
enum ike_proposal_check { IKE_CHECK_OBEY = 0, IKE_CHECK_STRICT, IKE_CHECK_EXACT, IKE_CHECK_CLAIM };

/* RouterOS generate-policy: what becomes of selectors that no policy has but a template covers. */
enum ike_generate {
	IKE_GENERATE_NO = 0,   /* refused */
	IKE_GENERATE_OVERRIDE, /* a policy of all ports, whatever ports were asked for */
	IKE_GENERATE_STRICT,   /* a policy of just the ports that were asked for */
};

/* RouterOS /ip ipsec profile: phase 1. hash numbers are enum suite_hash of control/crypto/suite.h.
 */
struct ike_profile_conf {
	struct ike_encr_choice encr[IKE_CONF_MAX_ALGS];
	uint16_t hash[IKE_CONF_MAX_ALGS];
	uint16_t dh[IKE_CONF_MAX_ALGS];
	uint16_t prf; /* IKEv2: the only PRF, as in hash; 0: those of hash */
	uint8_t n_encr, n_hash, n_dh;
	uint32_t lifetime;     /* seconds */
	uint32_t lifebytes;    /* kilobytes sent, never enforced; 0 = not sent */
	uint32_t dpd_interval; /* seconds; 0 = disable-dpd */
	uint32_t dpd_max_failures;
	bool nat_traversal;
	bool reauthentication; /* IKEv2: an IKE SA is made anew, not rekeyed */
	enum ike_proposal_check proposal_check;
};

/* RouterOS /ip ipsec proposal: phase 2. */
struct ike_proposal_conf {
	char name[IKE_CONF_NAME];
	struct ike_encr_choice encr[IKE_CONF_MAX_ALGS];
	uint16_t integ[IKE_CONF_MAX_ALGS]; /* enum abi_integ; AEADs take none of them */
	uint8_t n_encr, n_integ;
	uint32_t lifetime;  /* seconds: hard; soft is 80 % of it */
	uint32_t lifebytes; /* kilobytes; 0 = no limit, and none is told */
	uint16_t pfs_group; /* 0 = none */
	bool esn;	    /* IKEv2: offer and take 64-bit sequence numbers too */
};

enum ike_id_type { /* RFC 2407 section 4.6.2.1 and RFC 7296 section 3.5 agree on these */
		   IKE_ID_AUTO = 0,
		   IKE_ID_IPV4 = 1,
		   IKE_ID_FQDN = 2,
		   IKE_ID_USER_FQDN = 3,
		   IKE_ID_IPV6 = 5,
		   IKE_ID_KEY_ID = 11,
		   IKE_ID_IGNORE = 255, /* remote-id only */
};

struct ike_identity_conf {
	enum ike_id_type type;
	uint16_t len;
	uint8_t data[256]; /* bytes as on the wire; not NUL-terminated */
};

/* Selectors of a child SA besides the first two. Most have none. */
struct ike_child_more {
	/* IKEv2: every pair of the cross product is meant */
	uint8_t n_local, n_remote;
	struct abi_range local[ABI_MAX_SELECTORS - 1], remote[ABI_MAX_SELECTORS - 1];
	/* What may go through the pair, when less than what is negotiated; none: all of that */
	uint8_t n_use_local, n_use_remote;
	struct abi_range use_local[ABI_MAX_SELECTORS], use_remote[ABI_MAX_SELECTORS];
};

_Static_assert(sizeof(struct ike_child_more) ==
		       4 + (4 * ABI_MAX_SELECTORS - 2) * sizeof(struct abi_range),
	       "no padding: it is compared as it lies");

/* One policy of the peer that protects traffic: one quick mode (IKEv1) or child SA. */
struct ike_child_conf {
	uint32_t policy_id; /* abi_policy.policy_id */
	char comment[IKE_CONF_NAME];
	uint8_t mode; /* enum abi_mode */
	struct abi_range local;
	struct abi_range remote;
	struct ike_proposal_conf proposal;
	uint32_t replay_window;
	uint8_t df;			   /* enum abi_df */
	uint8_t dscp;			   /* ABI_DSCP_COPY, or ABI_DSCP_SET and a value */
	bool keep_mss;			   /* of TCP inside: not lowered to what fits */
	const struct ike_child_more *more; /* NULL: none; see ike_child_more() */
};

struct ike_peer_conf {
	char name[IKE_CONF_NAME];
	char comment[IKE_CONF_NAME];
	struct abi_addr remote; /* where we initiate to; prefix_len < full: responder only */
	uint8_t remote_prefix_len;
	/* remote is what a name stands for: it may become known later (family 0 until then), and
	 * change, with local and an identity that goes with it, while SAs stay. */
	bool named;
	uint64_t host;	       /* which one, as a hash: another name is another peer */
	uint16_t port;	       /* 500 unless said otherwise */
	struct abi_addr local; /* the address we use; resolved from routes when not configured */
	enum ike_exchange_mode mode;
	bool passive;
	bool on_demand; /* begins when there is traffic, not by itself */
	bool send_initial_contact;
	bool my_id_auto; /* nobody chose my_id: it is our address */
	/* SAs of an earlier run of control may still carry traffic: no INITIAL-CONTACT to this peer
	 * as long as this engine lives. Set for the moment by the daemon; a peer is not changed
	 * because this differs. */
	bool suppress_initial_contact;
	struct ike_profile_conf profile;
	struct ike_identity_conf my_id;
	struct ike_identity_conf remote_id;
	const uint8_t *psk; /* the caller's; copied into locked memory by the engine */
	size_t psk_len;
	const struct ike_child_conf *children;
	size_t n_children;
	enum ike_generate generate;
	char template_group[IKE_CONF_NAME];
	/* Bounds of generated policies, first match first, each with one selector a side; policy_id
	 * names the template, and is no policy's. */
	const struct ike_child_conf *templates;
	size_t n_templates;
};

/** The further selectors; never NULL. */
static inline const struct ike_child_more *ike_child_more(const struct ike_child_conf *c)
{
	static const struct ike_child_more none;

	return c->more != NULL ? c->more : &none;
}

/** Give c a copy of them of its own in place of what it points to, which is left alone; none of
 * them, or NULL: it points to nothing. 0 or -ENOMEM: as before. */
int ike_child_own_more(struct ike_child_conf *c, const struct ike_child_more *more);
/** Free what ike_child_own_more() made. */
void ike_child_free_more(struct ike_child_conf *c);

#endif
