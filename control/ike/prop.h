/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop.h - SA payloads of IKEv1: decode, choose, build. IKEv1 offers whole transforms (one of each
 * algorithm) and the responder echoes one of them unchanged (RFC 2408 section 4.2, RFC 2409
 * section 5: attributes MUST NOT be modified), so a chosen transform is kept as received.
 *
 * Lifetimes are decoded, never judged: proposal-check is the engine's business.
 */
#ifndef ESPGW_IKE_PROP_H
#define ESPGW_IKE_PROP_H

#include "control/ike/conf.h"
#include "control/ike/msg.h"
#include "control/ike/wire.h"

/* One kind of thing that both sides must agree on. */
enum prop_type {
	PROP_PROTOCOL = 0, /* phase 1: ISAKMP; phase 2: ESP alone */
	PROP_TRANSFORM,	   /* transform id, phase 1: KEY_IKE */
	PROP_ENCR,
	PROP_HASH, /* phase 1 */
	PROP_AUTH, /* phase 1: method */
	PROP_GROUP,
	PROP_INTEG, /* phase 2 */
	PROP_ENCAP, /* phase 2 */
	PROP_ESN,   /* phase 2: we do 32-bit sequence numbers in IKEv1 */
	PROP_OTHER, /* an attribute we do not know, or one given twice or out of its domain */
	PROP_TYPES,
};

/* struct prop_diff.phase of IKEv2 (prop2.h), whose numbers are the suite tables'. */
#define PROP_PHASE_IKE2	  3u
#define PROP_PHASE_CHILD2 4u

/* One transform as received. Values are IKEv1's own numbers; 0 = the attribute was absent. */
struct prop_transform {
	struct ike_view raw; /* the whole transform, header included */
	uint8_t number;
	uint8_t id;
	uint16_t encr; /* phase 1 attribute 1; phase 2: the transform id again */
	uint16_t key_bits;
	uint16_t hash;
	uint16_t auth; /* phase 1: method; phase 2: AUTH_ALGORITHM */
	uint16_t group;
	uint16_t encap;
	uint16_t esn;
	uint16_t bad_attr;  /* type of the first attribute that spoils it; 0 = none */
	uint64_t seconds;   /* lifetime; 0 = not sent */
	uint64_t kilobytes; /* lifetime; 0 = not sent */
};

struct prop_proposal {
	uint8_t number;
	uint8_t protocol;
	bool bundle; /* shares its number with another: "and" (RFC 2408 section 4.2); not accepted
		      */
	struct ike_view spi;
	uint16_t first, n; /* transforms in prop_sa.transforms */
};

struct prop_sa {
	uint8_t phase; /* 1 or 2 */
	uint16_t n_proposals, n_transforms;
	struct prop_proposal proposals[IKE_MAX_PROPOSALS];
	struct prop_transform transforms[IKE_MAX_PROPOSALS * IKE_MAX_TRANSFORMS];
};

/**
 * Decode the proposals of an SA payload. phase says whose attribute numbers they use.
 * 0, or -EBADMSG with *error filled. Attributes that make one transform unacceptable do not fail
 * it: they spoil that transform. The views point into the message.
 */
int prop_decode(struct prop_sa *sa, int phase, const struct ike_pld_sa *pld,
		struct ike_parse_error *error);

/* What we accept in phase 2, apart from the algorithms. */
struct prop_esp_want {
	const struct ike_proposal_conf *conf;
	uint8_t mode;	    /* enum abi_mode */
	bool natt;	    /* a NAT was found: only UDP encapsulation; else only plain */
	uint16_t encap;	    /* natt: the value of the agreed NAT-T variant, natd_encap_mode() */
	uint32_t kilobytes; /* to offer; 0 = not said */
};

/* What was agreed. The pointers lead into the prop_sa. */
struct prop_choice {
	const struct prop_proposal *proposal;
	const struct prop_transform *transform;
	struct ike_encr_choice encr;
	uint16_t hash;	  /* phase 1: enum suite_hash */
	uint16_t integ;	  /* phase 2: enum abi_integ; ABI_INTEG_NONE with an AEAD */
	uint16_t group;	  /* phase 2: 0 = no PFS */
	uint32_t spi;	  /* phase 2: the sender's, host order */
	uint64_t seconds; /* 0 = not sent */
	uint64_t kilobytes;
};

#define PROP_DIFF_MAX 16
struct prop_diff_type {
	bool mismatch; /* in the nearest transform */
	uint16_t
		n_received; /* distinct values over all transforms; kept: the first PROP_DIFF_MAX */
	uint16_t n_configured;
	uint16_t nearest, nearest_bits; /* value in the nearest transform; bits: key length */
	struct {
		uint16_t value, bits;
	} received[PROP_DIFF_MAX], configured[PROP_DIFF_MAX];
};

/*
 * Why nothing was chosen: the transform of the peer that misses by the fewest types (the first of
 * these), and what both sides have of each type. Values are IKEv1's numbers on both sides, or
 * IKEv2's when phase says so.
 */
struct prop_diff {
	uint8_t phase;
	uint16_t n_transforms;	/* looked at */
	uint8_t nearest_number; /* transform number of the nearest */
	struct prop_diff_type types[PROP_TYPES];
};

/**
 * Choose: the first of the peer's transforms, in its order, that we accept (RFC 2409 section 5).
 * As initiator call it on the answer too, after prop_single().
 * 0, or -ENOENT with *diff filled (diff may be NULL).
 */
int prop_select_ike(const struct prop_sa *sa, const struct ike_profile_conf *conf,
		    struct prop_choice *out, struct prop_diff *diff);
int prop_select_esp(const struct prop_sa *sa, const struct prop_esp_want *want,
		    struct prop_choice *out, struct prop_diff *diff);

/** True when an answer holds exactly one proposal with one transform, as it must. */
bool prop_single(const struct prop_sa *sa);

/** One side of a difference in strongSwan's words: "ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ". buf,
 * cut to cap (at least 8). */
char *prop_diff_words(const struct prop_diff *diff, bool received, char *buf, size_t cap);

/** "encr: received aes-256; configured aes-128, aes-192" for each type that differs, joined by
 * " | ", cut to cap; returns buf. */
char *prop_diff_print(const struct prop_diff *diff, char *buf, size_t cap);
/** "encr", "hash", ..; and any value of a type as text into buf (SUITE_MAX_NAME). Static / buf. */
const char *prop_type_name(enum prop_type type);
char *prop_value_print(uint8_t phase, enum prop_type type, uint16_t value, uint16_t bits, char *buf,
		       size_t cap);
/** "aes-128/md5/modp768" or "esp aes-128-cbc/md5/no-pfs/tunnel" of a transform, for logs; buf. */
char *prop_transform_print(uint8_t phase, const struct prop_transform *t, char *buf, size_t cap);

/**
 * Write the body of an SA payload that offers the cross product of the configured lists in order,
 * encryption outermost, capped at IKE_MAX_TRANSFORMS: phase 1 with pre-shared key. 0, -EINVAL when
 * a configured number is not in the suite table or has none in IKEv1, -ENOSPC.
 */
int prop_build_ike(struct wire_writer *w, const struct ike_profile_conf *conf);
/** The same for ESP; AEADs are offered once, without AUTH_ALGORITHM. spi: our inbound one.
 * conf->pfs_group 0 = none; lifetime in seconds. */
int prop_build_esp(struct wire_writer *w, const struct prop_esp_want *want, uint32_t spi);
/** Write the body that answers with a chosen transform, as received. Phase 1 answers without SPI;
 * phase 2 with our inbound spi. 0 or -ENOSPC. */
int prop_build_answer(struct wire_writer *w, const struct prop_choice *choice, int phase,
		      uint32_t spi);

#endif
