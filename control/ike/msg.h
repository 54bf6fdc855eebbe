/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msg.h - IKE messages: header, payload chain, payload bodies; parsing and building.
 *
 * Parsing never writes to the buffer and never copies: struct ike_msg holds views into it, valid
 * as long as the buffer. It checks everything a body can get wrong by itself (lengths, counts,
 * fixed values); which payloads an exchange needs, and in which order, is the exchange's business.
 * Bodies of IKEv2 are looked into by msg_body2.c.
 */
#ifndef ESPGW_IKE_MSG_H
#define ESPGW_IKE_MSG_H

#include "control/ike/ike.h"
#include "control/ike/wire.h"

struct ike_hdr {
	uint64_t ispi, rspi; /* cookies in IKEv1 */
	uint8_t next;
	uint8_t version; /* major << 4 | minor */
	uint8_t exchange;
	uint8_t flags;
	uint32_t msgid;
	uint32_t length;
};

enum ike_parse_reason {
	IKE_PARSE_OK = 0,
	IKE_PARSE_SHORT,	  /* = WIRE_SHORT: a field runs past the end */
	IKE_PARSE_VERSION,	  /* major version neither 1 nor 2 */
	IKE_PARSE_LENGTH,	  /* header length is not the datagram's */
	IKE_PARSE_TOO_LONG,	  /* over IKE_MAX_MESSAGE */
	IKE_PARSE_PAYLOAD_LENGTH, /* payload length < 4 or past the end */
	IKE_PARSE_TOO_MANY,	  /* over one of the IKE_MAX_ counts */
	IKE_PARSE_TRAILING,	  /* bytes after the last payload */
	IKE_PARSE_RESERVED,	  /* RFC 2408 section 5.3: RESERVED is not zero */
	IKE_PARSE_BODY,		  /* a payload's fields contradict its length */
	IKE_PARSE_NESTED,	  /* wrong payload inside SA */
	IKE_PARSE_CRITICAL,	  /* IKEv2: unknown payload marked critical */
	IKE_PARSE_REASONS,
};

struct ike_parse_error {
	enum ike_parse_reason reason;
	size_t offset;	 /* bytes from the start of the message */
	uint8_t payload; /* type it happened in; 0 = header or chain */
};

/* ID payload, RFC 2407 section 4.6.2; also NAT-OA (RFC 3947 section 5.2) and IDi, IDr of IKEv2 (RFC
 * 7296 section 3.5), protocol and port 0. */
struct ike_pld_id {
	uint8_t type;
	uint8_t protocol;
	uint16_t port;
	struct ike_view data;
};

/* KE payload of IKEv2, RFC 7296 section 3.4. */
struct ike_pld_ke {
	uint16_t group;
	struct ike_view data;
};

/* AUTH, RFC 7296 section 3.8. */
struct ike_pld_auth {
	uint8_t method;
	struct ike_view data;
};

/* Traffic selectors, RFC 7296 section 3.13: each one's length fits, and together they are the
 * body; ts2_decode() goes on. */
struct ike_pld_ts {
	uint8_t count; /* 1 .. IKE2_MAX_TS */
	struct ike_view selectors;
};

/* Notification, RFC 2408 section 3.14; IKEv2 (RFC 7296 section 3.10) has no DOI. */
struct ike_pld_notify {
	uint32_t doi;
	uint8_t protocol;
	uint16_t type;
	struct ike_view spi;
	struct ike_view data;
};

/* Delete, RFC 2408 section 3.15, RFC 7296 section 3.11 (no DOI; no SPI for the IKE SA). spis holds
 * count * spi_size bytes. */
struct ike_pld_delete {
	uint32_t doi;
	uint8_t protocol;
	uint8_t spi_size;
	uint16_t count;
	struct ike_view spis;
};

/* Security association, RFC 2408 section 3.4: prop_decode() goes on with the proposals, which are
 * empty when DOI and situation are not IPSEC and identity only. In IKEv2 the proposals are all
 * there is (RFC 7296 section 3.3): prop2_decode(). */
struct ike_pld_sa {
	uint32_t doi;
	uint32_t situation;
	struct ike_view proposals;
	size_t proposals_offset; /* from the start of the message, for error positions */
};

struct ike_payload {
	uint8_t type;	   /* drafts' NAT-D and NAT-OA numbers are given as the RFC's */
	uint8_t wire_type; /* as received */
	bool known;	   /* false: body is all there is */
	bool critical;	   /* IKEv2 */
	size_t offset;	   /* of the generic header, from the start of the message */
	struct ike_view body;
	union {
		struct ike_pld_sa sa;
		struct ike_pld_id id; /* ID, NAT-OA */
		struct ike_pld_notify notify;
		struct ike_pld_delete del;
		struct ike_pld_ke ke; /* IKEv2 */
		struct ike_pld_auth auth;
		struct ike_pld_ts ts;
		/* NONCE, HASH, VENDOR, NAT-D, KE of IKEv1: body */
	};
};

struct ike_msg {
	struct ike_hdr hdr;
	const uint8_t *buf; /* whole message: header and plaintext */
	size_t len;
	size_t end; /* offset after the last payload; what follows is padding */
	size_t n;
	struct ike_payload pld[IKE_MAX_PAYLOADS];
	struct ike_parse_error error;
};

/** True when bytes of the header are encrypted (IKEv1 E flag); IKEv2 encrypts inside SK. */
bool ike_hdr_encrypted(const struct ike_hdr *h);

/**
 * Header alone, of a datagram without non-ESP marker. Checks size, version and length field.
 * 0, or -EBADMSG with *error filled (its header fields are valid when reason is not
 * IKE_PARSE_SHORT, so that INVALID-MAJOR-VERSION can be considered).
 */
int ike_msg_parse_header(struct ike_hdr *h, const uint8_t *buf, size_t len,
			 struct ike_parse_error *error);

/**
 * A whole message. When the header says encrypted, only the header is parsed and n is 0: decrypt a
 * copy, then ike_msg_parse_plain() on it. 0, or -EBADMSG with m->error filled and n = 0.
 */
int ike_msg_parse(struct ike_msg *m, const uint8_t *buf, size_t len);

/**
 * A message whose bytes after the header are plaintext by now, whatever its flags say. padded:
 * tolerate bytes after the last payload (decrypted messages; RFC 2408 does not require zeros).
 * Up to three are tolerated in any IKEv1 message: some peers align all of theirs to four bytes.
 */
int ike_msg_parse_plain(struct ike_msg *m, const uint8_t *buf, size_t len, bool padded);

/**
 * The payloads inside a decrypted SK of an IKEv2 message with header hdr: first is the type of the
 * first, buf their bytes without padding. Offsets count from buf. 0, or -EBADMSG as above; another
 * SK inside is IKE_PARSE_NESTED.
 */
int ike_msg_parse_inner(struct ike_msg *m, const struct ike_hdr *hdr, uint8_t first,
			const uint8_t *buf, size_t len);

/** First payload of a type, or the next one after prev; NULL when there is none. */
const struct ike_payload *ike_msg_find(const struct ike_msg *m, uint8_t type);
const struct ike_payload *ike_msg_next(const struct ike_msg *m, const struct ike_payload *prev);
size_t ike_msg_count(const struct ike_msg *m, uint8_t type);
/** All payloads after p with their headers, without padding: what HASH(1) and HASH(2) cover. */
struct ike_view ike_msg_after(const struct ike_msg *m, const struct ike_payload *p);

/** SPI number i of an ESP or AH DELETE, host order; 0 when i or the SPI size is out of range. */
uint32_t ike_delete_spi(const struct ike_pld_delete *d, size_t i);

/** Texts for logs; never NULL, static. */
const char *ike_parse_reason_text(enum ike_parse_reason reason);
const char *ike_payload_name(uint8_t version, uint8_t type);
const char *ike_exchange_name(uint8_t exchange);
const char *ike1_notify_name(uint16_t type); /* "NO-PROPOSAL-CHOSEN"; "unknown" */
const char *ike2_notify_name(uint16_t type); /* "NO_PROPOSAL_CHOSEN"; "unknown" */

/*
 * Building. One message at a time into the caller's buffer. Payloads chain themselves: each open
 * patches the next-payload byte before it. Overflow is kept and reported by ike_msg_finish().
 */
struct ike_builder {
	struct wire_writer w;
	size_t next_at; /* offset of the next-payload byte to patch */
	size_t pld_at;	/* offset of the open payload; 0 = none */
};

/** Start: writes the header; next, length are filled later. hdr's length and next are ignored. */
void ike_msg_begin(struct ike_builder *b, uint8_t *buf, size_t cap, const struct ike_hdr *hdr);
/** Open a payload, write its body through b->w, close it. */
void ike_msg_open(struct ike_builder *b, uint8_t type);
void ike_msg_close(struct ike_builder *b);
/** A whole payload. */
void ike_msg_add(struct ike_builder *b, uint8_t type, const void *body, size_t len);
/** A payload of len zero bytes to be filled in later (HASH): offset of its body. */
size_t ike_msg_add_blank(struct ike_builder *b, uint8_t type, size_t len);
void ike_msg_add_notify(struct ike_builder *b, const struct ike_pld_notify *n);
/** ESP SPIs in host order (protocol ESP), or with n_spis 0 the two cookies of hdr (protocol ISAKMP;
 * RFC 2408 section 3.15: SPI size 16). */
void ike_msg_add_delete(struct ike_builder *b, const uint32_t *spis, size_t n_spis, uint64_t ispi,
			uint64_t rspi);
/** The same of IKEv2. */
void ike2_msg_add_notify(struct ike_builder *b, uint8_t protocol, struct ike_view spi,
			 uint16_t type, const void *data, size_t len);
/** DELETE of IKEv2: ESP SPIs in host order, or with n_spis 0 the IKE SA it is sent on. */
void ike2_msg_add_delete(struct ike_builder *b, const uint32_t *spis, size_t n_spis);
/** KE of IKEv2. */
void ike2_msg_add_ke(struct ike_builder *b, uint16_t group, const void *data, size_t len);
/** IDi, IDr, AUTH: a byte, three reserved ones, data. */
void ike2_msg_add_typed(struct ike_builder *b, uint8_t payload, uint8_t type, const void *data,
			size_t len);
/** Bytes written so far, header included. */
size_t ike_msg_size(const struct ike_builder *b);
/**
 * Finish: pads with zeros after the header to a multiple of block (0 or 1 = none) and fills in the
 * length. 0 with *len, or -ENOSPC when the buffer or IKE_MAX_MESSAGE was too small.
 */
int ike_msg_finish(struct ike_builder *b, size_t block, size_t *len);

#endif
