/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop2.h - SA payloads of IKEv2 (RFC 7296 section 3.3): decode, choose, build. A proposal lists
 * alternatives of each transform type and the responder takes one of each, so nothing is echoed:
 * what was chosen is written anew. Numbers are those of the suite tables.
 */
#ifndef ESPGW_IKE_PROP2_H
#define ESPGW_IKE_PROP2_H

#include "control/ike/conf.h"
#include "control/ike/msg.h"
#include "control/ike/prop.h"

struct prop2_transform {
	uint8_t type; /* enum ike2_transform_type, or what the peer invented */
	uint16_t id;
	uint16_t key_bits; /* 0: no key length attribute */
	bool bad;	   /* an attribute that is unknown, given twice or of a wrong form */
};

struct prop2_proposal {
	uint8_t number;
	uint8_t protocol;
	struct ike_view spi;
	uint16_t first, n; /* transforms in prop2_sa.transforms */
};

struct prop2_sa {
	uint16_t n_proposals, n_transforms;
	struct prop2_proposal proposals[IKE2_MAX_PROPOSALS];
	struct prop2_transform transforms[IKE2_MAX_TRANSFORMS];
};

/** 0, or -EBADMSG with *error filled. What makes one transform unacceptable does not fail it. */
int prop2_decode(struct prop2_sa *sa, const struct ike_pld_sa *pld, struct ike_parse_error *error);

/* What we offer and accept. */
struct prop2_want {
	uint8_t protocol; /* IKE_PROTO_IKE or IKE_PROTO_ESP */
	uint8_t spi_len;  /* of each proposal: 0 or 8 (IKE), 4 (ESP) */
	uint8_t n_encr, n_integ, n_prf, n_dh;
	bool esn;	   /* ESP: 64-bit sequence numbers too */
	bool short_sha256; /* ESP: the number of SHA2-256-128 means ABI_INTEG_HMAC_SHA2_256_96 */
	bool any_dh;	   /* IKE_AUTH: a group in an ESP proposal means nothing */
	struct ike_encr_choice encr[IKE_CONF_MAX_ALGS];
	uint16_t integ[IKE_CONF_MAX_ALGS], prf[IKE_CONF_MAX_ALGS]; /* IKEv2 numbers */
	uint16_t dh[IKE_CONF_MAX_ALGS];				   /* ESP: none, or one group */
};

/** From a configuration. rekey: the IKE SA's SPI goes into the proposals. first: the child SA of
 * IKE_AUTH, which has no group of its own. */
void prop2_want_ike(struct prop2_want *w, const struct ike_profile_conf *conf, bool rekey);
void prop2_want_esp(struct prop2_want *w, const struct ike_proposal_conf *conf, bool first);

struct prop2_choice {
	uint8_t number;
	uint8_t protocol;
	struct ike_encr_choice encr;
	uint16_t integ; /* enum abi_integ; 0 with an AEAD */
	uint16_t prf;	/* IKE: enum suite_hash */
	uint16_t group; /* 0: none */
	bool with_esn;	/* the proposal had transforms of type ESN */
	bool esn;	/* and 64-bit sequence numbers were taken */
	struct ike_view spi;
};

/**
 * Choose from the peer's proposals in its order, of each type its first that we accept; a group
 * that it has sent a KE for (ke_group, 0 = none) before others.
 * 0, or -ENOENT with *diff filled (diff may be NULL): of the proposal that misses least.
 */
int prop2_select(const struct prop2_sa *sa, const struct prop2_want *want, uint16_t ke_group,
		 struct prop2_choice *out, struct prop_diff *diff);

/** True when an answer holds one proposal with at most one transform of each type. */
bool prop2_single(const struct prop2_sa *sa);

/**
 * Write the body of an SA payload with all that want accepts: the ciphers that need an integrity
 * algorithm in one proposal, AEADs in another (RFC 7296 section 3.3), first what comes first.
 * spi: want->spi_len bytes.
 * 0, -EINVAL (a number that is not in the suite tables, or nothing to offer) or -ENOSPC.
 */
int prop2_build(struct wire_writer *w, const struct prop2_want *want, const uint8_t *spi);
/** Write the body that answers with a choice. 0 or -ENOSPC. */
int prop2_build_answer(struct wire_writer *w, const struct prop2_choice *choice, const uint8_t *spi,
		       uint8_t spi_len);

#endif
