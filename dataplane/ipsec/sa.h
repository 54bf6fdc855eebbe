/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sa.h - one security association as the workers see it (RFC 4301 section 4.4.2).
 *
 * The manager builds it, publishes it (sad.h), and frees it after a grace period. Of thousands of
 * SAs none is in a cache near by, so what counts is how many cache lines a packet needs: line 0,
 * line 1 with selectors and the window or the header in short, and keys behind that, five lines in
 * all for AES-128-CBC with HMAC-SHA1. Key material is here and nowhere else; it is wiped before the
 * memory is given back. Addresses and ports are in host order but for the header template.
 */
#ifndef ESPGW_IPSEC_SA_H
#define ESPGW_IPSEC_SA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_byteorder.h>

#include "dataplane/api/messages.h"
#include "dataplane/ipsec/replay.h"
#include "dataplane/ipsec/volume.h"

#define SA_ESP_HEADER  8u  /* SPI, sequence number */
#define SA_ESN_BYTES   4u  /* upper half of an extended sequence number */
#define SA_ESP_TRAILER 2u  /* pad length, next header */
#define SA_MAX_ICV     32u /* HMAC-SHA2-512-256 */
#define SA_AES_BLOCK   16u /* of AES-CBC, and its IV */
#define SA_SEQ_MAX     ((uint64_t)UINT32_MAX)
#define SA_SEQ_SOFT    ((uint64_t)3 << 30) /* 75 % of 2^32: ask for a new SA */
/* Of extended numbers we use half: nobody sends more, and workers may run past the limit without
 * ever coming round. */
#define SA_ESN_MAX  ((uint64_t)INT64_MAX)
#define SA_ESN_SOFT ((uint64_t)3 << 61)

enum sa_state {
	SA_LARVAL = 0, /* being set up */
	SA_LIVE,       /* in use, soft-expired or not */
	SA_EXPIRED,    /* past a hard lifetime: kept to be counted against until it is deleted */
	SA_DEAD,       /* deleted, waiting for the grace period */
};

/** One selector of the SA, in host order. protocol 0: any; ports 0..65535: any. */
struct sa_range {
	uint32_t lo;
	uint32_t hi;
	uint16_t port_lo;
	uint16_t port_hi;
	uint8_t protocol;
	uint8_t any_port;
	uint8_t pad[2];
};

/* What makes an SA more than IPv4 in an IPv4 tunnel: bits of sa.shape. */
#define SA_SHAPE_OUTER6	   (1u << 0) /* between IPv6 addresses */
#define SA_SHAPE_TRANSPORT (1u << 1)
#define SA_SHAPE_INNER6	   (1u << 2) /* carries IPv6 alone */
#define SA_SHAPE_MARKS	   (1u << 3) /* outbound: DF or DSCP are not what most want */
#define SA_SHAPE_NARROW6                                                                           \
	(1u << 4) /* narrow6 says all that six does of selectors; beside others                    \
		   */

#define SA_OUTER_WORDS 8u

/** The selectors of an SA that has one of addresses alone on each side, as most have. */
struct sa_narrow {
	uint32_t local_lo;
	uint32_t local_hi;
	uint32_t remote_lo;
	uint32_t remote_hi;
};

/** The same for IPv6, where both are prefixes: what their addresses have in common, and in which
 * bits; in two halves each, as they are sent. */
struct sa_narrow6 {
	uint64_t local[2];
	uint64_t local_mask[2];
	uint64_t remote[2];
	uint64_t remote_mask[2];
};
_Static_assert(sizeof(struct sa_narrow6) == 64, "sa_narrow6 is one line");

/**
 * What esp_out puts in front: IPv4 or IPv6, UDP when encapsulated, ESP with SPI; lengths, TOS or
 * traffic class, id, checksum and sequence number left 0. Moved as whole words, so that a reader
 * beside a writer sees old or new words, and sa.outer_gen tells it when it saw both. In transport
 * mode only what follows the IP header is used.
 */
struct sa_outer {
	union {
		uint64_t word[SA_OUTER_WORDS];
		struct {
			uint8_t header[56];
			uint16_t sum;	/* of the IPv4 header's words, not folded in yet */
			uint8_t length; /* bytes of header in use: 28 or 48, with UDP 8 more */
			uint8_t encap;
			uint32_t remote; /* IPv4 */
		};
	};
};
_Static_assert(sizeof(struct sa_outer) == 64, "sa_outer");

/**
 * The same in short, of an outbound SA between IPv4 addresses: all that tells its header from
 * another's, but for the SPI.
 */
struct sa_brief {
	uint64_t second; /* words of the header */
	uint64_t third;
	union {
		uint32_t rest;
		struct {
			uint16_t sum;
			uint8_t length;
			uint8_t encap;
		};
	};
};

struct sa {
	/* The manager's. */
	uint64_t cookie;
	uint64_t first_used;
	uint64_t seq_mark;
	uint64_t moved_told;
	struct abi_lifetime life;
	uint32_t policy_id;
	uint32_t policy;   /* index, or SAD_NONE */
	uint32_t used_at;  /* place in sad's list of SAs */
	uint8_t soft_told; /* 1 << enum abi_limit for each */
	bool hard_told;
	bool current;
	bool volume_known; /* what passed before it was limited is in volume */
	uint8_t mode;	   /* enum abi_mode */
	uint8_t df;	   /* outbound: enum abi_df */
	uint8_t dscp;	   /* outbound: ABI_DSCP_COPY, or ABI_DSCP_SET and a value */
	struct sa6 *six;   /* sa6.h; NULL: it has nothing to do with IPv6 */

	/* For those whose selectors are not simple, those with a lifetime in bytes or packets, and
	 * those that several workers share. */
	_Alignas(64) struct sa_range local[ABI_MAX_SELECTORS];
	struct sa_range remote[ABI_MAX_SELECTORS];
	uint8_t n_local;
	uint8_t n_remote;
	union {
		uint64_t sent;	/* outbound, several workers: all numbers up to here have left
				   (order.h) */
		uint64_t moved; /* inbound: sa_peer() of a verified packet from elsewhere, or 0 */
	};
	struct volume volume; /* shared by the workers, when limited */

	_Alignas(64) struct sa_narrow6 narrow6; /* of SAs whose shape has it */
	_Alignas(64) struct sa_outer outer; /* once for the packets of a burst; inbound over IPv6,
					       of many SAs, for each */

	/* What a packet needs lies together from here on. Line 0: read for every packet; the
	 * workers write nothing but seq. */
	_Alignas(64) uint32_t spi;
	uint32_t slot;
	union {
		uint32_t clamp_by;   /* inbound: as policy, whose outbound SA says what MSS */
		uint32_t brief_rest; /* outbound: struct sa_brief */
	};
	uint32_t outer_gen; /* odd while the manager writes outer */
	uint16_t mtu;	    /* outbound: largest inner packet */
	uint8_t state_len;  /* bytes of each of HMAC's two states */
	uint8_t keep_mss;   /* outbound: mss_clamp() leaves it */
	uint8_t salt[4];    /* CTR and AEADs: wiped with the keys */
	union {
		uint64_t gate; /* all of these at once: sa_gate() */
		struct {
			uint8_t state; /* enum sa_state */
			uint8_t direction;
			uint8_t shape;	 /* SA_SHAPE_...; 0: the fast path is all it needs */
			uint8_t limited; /* it has a lifetime in bytes or packets: volume.h */
			uint8_t esn;	 /* extended sequence numbers: the 4 bytes not sent; or 0 */
			uint8_t is_narrow; /* narrow says all that local and remote do */
			uint8_t windowed;  /* inbound: there is a window, at the start of keys */
		};
	};
	union {
		uint64_t suite; /* all of these at once */
		struct {
			uint8_t cipher; /* enum crypto_cipher, enum crypto_hash */
			uint8_t hash;
			uint8_t iv_len;
			uint8_t block; /* what the ciphertext is a multiple of: 16, or 4 (RFC 4303
					  section 2.4) */
			uint8_t icv_len;
			uint8_t kind; /* cipher, hash and whether numbers are extended; never 0 */
			uint8_t cipher_at; /* where in keys the cipher's are */
			uint8_t hash_at;   /* where HMAC's states are, in units of SA_KEY_UNIT */
		};
	};
	union {
		uint64_t endpoint; /* inbound: sa_endpoint() of local address and encapsulation */
		uint64_t seq;	   /* outbound: last number handed out; runs past the limit */
	};
	union {
		uint64_t peer;	    /* inbound: sa_peer() of where packets are expected from */
		uint64_t seq_limit; /* outbound: last number to use, kept ahead by sad_tick */
	};
	uint64_t brief_second; /* outbound: struct sa_brief */

	struct sa_narrow narrow; /* line 1 */

	/*
	 * First, inbound struct replay, outbound the third word of struct sa_brief: what a packet
	 * is checked or built with is in two lines, and only the library reads the others.
	 *
	 *          line 1                                      line 2...
	 * in       narrow 16 | replay 24 | states 2 * n | schedule (at the next multiple of 16)
	 * out      narrow 16 | third 8 | states 2 * n |       schedule (at the next line)
	 *
	 * Then what is expanded by crypto_set_keys(): HMAC's inner and outer state after the first
	 * block, and what the cipher needs (CBC: encryption or decryption schedule, by direction).
	 * crypto_sa_bytes() says how much to allocate. The library encrypts with schedules read in
	 * whole cache lines' lengths, beyond their end, too: outbound they are on lines of their
	 * own.
	 */
	uint8_t keys[];
};
#define SA_LINE0    offsetof(struct sa, spi)
#define SA_KIND_ESN (1u << 3)
#define SA_KEY_UNIT 8u
#define SA_KEYS_IN  sizeof(struct replay) /* of keys are no keys */
#define SA_KEYS_OUT sizeof(uint64_t)
_Static_assert(offsetof(struct sa, narrow) == SA_LINE0 + 64, "line 0 is one line");
_Static_assert(offsetof(struct sa, keys) % 16 == 0, "what the library wants of AES");
_Static_assert(SA_KEYS_IN % SA_KEY_UNIT == 0 && SA_KEYS_OUT % SA_KEY_UNIT == 0, "hash_at");

/* Bytes of sa.gate. */
#define SA_GATE(field) (8 * (offsetof(struct sa, field) - offsetof(struct sa, gate)))
_Static_assert(offsetof(struct sa, gate) % 8 == 0 &&
		       offsetof(struct sa, windowed) < offsetof(struct sa, gate) + 8 &&
		       __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "what says whether an SA is a usual one is one word");

/** What sa_gate_in() is, or the bits of SA_GATE_OUT_ASKS are, of a live SA of that direction that
 * is a usual one: a tunnel, no lifetime in bytes or packets; inbound numbers are not extended,
 * either, and outbound its marks are those that most want. */
#define SA_GATE_IN                                                                                 \
	((uint64_t)SA_LIVE << SA_GATE(state) | (uint64_t)ABI_DIR_IN << SA_GATE(direction))
#define SA_GATE_OUT_ASKS                                                                           \
	(0xff00ffffull | (uint64_t)(SA_SHAPE_TRANSPORT | SA_SHAPE_MARKS) << SA_GATE(shape))
#define SA_GATE_OUT                                                                                \
	((uint64_t)SA_LIVE << SA_GATE(state) | (uint64_t)ABI_DIR_OUT << SA_GATE(direction))

static inline uint64_t sa_gate(const struct sa *sa)
{
	return __atomic_load_n(&sa->gate, __ATOMIC_ACQUIRE);
}

/** Inbound: a tunnel, and of the IPv4 in it addresses alone count? */
static inline bool sa_gate_is_narrow(uint64_t gate)
{
	const uint64_t mask =
		(uint64_t)SA_SHAPE_TRANSPORT << SA_GATE(shape) | 0xffull << SA_GATE(is_narrow);

	return (gate & mask) == 1ull << SA_GATE(is_narrow);
}

/** The same for IPv6; none but tunnels have that bit. */
static inline bool sa_gate_is_narrow6(uint64_t gate)
{
	return (gate & (uint64_t)SA_SHAPE_NARROW6 << SA_GATE(shape)) != 0;
}

/** state, direction and limited, of shape the mode alone, and esn. */
static inline uint64_t sa_gate_in(uint64_t gate)
{
	return gate & (0xff00ffffull | (uint64_t)SA_SHAPE_TRANSPORT << SA_GATE(shape) |
		       0xffull << SA_GATE(esn));
}

static inline const uint8_t *sa_ipad(const struct sa *sa)
{
	return sa->keys + (size_t)sa->hash_at * SA_KEY_UNIT;
}

static inline const uint8_t *sa_opad(const struct sa *sa)
{
	return sa_ipad(sa) + sa->state_len;
}

static inline const uint8_t *sa_cipher_keys(const struct sa *sa)
{
	return sa->keys + sa->cipher_at;
}

/** The window of an SA that is windowed. */
static inline struct replay *sa_window(const struct sa *sa)
{
	return (struct replay *)(uintptr_t)sa->keys;
}

/** The window; NULL: outbound, or off. */
static inline struct replay *sa_replay(const struct sa *sa)
{
	return sa->windowed ? sa_window(sa) : NULL;
}

/* Where the third word of an outbound SA's header in short is. */
static inline uint64_t *sa_brief_third(const struct sa *sa)
{
	return (uint64_t *)(uintptr_t)sa->keys;
}

/** The last number an outbound SA may use, and the one at which a new SA is asked for. */
static inline uint64_t sa_seq_max(const struct sa *sa)
{
	return sa->esn != 0 ? SA_ESN_MAX : SA_SEQ_MAX;
}

static inline uint64_t sa_seq_soft(const struct sa *sa)
{
	return sa->esn != 0 ? SA_ESN_SOFT : SA_SEQ_SOFT;
}

/** Inbound look-up key beyond the SPI: the address we were sent to, and in what. Of an SA between
 * IPv6 addresses local is 0, as in the meta of their packets. */
static inline uint64_t sa_endpoint(uint32_t local, uint8_t encap)
{
	return (uint64_t)encap << 32 | local;
}

/** Where a peer sends from; never 0. */
static inline uint64_t sa_peer(uint32_t addr, uint16_t port)
{
	return 1ull << 48 | (uint64_t)port << 32 | addr;
}

static inline enum sa_state sa_state(const struct sa *sa)
{
	return (enum sa_state)__atomic_load_n(&sa->state, __ATOMIC_ACQUIRE);
}

/** Take a copy of the outer header; false when the manager is changing it just now. A new word seen
 * means that the generation it belongs to is seen after it. */
static inline bool sa_outer_read(const struct sa *sa, struct sa_outer *out)
{
	uint32_t gen = __atomic_load_n(&sa->outer_gen, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < SA_OUTER_WORDS; i++)
		out->word[i] = __atomic_load_n(&sa->outer.word[i], __ATOMIC_ACQUIRE);
	return (gen & 1) == 0 && __atomic_load_n(&sa->outer_gen, __ATOMIC_RELAXED) == gen;
}

/** sa_outer_read() of an SA between IPv6 addresses, of its local one alone, as it is sent. */
static inline bool sa_local6_read(const struct sa *sa, uint64_t out[2])
{
	uint32_t gen = __atomic_load_n(&sa->outer_gen, __ATOMIC_ACQUIRE);

	out[0] = __atomic_load_n(&sa->outer.word[1], __ATOMIC_ACQUIRE);
	out[1] = __atomic_load_n(&sa->outer.word[2], __ATOMIC_ACQUIRE);
	return (gen & 1) == 0 && __atomic_load_n(&sa->outer_gen, __ATOMIC_RELAXED) == gen;
}

static inline bool sa_has_brief(const struct sa *sa)
{
	return sa->direction == ABI_DIR_OUT && (sa->shape & SA_SHAPE_OUTER6) == 0;
}

/* Of words that such an SA has in front. */
static inline struct sa_brief sa_brief_of(const struct sa_outer *o)
{
	return (struct sa_brief){.second = o->word[1],
				 .third = o->word[2],
				 .sum = o->sum,
				 .length = o->length,
				 .encap = o->encap};
}

/** sa_outer_read() of an SA that has it in short. */
static inline bool sa_brief_read(const struct sa *sa, struct sa_brief *out)
{
	uint32_t gen = __atomic_load_n(&sa->outer_gen, __ATOMIC_ACQUIRE);

	out->second = __atomic_load_n(&sa->brief_second, __ATOMIC_ACQUIRE);
	out->third = __atomic_load_n(sa_brief_third(sa), __ATOMIC_ACQUIRE);
	out->rest = __atomic_load_n(&sa->brief_rest, __ATOMIC_ACQUIRE);
	return (gen & 1) == 0 && __atomic_load_n(&sa->outer_gen, __ATOMIC_RELAXED) == gen;
}

/** sa_brief.length alone, which may be another one by the time that the rest is read. */
static inline uint8_t sa_brief_length(const struct sa *sa)
{
	const struct sa_brief b = {.rest = __atomic_load_n(&sa->brief_rest, __ATOMIC_RELAXED)};

	return b.length;
}

static inline void sa_brief_write(struct sa *sa, const struct sa_brief *b)
{
	__atomic_store_n(&sa->brief_second, b->second, __ATOMIC_RELEASE);
	__atomic_store_n(sa_brief_third(sa), b->third, __ATOMIC_RELEASE);
	__atomic_store_n(&sa->brief_rest, b->rest, __ATOMIC_RELEASE);
}

/** Put a new outer header in place; the manager alone. */
static inline void sa_outer_write(struct sa *sa, const struct sa_outer *in)
{
	const struct sa_brief brief = sa_brief_of(in);
	uint32_t gen = sa->outer_gen;

	__atomic_store_n(&sa->outer_gen, gen + 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < SA_OUTER_WORDS; i++)
		__atomic_store_n(&sa->outer.word[i], in->word[i], __ATOMIC_RELEASE);
	if (sa_has_brief(sa))
		sa_brief_write(sa, &brief);
	__atomic_store_n(&sa->outer_gen, gen + 2, __ATOMIC_RELEASE);
}

/**
 * Is address and port inside one of the n selectors? ports: the packet has them (no non-first
 * fragment, a protocol with ports); without them only selectors of any port match (RFC 4301
 * section 7).
 */
static inline bool sa_range_match(const struct sa_range *r, unsigned int n, uint32_t addr,
				  uint8_t proto, uint16_t port, bool ports)
{
	for (unsigned int i = 0; i < n; i++)
		if (addr >= r[i].lo && addr <= r[i].hi &&
		    (r[i].protocol == 0 || r[i].protocol == proto) &&
		    (r[i].any_port || (ports && port >= r[i].port_lo && port <= r[i].port_hi)))
			return true;
	return false;
}

/** sa_range_match() of both sides, where sa->is_narrow. */
static inline bool sa_narrow_match(const struct sa_narrow *r, uint32_t local, uint32_t remote)
{
	return local >= r->local_lo && local <= r->local_hi && remote >= r->remote_lo &&
	       remote <= r->remote_hi;
}

#endif
