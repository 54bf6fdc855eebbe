/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inbox.h - datagrams between their arrival and the engine, by how much speaks for them: what fits
 * an established IKE SA first, then what fits one in the making, then first messages. Each class
 * has its own room; when it is full the youngest is dropped and counted. So whoever sends first
 * messages as fast as it likes takes nothing from those we have an SA with.
 *
 * SPIs are random and 64 bits long: who is not on the path cannot name ours.
 */
#ifndef ESPGW_IKE_INBOX_H
#define ESPGW_IKE_INBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/ike/engine.h"

enum inbox_class { INBOX_ESTABLISHED = 0, INBOX_BEGUN, INBOX_FIRST, INBOX_CLASSES };

#define INBOX_ROOM_ESTABLISHED 2048u
#define INBOX_ROOM_BEGUN       512u
#define INBOX_ROOM_FIRST       256u
/* First messages served before the others are looked at again. */
#define INBOX_FIRST_PER_TURN 128u

struct inbox_entry;

struct inbox {
	STAILQ_HEAD(inbox_list, inbox_entry) list[INBOX_CLASSES];
	unsigned n[INBOX_CLASSES];
};

void inbox_init(struct inbox *b);
void inbox_free(struct inbox *b);

/** What speaks for a datagram; anything may be in it. */
enum inbox_class inbox_classify(const struct ike_engine *e, const struct ike_datagram *d);
/** Take a copy in, or drop and count it. What no configured peer can have sent goes to the engine
 * at once, to be counted there: it costs less than to keep it. */
void inbox_put(struct inbox *b, struct ike_engine *e, const struct ike_datagram *d, uint64_t now);
/** Give the engine all of the first two classes and up to INBOX_FIRST_PER_TURN first messages.
 * Returns how many; inbox_waiting() says whether there are more. */
unsigned inbox_serve(struct inbox *b, struct ike_engine *e, uint64_t now);
bool inbox_waiting(const struct inbox *b);

#endif
