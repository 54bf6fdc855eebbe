/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * probe.h - ask a configured peer what it answers: which IKE versions and modes, on which port, how
 * large a message may be. First messages of phase 1 that make nothing here; of IKEv2 and of the
 * sizes neither there: the IKEv2 one comes with a KE of a private group, which a responder that
 * takes our proposals refuses with INVALID_KE_PAYLOAD (RFC 7296 section 1.2), and the small and
 * large ones of IKEv1 offer a private cipher.
 *
 * What comes back is in clear and proves nothing: it is for the operator and for diagnosis.
 */
#ifndef ESPGW_IKE_PROBE_H
#define ESPGW_IKE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct ike_datagram;
struct ike_engine;
struct ike_hdr;
struct ike_peer;

enum probe_ask {
	PROBE_IKE2 = 0,	  /* what we would offer, in each version and mode */
	PROBE_MAIN,	  /* to port 500 */
	PROBE_AGGRESSIVE, /* only when asked for: it shows our identity */
	PROBE_SMALL,	  /* the version of the next four is the first that answers */
	PROBE_4500,
	PROBE_LARGE,	  /* PROBE_LARGE_LEN bytes; to 4500 when that answers */
	PROBE_FRAGMENTS,  /* PROBE_FRAGMENTS_LEN bytes, more than one IP packet */
	PROBE_WIDE2,	  /* what nearly everybody has, in IKEv2 and in main mode; when ours */
	PROBE_WIDE1,	  /* is not taken: who takes none of these does not mean algorithms */
	PROBE_WIDE1_MORE, /* other groups: main mode lists every combination */
	PROBE_ASKS,
};

#define PROBE_LARGE_LEN	    1300u
#define PROBE_FRAGMENTS_LEN 1900u
#define PROBE_AGAIN_S	    5u	/* after the last one of the same peer began */
#define PROBE_MAX	    16u /* at a time */

enum probe_said {
	PROBE_NOT_ASKED = 0,
	PROBE_WAITS,
	PROBE_NOTHING,	   /* no answer */
	PROBE_TAKES,	   /* it would take one of our proposals */
	PROBE_NO_PROPOSAL, /* it takes none, or not in this version or mode */
	PROBE_REFUSES,	   /* another error, in notify */
	PROBE_ANSWERS,	   /* something else */
};

/* What is known by now. */
struct ike_probe {
	uint64_t begun, ended; /* ns; ended 0: under way */
	bool ike2;	       /* version of the last four */
	struct probe_row {
		enum probe_said said;
		uint16_t notify; /* of the version asked for */
		uint16_t port, len;
	} rows[PROBE_ASKS];
};

/** Begin. 0, -ENOENT (no such peer), -EDESTADDRREQ (its address is a network), -EBUSY (too many,
 * or the last one began less than PROBE_AGAIN_S ago: its result stands), -ENOMEM, -EIO. */
int ike_engine_probe(struct ike_engine *e, const char *peer, bool aggressive, uint64_t now);
/** Result of the last one, NULL when there was none. Valid until the next call into the engine. */
const struct ike_probe *ike_engine_probe_result(const struct ike_engine *e, const char *peer);

/** Did an answer come? */
static inline bool probe_heard(const struct ike_probe *p, enum probe_ask ask)
{
	return p->rows[ask].said > PROBE_NOTHING;
}

/** In which version was it asked? */
static inline bool probe_is_ike2(const struct ike_probe *p, enum probe_ask ask)
{
	return ask == PROBE_IKE2 || ask == PROBE_WIDE2 ||
	       (ask != PROBE_MAIN && ask != PROBE_AGGRESSIVE && ask != PROBE_WIDE1 &&
		ask != PROBE_WIDE1_MORE && p->ike2);
}

/* for the engine */

/** An answer to a probe: true, and it is used up. */
bool probe_take(struct ike_engine *e, const struct ike_datagram *d, const struct ike_hdr *hdr,
		uint64_t now);
/** The peer goes. */
void probe_free(struct ike_engine *e, struct ike_peer *peer);

#endif
