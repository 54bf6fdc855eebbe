/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ike_sa.h - IKE SAs (ISAKMP SAs in IKEv1): creation, look-up, sending, end.
 */
#ifndef ESPGW_IKE_IKE_SA_H
#define ESPGW_IKE_IKE_SA_H

#include <sys/queue.h>

#include "control/crypto/dh.h"
#include "control/crypto/keymat.h"
#include "control/ike/engine.h"
#include "control/ike/exchange.h"
#include "control/ike/ike.h"
#include "control/ike/natd.h"
#include "control/ike/peers.h"
#include "control/ike/prop.h"

/* Order matters: everything from ESTABLISHED on has verified the peer's key. */
enum ike_sa_state {
	SA_MSG1_SENT = 0, /* IKEv1: initiator */
	SA_MSG3_SENT,
	SA_MSG5_SENT,
	SA_MSG2_SENT, /* responder */
	SA_MSG4_SENT,
	SA_AGGR1_SENT, /* aggressive mode: initiator */
	SA_AGGR2_SENT, /* responder */
	SA_INIT_SENT,  /* IKEv2: initiator */
	SA_AUTH_SENT,
	SA_INIT_ANSWERED, /* responder */
	SA_SUCCESSOR,	  /* of an SA being rekeyed */
	SA_REFUSED,	  /* responder: kept to refuse a repeated IKE_AUTH again */
	SA_ESTABLISHED,
	SA_REPLACED, /* established, and a newer one of the same party took over */
	SA_STATES,
};

/* Addresses as we see them; marker: on port 4500. */
struct ike_endpoint {
	struct abi_addr local, remote;
	uint16_t local_port, remote_port;
	bool marker;
};

/* What only the handshake needs; wiped and freed when it ends. */
struct ike1_handshake {
	struct dh *dh;
	uint8_t peer_public[DH_MAX_PUBLIC];
	size_t peer_public_len;
	uint8_t ni[IKE_MAX_NONCE], nr[IKE_MAX_NONCE];
	size_t ni_len, nr_len;
	uint8_t *sai_b; /* SA payload body of message 1 */
	size_t sai_len;
	uint8_t *idii_b; /* aggressive mode: ID payload body of message 1 */
	size_t idii_len;
	bool derived;		/* aggressive mode, responder: the shared secret is computed */
	bool claimed;		/* we shortened the lifetime that the peer wants: to be told */
	unsigned undecryptable; /* messages that did not decrypt: the pre-shared keys differ */
	bool told;		/* the peer sent an error notify that proves nothing */
	uint16_t told_type;
};

struct quick;
struct dhwork_item;
struct frag1_set;
struct ike2_sa;
struct roam;

struct ike_sa {
	TAILQ_ENTRY(ike_sa) of_peer, of_unseen;
	struct table_node by_cookie, by_first;
	struct ike_peer *peer;
	uint64_t id;
	uint64_t ispi, rspi;
	bool responder;
	bool half_open;	      /* counted by the guard under first_remote */
	bool unseen;	      /* nothing says yet that its address is more than claimed */
	bool initial_contact; /* the peer says it has nothing else with us */
	enum ike_sa_state state;
	struct ike_endpoint at;
	struct abi_addr first_remote;

	struct ike_encr_choice encr;
	uint16_t hash, group;
	uint32_t lifetime;	     /* seconds */
	struct keymat_ike1 *keys;    /* IKEv1 */
	uint8_t iv[SUITE_MAX_BLOCK]; /* last ciphertext block of phase 1 */
	struct ike_identity_conf id_remote;

	enum natd_vendor natt; /* NATD_VENDOR_UNKNOWN: not in use */
	bool nat_local, nat_remote;
	bool dpd;	/* the peer speaks it */
	bool fragments; /* IKEv1: the peer takes messages in pieces, and sends them */
	struct frag1_set *frag1;
	uint32_t dpd_first, dpd_sent, dpd_acked, dpd_seen; /* sequence numbers */
	bool dpd_seen_any;
	unsigned dpd_misses;

	struct ike1_handshake *hs; /* IKEv1 */
	struct ike2_sa *v2;	   /* IKEv2 */
	struct exchange x;	   /* phase 1 */
	TAILQ_HEAD(sa_quicks, quick) quicks;
	unsigned n_quicks;
	struct exchange_msgids msgids, dpd_msgids; /* used ones, of both sides */
	struct timer life, dpd_timer, keepalive;
	struct roam *roam; /* NULL: the peer has never come from elsewhere */
	bool gone;	   /* being freed: no record is written any more */
	bool closing;	   /* rekeyed, or being deleted: nothing new begins here */
	uint32_t slot;	   /* of its record; 0 = none */
	bool left_out;	   /* the log says that it has more pairs than a record */
	bool rekey_due;	   /* life's soft end has passed */
	TAILQ_HEAD(sa_dhwork, dhwork_item) dhwork; /* Diffie-Hellman that its messages wait for */

	uint64_t created, established, last_seen, ends;
	uint64_t placed;     /* when its first message chose the peer's address; a rekey does not */
	uint64_t auth_ends;  /* IKEv2: authentication holds until then; 0 = as long as it is rekeyed
			      */
	bool auth_responder; /* IKEv2: we answered IKE_AUTH; responder is who answered the rekey */
	uint64_t heard;	     /* IKEv1: last authentic message of IKE; last_seen counts ESP too */
	bool beside; /* IKEv1: it came up while another of the party did, which may be there too */
	struct timer contact; /* IKEv1, responder: contact.h */
	unsigned contacts;
	uint32_t ph2_total;
};

/** A new SA of a peer, in all tables but by_first. NULL + errno; logged by nobody. */
struct ike_sa *ike_sa_new(struct ike_engine *e, struct ike_peer *peer, bool responder,
			  const struct ike_endpoint *at, uint64_t ispi, uint64_t now);
/** Put a responder under (initiator's cookie, source) until message 1 can no longer come again. */
void ike_sa_index_first(struct ike_engine *e, struct ike_sa *sa);

/** Give it other SPIs than it was made with. 0 or -EEXIST. */
int ike_sa_take_spis(struct ike_engine *e, struct ike_sa *sa, uint64_t ispi, uint64_t rspi);

/** Wipes and frees it with its exchanges; pairs in negotiation go, others lose their owner to
 * another SA of the party or to none. Sends nothing. */
void ike_sa_free(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** The peer's identity says that it is another one with the same address and profile. */
void ike_sa_rehome(struct ike_sa *sa, struct ike_peer *peer);
/** End of the handshake's secrets. */
void ike_sa_drop_handshake(struct ike_sa *sa);
/** Message 3 came, with our cookie: its address is the initiator's. */
void ike_sa_seen(struct ike_engine *e, struct ike_sa *sa);
/** The oldest one that is not, of a source (NULL: of any). Message 1 is easily sent in another's
 * name, so these give way to new ones. */
struct ike_sa *ike_sa_find_unseen(const struct ike_engine *e, const struct abi_addr *source);
/** No longer half-open: give the guard back what it counted. */
void ike_sa_proven(struct ike_engine *e, struct ike_sa *sa);

/** By the cookies of a header; an initiator that does not know the responder's yet matches any. */
struct ike_sa *ike_sa_find(const struct ike_engine *e, uint64_t ispi, uint64_t rspi);
/** The half-open responder that this message 1 made. */
struct ike_sa *ike_sa_find_first(const struct ike_engine *e, uint64_t ispi,
				 const struct abi_addr *remote);
/** The SA to use for new exchanges with a peer; NULL when none is established and stays. */
struct ike_sa *ike_sa_best(const struct ike_peer *peer);
/** The same, of the party of an SA alone, which need not be in the peer's list any more. */
struct ike_sa *ike_sa_best_of(const struct ike_sa *party);
/** Same peer and same identity. */
bool ike_sa_same_party(const struct ike_sa *a, const struct ike_sa *b);
bool ike_sa_up(const struct ike_sa *sa);

/** msg: one message, or the fragments of one, each a datagram as long as its header says. */
void ike_sa_send(struct ike_engine *e, const struct ike_sa *sa, const uint8_t *msg, size_t len);
/** The same to another place than where the peer is known to be. */
void ike_sa_send_to(struct ike_engine *e, const struct ike_sa *sa, const struct ike_endpoint *at,
		    const uint8_t *msg, size_t len);
/** An authentic message of a handshake came: follow a peer behind NAT whose address or port
 * changed. */
void ike_sa_follow(struct ike_sa *sa, const struct ike_datagram *d);
/** The same for an initiator that may have changed to port 4500, and a NAT its address with it. */
void ike_sa_move(struct ike_sa *sa, const struct ike_datagram *d);
/** Where the first message to a peer goes: with another port than 500 the non-ESP marker is used
 * from the first packet on. */
struct ike_endpoint ike_sa_first_endpoint(const struct ike_peer *peer);
/** With a NAT on the way the initiator changes to port 4500 (RFC 3947 section 4, RFC 7296 section
 * 2.23). */
void ike_sa_float(struct ike_sa *sa);
/** Our identity as it goes out from sa. */
void ike_sa_my_id(const struct ike_sa *sa, struct ike_identity_conf *id);
/** A NAT changes our address: warn when that address is our identity and nobody chose it, once for
 * each peer and address. */
void ike_sa_tell_private(struct ike_engine *e, const struct ike_sa *sa);
timer_fn ike_sa_keepalive; /* timer of struct ike_sa */
/** Lifetime, DPD and keepalive timers of a new established SA. */
void ike_sa_start_timers(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** "main mode message 3 sent", .. for operators: the state's name. */
const char *ike_sa_state_name(const struct ike_sa *sa);

#endif
