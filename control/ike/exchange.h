/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exchange.h - what every exchange needs on an unreliable network: retransmission of our requests,
 * recognition of repeated messages with the cached answer, and message ids that were used.
 *
 * One struct exchange follows one message sequence (phase 1, or one quick mode). After
 * exchange_ask() the message is sent again on a schedule until exchange_settle(); when the schedule
 * ends, give_up is called. exchange_answer() only keeps the message for repeats of what it answers.
 */
#ifndef ESPGW_IKE_EXCHANGE_H
#define ESPGW_IKE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ike/timers.h"

#define EXCHANGE_REPEATS      3u  /* cached answers to an unproven peer */
#define EXCHANGE_REPEATS_AUTH 16u /* to one that proved its key */
#define EXCHANGE_DIGEST	      32u

#define EXCHANGE_MSGIDS 4096u /* remembered per IKE SA: a day of rekeys of some policies */

struct ike_engine;
struct ike_sa;
struct exchange;
struct ike_datagram;

typedef void exchange_give_up(struct ike_engine *e, struct exchange *x, uint64_t now);

struct exchange {
	struct ike_sa *sa;
	uint32_t msgid;
	unsigned seq; /* number of our last message in the exchange, for logs */
	uint8_t *msg; /* our last message as sent; NULL = none */
	size_t len;
	bool asking;
	bool aside; /* it goes to where the peer may be: roam.h */
	unsigned tries;
	unsigned max_tries;
	uint64_t asked;
	uint64_t deadline; /* gives up then at the latest; 0 = when the tries are over */
	struct timer timer;
	exchange_give_up *give_up;
	exchange_give_up *silent; /* some tries are over; more follow. May be NULL */
	size_t answered;	  /* the length of our largest message that was */
	bool have_last;
	uint8_t last[EXCHANGE_DIGEST]; /* of the last message taken up */
	unsigned repeats;	       /* of the answer, */
	unsigned strays;	       /* and to elsewhere: anybody can send a request on */
};

void exchange_init(struct exchange *x, struct ike_sa *sa, uint32_t msgid, exchange_give_up *fn);
/** Cancels the timer and frees the cached message. */
void exchange_fini(struct ike_engine *e, struct exchange *x);

/** Send, keep, and retransmit until settled. 0 or -ENOMEM (then nothing was sent). */
int exchange_ask(struct ike_engine *e, struct exchange *x, const uint8_t *msg, size_t len,
		 uint64_t now);
/** The one that is out is given up at this time, if not before. */
void exchange_limit(struct ike_engine *e, struct exchange *x, uint64_t deadline);
/** Send and keep, for repeats only. 0 or -ENOMEM. */
int exchange_answer(struct ike_engine *e, struct exchange *x, const uint8_t *msg, size_t len,
		    uint64_t now);
/** The expected message came: no more retransmits. The cached message stays. */
void exchange_settle(struct ike_engine *e, struct exchange *x);
/** Make the schedule end after the retransmit that is due next. */
void exchange_hurry(struct exchange *x);

/** Remember a message that was taken up. */
void exchange_took(struct exchange *x, const uint8_t *msg, size_t len);
/** Is it the one that was taken up last? */
bool exchange_is_repeat(const struct exchange *x, const uint8_t *msg, size_t len);
/** Send the cached message again, at most limit times in all. d: the repeat, from wherever; NULL:
 * the answer goes where it went before. */
void exchange_repeat(struct ike_engine *e, struct exchange *x, unsigned limit,
		     const struct ike_datagram *d);

/* Message ids that were used on one IKE SA: the latest max, 0 for EXCHANGE_MSGIDS. */
struct exchange_msgids {
	uint32_t *ids;
	uint16_t n, cap, next, max;
};

bool exchange_msgid_seen(const struct exchange_msgids *m, uint32_t id);
/** When memory lacks, the id is not remembered. */
void exchange_msgid_add(struct exchange_msgids *m, uint32_t id);

#endif
