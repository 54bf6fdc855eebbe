/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_sa.h - pairs of ESP SAs: installation, which pair carries a policy's traffic, rekeying
 * without loss, end.
 *
 * Make before break. A new pair is installed in both directions before the message that lets the
 * peer use it. Once it is established it takes the policy over, at once or, when we began a rekey,
 * when the peer's first packet on it came in or a second has passed. The old pair goes on receiving
 * until the side that began the rekey deletes it, some seconds later. DELETE is not acknowledged in
 * IKEv1, so the other side deletes it too, a little later, once it has seen the peer use another
 * pair; and who deletes the only pair says so until there is another. The first pair that we begin
 * in IKEv1 waits for a moment, too: traffic that was held must not overtake message 3. In IKEv2
 * DELETE is answered, and a pair we delete goes with the answer; and who answered a rekey is the
 * one to wait, for the answer may be lost (RFC 7296 section 2.8).
 *
 * Crossing. When both sides begin a quick mode for one policy at the same time, both succeed; the
 * pair that holds the lowest of the four nonces loses (as RFC 7296 section 2.8.1 has it) and the
 * side that began it deletes it. One side may not notice the crossing, when messages were lost; so
 * before it deletes, the other looks which pair the peer came to last.
 */
#ifndef ESPGW_IKE_CHILD_SA_H
#define ESPGW_IKE_CHILD_SA_H

#include <sys/queue.h>

#include "control/ike/ike.h"
#include "control/ike/peers.h"
#include "control/ike/timers.h"

struct ike_engine;
struct ike_sa;
struct ike_child_sa;
struct quick;
struct ike2_task;

enum child_state {
	CHILD_NEGOTIATING = 0, /* nothing installed */
	CHILD_INSTALLING,      /* waiting for the data plane */
	CHILD_INSTALLED,       /* waiting for the exchange to end */
	CHILD_ESTABLISHED,
	CHILD_DELETING, /* DELETE sent; still receives for a moment */
};

struct child_sa {
	TAILQ_ENTRY(child_sa) of_policy;
	struct table_node by_token;
	uint64_t token;
	struct ike_policy *policy;
	struct ike_sa *owner;	/* NULL: the IKE SA is gone, the pair lives on */
	struct quick *quick;	/* the exchange that makes it, until established: IKEv1 */
	struct ike2_task *task; /* the same in IKEv2 */
	uint32_t msgid;		/* of that exchange, for logs */
	enum child_state state;
	bool initiator;
	bool current;	 /* outbound traffic uses it */
	bool first;	 /* installed as current, there being no other */
	bool held;	 /* by the data plane, or on its way there */
	bool superseded; /* another pair of the policy took over */
	bool rekey_due;
	bool ours_to_delete;
	bool unwanted;	    /* IKEv1: to be deleted as soon as it is established */
	uint64_t replaces;  /* IKEv2: token of the pair it was made to replace; 0 = none */
	uint64_t crossed;   /* token of the pair begun by the other side meanwhile; 0 = none */
	uint8_t *low_nonce; /* NULL: none yet */
	size_t low_nonce_len;
	uint32_t spi_in, spi_out;
	uint16_t n_local, n_remote; /* selectors agreed on; the policy's unless narrowed */
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	uint32_t lifetime;  /* seconds */
	uint64_t kilobytes; /* agreed volume; 0 = no limit */
	uint64_t seen;	    /* when the peer first sent on it; 0 = never */
	uint64_t begun;	    /* its exchange */
	uint64_t made_in;   /* IKEv1: when the IKE SA of that was created; 0 = before a restart */
	uint64_t added, soft_time, hard_time, rekey_time;
	struct timer life;   /* rekey_time, then hard_time */
	struct timer action; /* taking over, deletion */
	unsigned deletes;    /* DELETE was sent so often, or CHILD_TOLD */
};

/* IKEv1, when we began: the peer has the pair when it has taken message 3. We send on the first one
 * so long behind that, and as long as the exchange took, at most CHILD_SWITCH_MS; on one that
 * replaces another so many times later as the exchange took. */
#define CHILD_FIRST_MS	   200u
#define CHILD_SWITCH_MS	   1000u /* at least */
#define CHILD_SWITCH_TIMES 4u
/* At most, of a pair without a packet on it; always in IKEv2, when the peer began it. Its DELETE of
 * the old pair says as well that it has the new one; a busy peer may need seconds for its part of a
 * large group. */
#define CHILD_SWITCH_LATE_MS  20000u
#define CHILD_DELETE_OLD_MS   5000u /* after taking over, when the old pair is ours to delete */
#define CHILD_DELETE_LATE_MS  8000u /* when the peer should have, and uses another pair */
#define CHILD_DELETES	      3u    /* DELETE has no answer: so often, */
#define CHILD_DELETE_GRACE_MS 1000u /* so far apart; the pair goes after the last */
/* When the peer is to make the next pair and does not, it may have heard none of them: more, each
 * after twice the time, for two minutes. A longer silence is DPD's to find. */
#define CHILD_DELETES_MORE 6u
#define CHILD_TOLD	   (CHILD_DELETES + CHILD_DELETES_MORE) /* it need not be sent */

#define CHILD_MAX_PAIRS 16u /* of one policy that a peer can make us hold */

/** A pair in negotiation; NULL + ENOMEM. Notes which pair of the policy it crosses. */
struct child_sa *child_new(struct ike_engine *e, struct ike_policy *policy, bool initiator,
			   uint64_t now);
/** Both sides replaced one pair at the same time: a and b are what came of it. */
void child_cross(struct child_sa *a, struct child_sa *b);
/** Of two that cross: does c hold the lowest of the four nonces? */
bool child_loses(const struct child_sa *c, const struct child_sa *other);
/** Order of nonces: as memcmp(); of two with a common start the shorter is the lower. */
int child_nonce_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
/** Sets low_nonce. 0 or -ENOMEM. */
int child_set_nonces(struct child_sa *c, const uint8_t *ni, size_t ni_len, const uint8_t *nr,
		     size_t nr_len);
/** Is the pair's ESP inside UDP: has NAT been found between the ends of its IKE SA? */
bool child_natt(const struct ike_sa *sa);
/** Fill in algorithms, key lengths and endpoints of the pair. 0 or -ENOTSUP. */
int child_describe(const struct child_sa *c, struct ike_encr_choice encr, uint16_t integ,
		   uint16_t group, struct ike_child_sa *sa);
/** Make sure that no other pair of the peer's party has this outbound SPI. 0, or -EEXIST: another
 * party has it. */
int child_make_way(struct ike_engine *e, const struct child_sa *c, uint32_t spi, uint64_t now);
/** Give it to the data plane; the answer comes as ike_engine_child_result(). Completes *sa (token,
 * times, names) from c. The reserved SPI is the pair's from here on. */
void child_install(struct ike_engine *e, struct child_sa *c, struct ike_child_sa *sa, uint64_t now);
/** The exchange ended well: the pair takes its policy over, as described above. */
void child_established(struct ike_engine *e, struct child_sa *c, uint64_t now);

/** Free it now, from the data plane too; says nothing to the peer. */
void child_remove(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** Tell the peer by DELETE and stop sending on it; it goes a moment later. */
void child_delete(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** Its IKE SA goes: another pair takes the policy over, if there is one. */
bool child_leave(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** The peer confirmed the DELETE of one that is going: what it sent before is still on its way. */
void child_linger(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** The peer said by DELETE that it is gone: no more sending; receives a moment longer. */
void child_deleted_by_peer(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** Tell the peer by DELETE and remove from the data plane at once; one of IKEv1 that the peer is
 * about to have, as soon as it has. */
void child_delete_now(struct ike_engine *e, struct child_sa *c, uint64_t now);

/** One whose DELETE was sent: send it once more if the peer may not have heard it. False: it goes
 * now. */
bool child_tell_again(struct ike_engine *e, struct child_sa *c, uint64_t now);

/** The peer's first packet came in on it. */
void child_first_traffic(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** Begin its replacement when that is not under way; once it is current, if it is not yet. */
void child_rekey(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** Its volume is nearly used up: the same, but at a bounded pace. */
void child_rekey_volume(struct ike_engine *e, struct child_sa *c, uint64_t now);

struct child_sa *child_find_token(const struct ike_engine *e, uint64_t token);
/** The pair on which we send with this SPI to a peer; NULL. */
struct child_sa *child_find_spi_out(const struct ike_peer *peer, uint32_t spi);
/** May the policy have one more pair? The oldest that is replaced goes when it has too many. */
bool child_make_room(struct ike_engine *e, struct ike_policy *policy, uint64_t now);
struct child_sa *child_current(const struct ike_policy *policy);
/** When ESP of the SA's pairs last came in, as far as the data plane tells; 0 = never. */
uint64_t child_last_seen(const struct ike_engine *e, const struct ike_sa *sa);
/** Is a quick mode under way for this policy? */
bool child_pending(const struct ike_policy *policy);

/** The SA takes over all pairs of its party. */
void child_adopt(struct ike_engine *e, struct ike_sa *sa);
/** The SA goes: its pairs pass to the best other one; when there is none they live on, to be made
 * anew through the next. Those of IKEv2 go with it. */
void child_disown(struct ike_engine *e, struct ike_sa *sa, uint64_t now);

timer_fn child_ensure; /* timer of struct ike_policy */
/** Look soon whether the policy needs a quick mode. */
void child_ensure_in(struct ike_engine *e, struct ike_policy *policy, uint64_t due);
/** The same for all policies of a peer. */
void child_ensure_all(struct ike_engine *e, struct ike_peer *peer, uint64_t due);

#endif
