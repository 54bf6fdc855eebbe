/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quick.h - IKEv1 quick mode (RFC 2409 section 5.5), both roles. quick_i.c is the initiator,
 * quick_r.c the responder, quick.c what both share.
 *
 *   1 ->* HASH(1), SA, Ni, [KE], IDci, IDcr
 *   2 <-* HASH(2), SA, Nr, [KE], IDci, IDcr
 *   3 ->* HASH(3)
 *
 * The responder asks the data plane to install the pair before message 2, the initiator before
 * message 3; those leave when the data plane has agreed.
 */
#ifndef ESPGW_IKE1_QUICK_H
#define ESPGW_IKE1_QUICK_H

#include "control/ike1/fsm.h"

struct child_sa;

enum quick_state {
	QUICK_I_SENT1 = 0,
	QUICK_I_INSTALL, /* message 3 is ready and waits for the data plane */
	QUICK_I_DONE,	 /* kept for repeats of message 2 */
	QUICK_R_INSTALL, /* message 2 is ready and waits */
	QUICK_R_SENT2,
	QUICK_R_DONE,
	QUICK_R_REFUSED, /* kept for repeats of message 1 */
	QUICK_STATES,
};

/* Through one IKE SA at a time; more than these wait. Peers keep few IVs. */
#define QUICK_MAX_BEGUN	   2u
#define QUICK_MAX_ANSWERED 8u
#define QUICK_KEPT	   32u	/* exchanges of one IKE SA, ended ones included */
#define QUICK_DONE_S	   60u	/* how long an ended exchange answers repeats */
#define QUICK_AGAIN_MS	   100u /* after its IKE SA went */
#define QUICK_INSTALL_S	   10u	/* how long we wait for the data plane */

struct quick {
	TAILQ_ENTRY(quick) of_sa;
	struct exchange x;
	enum quick_state state;
	struct child_sa *pair; /* while this exchange makes it */
	uint64_t begun;
	uint64_t token; /* of the pair, also when it is done */
	uint32_t spi;	/* our inbound one */
	struct ike_policy *policy;
	uint8_t iv[SUITE_MAX_BLOCK];
	uint8_t ni[IKE_MAX_NONCE], nr[IKE_MAX_NONCE];
	size_t ni_len, nr_len;
	struct dh *dh;
	uint16_t refusal; /* the notify that refused it; 0 = none */
	struct timer end; /* of ended exchanges, and of a data plane that does not answer */
	uint8_t *ready;	  /* message that waits for the data plane */
	size_t ready_len;
};

/** Handler of the transition table. */
fsm_handler quick_message;

typedef enum ike_rx quick_handler(struct ike_engine *e, struct quick *q, struct ike1_in *in);
/** The table of quick mode: NULL = drop. */
quick_handler *quick_cell(enum quick_state state);

/** Begin a quick mode for a policy; when too many are under way or something fails, the policy is
 * tried again later. */
void quick_start(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy, uint64_t now);
/** The data plane's answer. */
void quick_result(struct ike_engine *e, struct quick *q, int status, uint64_t now);
/** Traffic came in on the responder's pair: the initiator has message 2, so message 3 is lost. */
void quick_proven(struct ike_engine *e, struct quick *q, uint64_t now);
/** The peer refused our quick mode by an authentic notify (any of them when q is NULL). */
void quick_refused(struct ike_engine *e, struct ike_sa *sa, uint16_t type, uint32_t msgid,
		   uint64_t now);
/** Is it kept for repeats only? */
bool quick_ended(const struct quick *q);
/** Is a quick mode of this SA unfinished? */
bool quick_busy(const struct ike_sa *sa);
/** Ends it without a word: its unfinished pair is removed. */
void quick_free(struct ike_engine *e, struct quick *q, uint64_t now);

/* Shared steps of the two roles. */

/** A new exchange in the SA's list, with its first IV. NULL + errno. */
struct quick *quick_new(struct ike_engine *e, struct ike_sa *sa, uint32_t msgid,
			enum quick_state state, struct ike_policy *policy);
/** It failed: freed; the policy is tried again later when it was ours to begin. */
void quick_failed(struct ike_engine *e, struct quick *q, uint64_t now);
/** Derive keys from the choice and give the pair to the data plane; message o leaves when it
 * agrees. gxy may be NULL. 0 or -errno. */
int quick_install(struct ike_engine *e, struct quick *q, const struct prop_choice *choice,
		  const struct prf_piece *gxy, const struct ike1_out *o, uint64_t now);
/** What we accept for a policy on this SA. */
struct prop_esp_want quick_want(const struct ike_sa *sa, const struct ike_policy *policy);
/** The exchange has ended well: keep it for repeats only. */
void quick_done(struct ike_engine *e, struct quick *q, enum quick_state state, uint64_t now);
/** Add nonce and, with PFS, KE of our side. 0 or -errno. */
int quick_make_ke(struct ike_engine *e, struct quick *q, uint16_t group, uint8_t *nonce,
		  size_t *nonce_len);
/** Take the peer's nonce. 0 or -EBADMSG. */
int quick_take_nonce(const struct ike_msg *m, uint8_t *nonce, size_t *nonce_len);
/* RESPONDER-LIFETIME, RFC 2407 section 4.6.3.1: quick_life.c. */
#define QUICK_LIFETIME_LEN 24u
struct quick_life {
	uint32_t seconds;
	uint64_t kilobytes; /* 0 = no limit */
};
/** Its data: life type and duration of the seconds, and of the kilobytes when there is a limit. */
void quick_put_lifetime(struct wire_writer *w, const struct quick_life *life);
/** What a message leaves of our lifetimes for a protocol (ESP, or IKE for the IKE SA itself): the
 * shorter of both; ours when it says nothing. */
void quick_responder_lifetime(const struct ike_msg *m, uint8_t protocol, struct quick_life *life);

/** Record and log a malformed message; returns IKE_RX_malformed. message: "quick mode message 2".
 */
enum ike_rx quick_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike1_in *in,
			    const char *message, const char *what);

quick_handler quick_i_msg2, quick_r_msg3;
enum ike_rx quick_r_msg1(struct ike_engine *e, struct ike_sa *sa, struct ike1_in *in);

#endif
