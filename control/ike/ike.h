/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ike.h - numbers of both IKE versions, and our limits and timers, on one screen. Names carry the
 * version where the versions differ: IKE1_ (RFC 2407, 2408, 2409, 3706, 3947), IKE2_ (RFC 7296);
 * IKE_ is common to both.
 */
#ifndef ESPGW_IKE_IKE_H
#define ESPGW_IKE_IKE_H

/* Header: RFC 2408 section 3.1, RFC 7296 section 3.1; the layout is the same. */
#define IKE_HDR_LEN	  28u
#define IKE_COOKIE_LEN	  8u
#define IKE_PLD_HDR_LEN	  4u
#define IKE_VERSION_1	  0x10u
#define IKE_VERSION_2	  0x20u
#define IKE_PORT	  500u
#define IKE_PORT_NATT	  4500u
#define IKE_PROTO_NUM_UDP 17u /* IP protocol in phase 1 ID payloads */

#define IKE1_FLAG_ENCRYPTION 0x01u
#define IKE1_FLAG_COMMIT     0x02u
#define IKE1_FLAG_AUTH_ONLY  0x04u
#define IKE2_FLAG_INITIATOR  0x08u
#define IKE2_FLAG_RESPONSE   0x20u

enum ike_exchange {
	IKE1_EXCH_BASE = 1,
	IKE1_EXCH_MAIN = 2, /* identity protection */
	IKE1_EXCH_AUTH_ONLY = 3,
	IKE1_EXCH_AGGRESSIVE = 4,
	IKE1_EXCH_INFO = 5,
	IKE1_EXCH_TRANSACTION = 6, /* mode config; not spoken */
	IKE1_EXCH_QUICK = 32,
	IKE1_EXCH_NEW_GROUP = 33, /* not spoken */
	IKE2_EXCH_SA_INIT = 34,
	IKE2_EXCH_AUTH = 35,
	IKE2_EXCH_CREATE_CHILD = 36,
	IKE2_EXCH_INFO = 37,
};

/* Payload types: RFC 2408 section 3.1, RFC 3947 section 3.2, RFC 7296 section 3.2. */
enum ike_payload_type {
	IKE_PLD_NONE = 0,
	IKE1_PLD_SA = 1,
	IKE1_PLD_PROPOSAL = 2,	/* only inside SA */
	IKE1_PLD_TRANSFORM = 3, /* only inside a proposal */
	IKE1_PLD_KE = 4,
	IKE1_PLD_ID = 5,
	IKE1_PLD_CERT = 6,
	IKE1_PLD_CERTREQ = 7,
	IKE1_PLD_HASH = 8,
	IKE1_PLD_SIG = 9,
	IKE1_PLD_NONCE = 10,
	IKE1_PLD_NOTIFY = 11,
	IKE1_PLD_DELETE = 12,
	IKE1_PLD_VENDOR = 13,
	IKE1_PLD_ATTR = 14, /* mode config */
	IKE1_PLD_NATD = 20,
	IKE1_PLD_NATOA = 21,
	IKE2_PLD_SA = 33,
	IKE2_PLD_KE = 34,
	IKE2_PLD_IDI = 35,
	IKE2_PLD_IDR = 36,
	IKE2_PLD_CERT = 37,
	IKE2_PLD_CERTREQ = 38,
	IKE2_PLD_AUTH = 39,
	IKE2_PLD_NONCE = 40,
	IKE2_PLD_NOTIFY = 41,
	IKE2_PLD_DELETE = 42,
	IKE2_PLD_VENDOR = 43,
	IKE2_PLD_TSI = 44,
	IKE2_PLD_TSR = 45,
	IKE2_PLD_SK = 46,
	IKE2_PLD_CP = 47,
	IKE2_PLD_EAP = 48,
	IKE2_PLD_SKF = 53,
	IKE1_PLD_NATD_DRAFT = 130, /* draft-ietf-ipsec-nat-t-ike-02, -03 */
	IKE1_PLD_NATOA_DRAFT = 131,
	IKE1_PLD_FRAGMENT = 132, /* of vendors: control/ike1/frag1.h */
};

enum ike_protocol { IKE_PROTO_IKE = 1, IKE_PROTO_AH = 2, IKE_PROTO_ESP = 3, IKE_PROTO_IPCOMP = 4 };

/* RFC 2407 section 4.2, 4.6.2.1; struct ike_identity_conf uses the same numbers. */
#define IKE1_DOI_ISAKMP		 0u
#define IKE1_DOI_IPSEC		 1u
#define IKE1_SIT_IDENTITY_ONLY	 1u
#define IKE1_TRANSFORM_KEY_IKE	 1u /* RFC 2407 section 4.4.2 */
#define IKE1_ID_IPV4_ADDR	 1u
#define IKE1_ID_FQDN		 2u
#define IKE1_ID_USER_FQDN	 3u
#define IKE1_ID_IPV4_ADDR_SUBNET 4u
#define IKE1_ID_IPV6_ADDR	 5u
#define IKE1_ID_IPV6_ADDR_SUBNET 6u
#define IKE1_ID_IPV4_ADDR_RANGE	 7u
#define IKE1_ID_IPV6_ADDR_RANGE	 8u
#define IKE1_ID_DER_ASN1_DN	 9u
#define IKE1_ID_DER_ASN1_GN	 10u
#define IKE1_ID_KEY_ID		 11u

/* Data attributes, RFC 2408 section 3.3. */
#define IKE1_ATTR_BASIC	    0x8000u
#define IKE1_ATTR_TYPE_MASK 0x7fffu

enum ike1_attr_phase1 { /* RFC 2409 appendix A */
			IKE1_P1_ENCR = 1,
			IKE1_P1_HASH = 2,
			IKE1_P1_AUTH = 3,
			IKE1_P1_GROUP = 4,
			IKE1_P1_LIFE_TYPE = 11,
			IKE1_P1_LIFE_DURATION = 12,
			IKE1_P1_PRF = 13,
			IKE1_P1_KEY_LENGTH = 14,
};
enum ike1_attr_phase2 { /* RFC 2407 section 4.5 */
			IKE1_P2_LIFE_TYPE = 1,
			IKE1_P2_LIFE_DURATION = 2,
			IKE1_P2_GROUP = 3,
			IKE1_P2_ENCAP = 4,
			IKE1_P2_AUTH = 5,
			IKE1_P2_KEY_LENGTH = 6,
			IKE1_P2_KEY_ROUNDS = 7,
			IKE1_P2_ESN = 11, /* RFC 4304 section 4 */
};
#define IKE1_LIFE_SECONDS   1u
#define IKE1_LIFE_KILOBYTES 2u
#define IKE1_AUTH_PSK	    1u
/* Phase 2 default when no life attribute is sent: RFC 2407 section 4.5. */
#define IKE1_P2_LIFE_DEFAULT 28800u

enum ike1_encap { /* RFC 2407 section 4.5, RFC 3947 section 5.1, drafts 00..03 */
		  IKE1_ENCAP_TUNNEL = 1,
		  IKE1_ENCAP_TRANSPORT = 2,
		  IKE1_ENCAP_UDP_TUNNEL = 3,
		  IKE1_ENCAP_UDP_TRANSPORT = 4,
		  IKE1_ENCAP_UDP_TUNNEL_DRAFT = 61443,
		  IKE1_ENCAP_UDP_TRANSPORT_DRAFT = 61444,
};

enum ike1_notify { /* RFC 2408 section 3.14.1, RFC 2407 section 4.6.3, RFC 3706 section 5.4 */
		   IKE1_N_INVALID_PAYLOAD_TYPE = 1,
		   IKE1_N_DOI_NOT_SUPPORTED = 2,
		   IKE1_N_SITUATION_NOT_SUPPORTED = 3,
		   IKE1_N_INVALID_COOKIE = 4,
		   IKE1_N_INVALID_MAJOR_VERSION = 5,
		   IKE1_N_INVALID_MINOR_VERSION = 6,
		   IKE1_N_INVALID_EXCHANGE_TYPE = 7,
		   IKE1_N_INVALID_FLAGS = 8,
		   IKE1_N_INVALID_MESSAGE_ID = 9,
		   IKE1_N_INVALID_PROTOCOL_ID = 10,
		   IKE1_N_INVALID_SPI = 11,
		   IKE1_N_INVALID_TRANSFORM_ID = 12,
		   IKE1_N_ATTRIBUTES_NOT_SUPPORTED = 13,
		   IKE1_N_NO_PROPOSAL_CHOSEN = 14,
		   IKE1_N_BAD_PROPOSAL_SYNTAX = 15,
		   IKE1_N_PAYLOAD_MALFORMED = 16,
		   IKE1_N_INVALID_KEY_INFORMATION = 17,
		   IKE1_N_INVALID_ID_INFORMATION = 18,
		   IKE1_N_INVALID_HASH_INFORMATION = 23,
		   IKE1_N_AUTHENTICATION_FAILED = 24,
		   IKE1_N_INVALID_SIGNATURE = 25,
		   IKE1_N_NOTIFY_SA_LIFETIME = 27,
		   IKE1_N_UNEQUAL_PAYLOAD_LENGTHS = 30,
		   IKE1_N_CONNECTED = 16384,
		   IKE1_N_RESPONDER_LIFETIME = 24576,
		   IKE1_N_REPLAY_STATUS = 24577,
		   IKE1_N_INITIAL_CONTACT = 24578,
		   IKE1_N_R_U_THERE = 36136,
		   IKE1_N_R_U_THERE_ACK = 36137,
};

enum ike2_transform_type { /* RFC 7296 section 3.3.2 */
			   IKE2_T_ENCR = 1,
			   IKE2_T_PRF = 2,
			   IKE2_T_INTEG = 3,
			   IKE2_T_DH = 4,
			   IKE2_T_ESN = 5,
};
#define IKE2_ATTR_KEY_LENGTH 14u /* RFC 7296 section 3.3.5; the only one there is */
#define IKE2_AUTH_PSK	     2u	 /* RFC 7296 section 3.8: shared key message integrity code */
#define IKE2_TS_IPV4	     7u	 /* RFC 7296 section 3.13.1 */
#define IKE2_TS_IPV6	     8u

enum ike2_notify { /* RFC 7296 section 3.10.1, RFC 6023, RFC 7383 */
		   IKE2_N_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
		   IKE2_N_INVALID_IKE_SPI = 4,
		   IKE2_N_INVALID_MAJOR_VERSION = 5,
		   IKE2_N_INVALID_SYNTAX = 7,
		   IKE2_N_INVALID_MESSAGE_ID = 9,
		   IKE2_N_INVALID_SPI = 11,
		   IKE2_N_NO_PROPOSAL_CHOSEN = 14,
		   IKE2_N_INVALID_KE_PAYLOAD = 17,
		   IKE2_N_AUTHENTICATION_FAILED = 24,
		   IKE2_N_SINGLE_PAIR_REQUIRED = 34,
		   IKE2_N_NO_ADDITIONAL_SAS = 35,
		   IKE2_N_INTERNAL_ADDRESS_FAILURE = 36,
		   IKE2_N_FAILED_CP_REQUIRED = 37,
		   IKE2_N_TS_UNACCEPTABLE = 38,
		   IKE2_N_INVALID_SELECTORS = 39,
		   IKE2_N_UNACCEPTABLE_ADDRESSES = 40, /* RFC 4555 section 4.1 */
		   IKE2_N_UNEXPECTED_NAT_DETECTED = 41,
		   IKE2_N_TEMPORARY_FAILURE = 43,
		   IKE2_N_CHILD_SA_NOT_FOUND = 44,
		   IKE2_N_INITIAL_CONTACT = 16384,
		   IKE2_N_SET_WINDOW_SIZE = 16385,
		   IKE2_N_ADDITIONAL_TS_POSSIBLE = 16386,
		   IKE2_N_IPCOMP_SUPPORTED = 16387,
		   IKE2_N_NAT_DETECTION_SOURCE_IP = 16388,
		   IKE2_N_NAT_DETECTION_DESTINATION_IP = 16389,
		   IKE2_N_COOKIE = 16390,
		   IKE2_N_USE_TRANSPORT_MODE = 16391,
		   IKE2_N_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
		   IKE2_N_REKEY_SA = 16393,
		   IKE2_N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
		   IKE2_N_NON_FIRST_FRAGMENTS_ALSO = 16395,
		   IKE2_N_MOBIKE_SUPPORTED = 16396, /* RFC 4555 section 4, up to NO_NATS_ALLOWED */
		   IKE2_N_ADDITIONAL_IP4_ADDRESS = 16397,
		   IKE2_N_ADDITIONAL_IP6_ADDRESS = 16398,
		   IKE2_N_NO_ADDITIONAL_ADDRESSES = 16399,
		   IKE2_N_UPDATE_SA_ADDRESSES = 16400,
		   IKE2_N_COOKIE2 = 16401,
		   IKE2_N_NO_NATS_ALLOWED = 16402,
		   IKE2_N_AUTH_LIFETIME = 16403, /* RFC 4478 section 3 */
		   IKE2_N_CHILDLESS_IKEV2_SUPPORTED = 16418,
		   IKE2_N_FRAGMENTATION_SUPPORTED = 16430,
};
#define IKE2_N_FIRST_STATUS 16384u /* below are errors */

/* Limits of what we accept. */
#define IKE_MAX_MESSAGE	    8192u
#define IKE_MAX_PAYLOADS    32u
#define IKE_MAX_PROPOSALS   8u	/* per SA payload */
#define IKE_MAX_TRANSFORMS  32u /* per proposal */
#define IKE_MAX_ATTRS	    16u /* per transform */
#define IKE_MAX_SPIS	    64u /* per DELETE payload */
#define IKE_MIN_NONCE	    8u	/* RFC 2409 section 5 */
#define IKE_MAX_NONCE	    256u
#define IKE_NONCE_LEN	    32u /* ours */
#define IKE2_MAX_PROPOSALS  32u
#define IKE2_MAX_TRANSFORMS 256u /* of all proposals of an SA payload */
#define IKE2_MAX_TS	    16u	 /* per TS payload */
#define IKE2_MIN_NONCE	    16u	 /* RFC 7296 section 2.10 */
#define IKE2_MAX_COOKIE	    64u	 /* RFC 7296 section 2.6 */
#define IKE_MAX_COOKIE	    16u	 /* SPI size of an ISAKMP protocol SPI: RFC 2408 section 3.5 */

/* Timers, nanoseconds and seconds as named. */
#define IKE_RETRANSMIT_FIRST_MS	  1000u /* then 2, 4, 8, 16 s, each + up to 10 % */
#define IKE_RETRANSMIT_JITTER_PCT 10u
#define IKE_SILENT_TRIES	  2u /* so many without answer are worth saying: after 3 s */
#define IKE_RETRANSMIT_TRIES	  5u
#define IKE_AMPLIFICATION	  3u  /* bytes to an address that may be forged, for each from it */
#define IKE_HALF_OPEN_S		  30u /* a responder's unfinished phase 1 */
#define IKE_KEEPALIVE_S		  20u /* RFC 3948 section 4 */
#define IKE_SOFT_PERCENT	  80u /* of a child SA's lifetime */
/* A lifetime in bytes tells when to make a new pair, not when traffic stops: fast lines use up what
 * some peers ask for (2560 kB) in less time than a message takes. So a pair is replaced for its
 * volume no sooner than this, and goes on for so many bytes more until the new one is there; less
 * with 64-bit blocks, where volume is what is dangerous (RFC 4772 section 3.1). */
#define IKE_VOLUME_PACE_MS  1000u /* the side that began the pair; the other twice that */
#define IKE_VOLUME_GRACE    (16ull << 30)
#define IKE_VOLUME_GRACE_64 (1ull << 30)
#define IKE_VOLUME_SILLY_S  10u /* told in the log when a lifetime in bytes ends sooner */

#endif
