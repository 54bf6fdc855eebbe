/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site.h - the whole pipeline between two pretended ports with a tunnel up, for hostile input:
 * frames as they are, and ESP packets sealed by OpenSSL with the right key, so that what is hostile
 * inside is reached too.
 *
 *   192.168.1.0/24 - port 0 [gateway 192.0.2.1] port 1 - peer 203.0.113.2, behind it 10.100.1.0/24
 *
 * site_check() holds the books: every packet fed (and every one the gateway made) was sent, dropped
 * under exactly one reason or handed to the manager, and the pool has all its buffers back.
 */
#ifndef ESPGW_FUZZ_SITE_H
#define ESPGW_FUZZ_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/dataplane/ipsec/reference.h"

#define SITE_LAN 0
#define SITE_WAN 1

/** Set the site up: once per process. 0 or -1, said on stderr. */
int site_create(void);
void site_free(void);

/** Feed one frame to a port. Longer than a packet buffer: cut. */
void site_frame(uint8_t port, const uint8_t *bytes, size_t len);

#define SITE_UDP       1u  /* over UDP 4500 */
#define SITE_TRANSPORT 4u  /* the SA in transport mode */
#define SITE_OUTER6    8u  /* over IPv6, and plain whatever else is asked for */
#define SITE_OPTIONS   16u /* with SITE_OUTER6: options for the destination in front of ESP */

/** Write the frame that carries payload in an inbound SA: sealed with e (seq and spi 0: right
 * ones), outer addresses right. Returns its length; out holds len + 512 bytes. */
size_t site_seal(unsigned int how, struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out);

/** Hosts behind the tunnel and here, whose neighbour the gateway is. */
extern const uint8_t site_far6[16], site_host6[16];

/** An inbound SA of bursts, which starts behind number start. */
struct site_tunnel {
	uint32_t slot; /* 8 to 15 */
	const char *suite;
	bool udp;
	bool narrow; /* one range of addresses each side */
	bool esn;
	bool outer6;
	bool inner6;  /* carries IPv6, too */
	bool limited; /* to more packets than will come */
	bool brief;   /* with short packets: its cipher is slow */
	uint32_t window;
	uint64_t start;
};

/** Put that SA up: once. 0 or -1, said on stderr. */
int site_add(const struct site_tunnel *t);

/**
 * Back to the start, so that an input does the same whatever came before: SAs and their counters
 * are those of new ones, sequence numbers begin anew, and no flow is known. Only time goes on, by
 * so much that no fragment is held and no rate used up.
 */
void site_undo(void);

/** Are SAs after site_undo() what new ones are, which then take their places? */
bool site_undo_holds(void);

/** site_seal() for that SA, which wants e->seq, seq_hi and esn set. */
size_t site_seal_for(const struct site_tunnel *t, struct reference_esp *e, const uint8_t *payload,
		     size_t len, uint8_t *out);

/** A frame of a burst; its first segment has so many bytes, or all. Somebody else holds it, too,
 * when it is shared, and finds it as it was. */
struct site_piece {
	const uint8_t *bytes;
	size_t len;
	size_t first;
	bool shared;
};

/** Feed them to a port as one burst (n <= WORKER_BURST); sent is told of all that left by then. */
void site_burst(uint8_t port, const struct site_piece *frames, unsigned int n,
		void (*sent)(uint8_t port, const uint8_t *frame, size_t len));

/** Among other workers, or (false) alone, as at first. 0 or -1. */
int site_order(bool among_others);

/** Of the SA in the slot: packets counted, the top of its window, and where its peer was seen other
 * than at site_peer(), as sa.h has it. */
uint64_t site_packets(uint32_t slot);
uint64_t site_top(uint32_t slot);
uint64_t site_moved(uint32_t slot);
uint64_t site_peer(void);

/** What has been fed and where it went. Frees what was sent. True when the books balance. */
bool site_check(void);

/** Be told of all that leaves, from now on; NULL: no longer. */
void site_watch(void (*sent)(uint8_t port, const uint8_t *frame, size_t len));

/** Packets fed, sent, handed to the manager and dropped so far; drops of one reason. */
uint64_t site_fed(void);
uint64_t site_sent(void);
uint64_t site_slow(void);
uint64_t site_dropped(void);
uint64_t site_drops(unsigned int reason);

#endif
