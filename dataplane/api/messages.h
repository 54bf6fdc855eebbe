/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * messages.h - what travels in the four rings of the shared segment.
 *
 * Rules, for every record:
 *  - fixed-width fields, no pointers, no bit-fields, padding written out and zero;
 *  - starts with struct abi_msg; the receiver copies the whole record out before it reads any of
 * it, then checks type, length and every field. It trusts nothing: the other side may be
 * compromised;
 *  - multi-byte numbers are in host order, addresses in network order;
 *  - times are CLOCK_MONOTONIC nanoseconds.
 *
 * command (control -> dataplane), each answered in the event ring by one ABI_EV_REPLY with the
 * request id:
 *
 *   ABI_CMD_SA_ADD        install one SA; ABI_CMD_SA_UPDATE changes endpoint, lifetime or makes it
 * current; ABI_CMD_SA_DELETE     removes it; ABI_CMD_SA_FLUSH removes all ABI_CMD_POLICY_BEGIN, n x
 * ABI_CMD_POLICY, ABI_CMD_POLICY_COMMIT      replace the whole SPD, atomically ABI_CMD_NET_BEGIN, n
 * x (ABI_CMD_ADDRESS | ABI_CMD_ROUTE), ABI_CMD_NET_COMMIT      replace addresses and routes
 *   ABI_CMD_SYNC          answered when all before it took effect
 *   ABI_CMD_SPI_EXPECT    an inbound SA of this SPI may be added soon: what comes for it waits for
 * a moment
 */
#ifndef ESPGW_API_MESSAGES_H
#define ESPGW_API_MESSAGES_H

#include <stdint.h>

#define ABI_COMMAND_SLOT 1024u /* bytes of one command record at most */
#define ABI_EVENT_SLOT	 256u
#define ABI_PACKET_SLOT	 2048u

#define ABI_MAX_SELECTORS 4u /* traffic selectors per side of one SA */
#define ABI_NAME_LEN	  32u
#define ABI_SPI_MIN	  256u /* RFC 4303 section 2.1: 1..255 are reserved */

struct abi_msg {
	uint16_t type;
	uint16_t length; /* of the whole record, this header included */
	uint32_t request_id;
};

struct abi_addr {
	uint8_t family; /* 0 none, 4, 6 */
	uint8_t pad[3];
	uint8_t bytes[16]; /* IPv4 in the first four, the rest zero */
};

/* One traffic selector: RFC 7296 section 3.13.1's shape. protocol 0 is any; ports 0..65535 is any.
 */
struct abi_range {
	uint8_t family;
	uint8_t protocol;
	uint16_t port_lo;
	uint16_t port_hi;
	uint16_t pad;
	uint8_t lo[16];
	uint8_t hi[16];
};

enum abi_command {
	ABI_CMD_SA_ADD = 1,
	ABI_CMD_SA_UPDATE,
	ABI_CMD_SA_DELETE,
	ABI_CMD_SA_FLUSH,
	ABI_CMD_POLICY_BEGIN,
	ABI_CMD_POLICY,
	ABI_CMD_POLICY_COMMIT,
	ABI_CMD_NET_BEGIN,
	ABI_CMD_ADDRESS,
	ABI_CMD_ROUTE,
	ABI_CMD_NET_COMMIT,
	ABI_CMD_SYNC,
	ABI_CMD_SPI_EXPECT,
};

/* IANA numbers of IKEv2 (RFC 7296 section 3.3.2) name the ESP transforms for both IKE versions. */
enum abi_encr {
	ABI_ENCR_3DES = 3,
	ABI_ENCR_NULL = 11,
	ABI_ENCR_AES_CBC = 12,
	ABI_ENCR_AES_CTR = 13,
	ABI_ENCR_AES_GCM_16 = 20,
	ABI_ENCR_CHACHA20_POLY1305 = 28,
};

enum abi_integ {
	ABI_INTEG_NONE = 0,
	ABI_INTEG_HMAC_MD5_96 = 1,
	ABI_INTEG_HMAC_SHA1_96 = 2,
	ABI_INTEG_HMAC_SHA2_256_128 = 12,
	ABI_INTEG_HMAC_SHA2_384_192 = 13,
	ABI_INTEG_HMAC_SHA2_512_256 = 14,
	/* No number of IANA's: peers agree on 12 and then cut the ICV to 96 bits, as drafts before
	 * RFC 4868 had it. */
	ABI_INTEG_HMAC_SHA2_256_96 = 252,
};

enum abi_direction { ABI_DIR_IN = 1, ABI_DIR_OUT = 2 };
enum abi_mode { ABI_MODE_TUNNEL = 1, ABI_MODE_TRANSPORT = 2 };
enum abi_encap { ABI_ENCAP_NONE = 0, ABI_ENCAP_UDP = 1 };

/* The DF bit of the outer IPv4 header (RFC 4301 section 8.1). Clear: what is too big is encrypted
 * whole and the outer packet fragmented, whatever the inner one says. */
enum abi_df { ABI_DF_SET = 0, ABI_DF_COPY = 1, ABI_DF_CLEAR = 2 };

/* The DSCP of the outer header (RFC 4301 section 5.1.2). */
#define ABI_DSCP_COPY 0u
#define ABI_DSCP_SET  0x80u
#define ABI_DSCP_MAX  63u

#define ABI_SA_F_ESN	 (1u << 0)
#define ABI_SA_F_CURRENT (1u << 1) /* outbound: its policy sends through it from now on */
#define ABI_SA_F_RESUME                                                                            \
	(1u                                                                                        \
	 << 2) /* re-installed after a data plane restart: seq_start counts for both directions */
#define ABI_SA_F_KEEP_MSS (1u << 3) /* outbound: what a TCP SYN of either side says stays */

struct abi_lifetime { /* 0 = no limit */
	uint64_t soft_time;
	uint64_t hard_time;
	uint64_t soft_bytes;
	uint64_t hard_bytes;
	uint64_t soft_packets;
	uint64_t hard_packets;
};

/*
 * The slot is chosen by control among the free ones of the SA status table. An inbound SPI carries
 * it: (spi & (max_sas - 1)) == slot, max_sas being a power of two. Both directions draw from one
 * space of slots.
 */
struct abi_sa_add {
	struct abi_msg msg;
	uint32_t slot;
	uint32_t spi;
	uint32_t policy_id; /* the policy this SA serves; 0 = none */
	uint32_t flags;
	uint64_t cookie; /* control's, given back in events and in the status table */
	uint8_t direction;
	uint8_t mode;
	uint8_t encap;
	uint8_t encr;
	uint8_t integ;
	uint8_t encr_key_len; /* bytes; AEAD and CTR: without salt */
	uint8_t integ_key_len;
	uint8_t salt_len;
	uint8_t df;   /* outbound tunnel over IPv4: enum abi_df */
	uint8_t dscp; /* outbound tunnel: ABI_DSCP_COPY, or ABI_DSCP_SET and a value of 0..63 */
	uint8_t pad0[2];
	uint16_t local_port; /* UDP encapsulation; 0 otherwise */
	uint16_t remote_port;
	uint32_t replay_window; /* packets, inbound: 0 = off, else 64..65536 */
	uint32_t pad1;
	uint64_t seq_start;    /* last sequence number used up; 0 for a new SA */
	struct abi_addr local; /* outer addresses */
	struct abi_addr remote;
	struct abi_lifetime life;
	uint8_t encr_key[32];
	uint8_t integ_key[64];
	uint8_t salt[8];
	uint16_t n_local;
	uint16_t n_remote;
	uint32_t pad2;
	struct abi_range ts_local[ABI_MAX_SELECTORS];
	struct abi_range ts_remote[ABI_MAX_SELECTORS];
};

#define ABI_SA_UPD_CURRENT  (1u << 0) /* outbound: make it its policy's SA */
#define ABI_SA_UPD_ENDPOINT (1u << 1) /* take local, remote, ports, encap */
#define ABI_SA_UPD_LIFETIME (1u << 2)

struct abi_sa_update {
	struct abi_msg msg;
	uint32_t slot;
	uint32_t spi; /* must match the slot's */
	uint32_t what;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t encap;
	uint8_t pad[7];
	struct abi_addr local;
	struct abi_addr remote;
	struct abi_lifetime life;
};

struct abi_sa_delete {
	struct abi_msg msg;
	uint32_t slot;
	uint32_t spi;
};

struct abi_spi_expect {
	struct abi_msg msg;
	uint32_t slot; /* free, and what the SPI names: spi modulo max_sas */
	uint32_t spi;
};

struct abi_generation { /* BEGIN, COMMIT, SYNC, FLUSH */
	struct abi_msg msg;
	uint32_t generation;
	uint32_t count; /* records between BEGIN and COMMIT; both must agree */
};

enum abi_action { ABI_ACT_PROTECT = 1, ABI_ACT_DISCARD = 2, ABI_ACT_BYPASS = 3 };

#define ABI_POL_F_ALLOW_CLEAR (1u << 0) /* level "use": no SA means in clear */

/* local is the source of outbound packets and the destination of inbound ones. Order of sending is
 * order of match. */
struct abi_policy {
	struct abi_msg msg;
	uint32_t generation;
	uint32_t policy_id; /* control's, not 0; keeps its SAs and counters across generations.
			       Several records that protect may have one: one SA for all of them */
	uint32_t flags;
	uint8_t action;
	uint8_t mode;
	uint8_t pad[2];
	struct abi_range local;
	struct abi_range remote;
	struct abi_addr tunnel_local;
	struct abi_addr tunnel_remote;
};

struct abi_address {
	struct abi_msg msg;
	uint32_t generation;
	uint16_t port; /* index in the port table */
	uint8_t prefix_len;
	uint8_t pad;
	struct abi_addr addr;
};

struct abi_route {
	struct abi_msg msg;
	uint32_t generation;
	uint16_t port; /* ABI_PORT_ANY: found through the gateway's connected network */
	uint8_t prefix_len;
	uint8_t distance;
	struct abi_addr dst;
	struct abi_addr gateway; /* family 0: on link */
};
#define ABI_PORT_ANY 0xffffu

enum abi_event {
	ABI_EV_REPLY = 1,
	ABI_EV_SA_EXPIRE,
	ABI_EV_ACQUIRE,
	ABI_EV_PEER_MOVED,
	ABI_EV_FIRST_TRAFFIC,
	ABI_EV_PORT,
};

enum abi_status {
	ABI_OK = 0,
	ABI_ERR_TYPE = 1,   /* unknown record type */
	ABI_ERR_LENGTH = 2, /* length does not fit the type */
	ABI_ERR_FIELD = 3,  /* a field is out of its domain; detail is its offset in the record */
	ABI_ERR_EXISTS = 4, /* the slot is taken */
	ABI_ERR_NOT_FOUND = 5, /* no such SA, or its SPI differs */
	ABI_ERR_SEQUENCE =
		6, /* POLICY or NET records without BEGIN, or wrong generation or count */
	ABI_ERR_NO_SPACE = 7,
	ABI_ERR_UNSUPPORTED = 8, /* a suite or mode this build does not do */
	ABI_ERR_INTERNAL = 9,
};

struct abi_ev_reply {
	struct abi_msg msg; /* request_id of the command */
	uint16_t status;
	uint16_t command;
	uint32_t detail;
};

enum abi_expire { ABI_EXPIRE_SOFT = 1, ABI_EXPIRE_HARD = 2 };
enum abi_limit {
	ABI_LIMIT_TIME = 1,
	ABI_LIMIT_BYTES = 2,
	ABI_LIMIT_PACKETS = 3,
	ABI_LIMIT_SEQUENCE = 4
};

/* SA_EXPIRE, PEER_MOVED and FIRST_TRAFFIC. */
struct abi_ev_sa {
	struct abi_msg msg;
	uint32_t slot;
	uint32_t spi;
	uint64_t cookie;
	uint8_t expire;	      /* SA_EXPIRE: enum abi_expire */
	uint8_t limit;	      /* SA_EXPIRE: enum abi_limit */
	uint16_t remote_port; /* PEER_MOVED: where verified packets come from now */
	uint32_t pad;
	struct abi_addr remote;
};

struct abi_ev_acquire { /* a packet hit a PROTECT policy that has no SA; at most one per policy and
			   second */
	struct abi_msg msg;
	uint32_t policy_id;
	uint8_t protocol;
	uint8_t pad;
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t pad1;
	struct abi_addr src;
	struct abi_addr dst;
};

struct abi_ev_port {
	struct abi_msg msg;
	uint16_t port;
	uint8_t link_up;
	uint8_t pad[5];
};

#define ABI_PKT_F_MARKER                                                                           \
	(1u << 0) /* non-ESP marker: stripped on punt, put in front on inject (RFC 3948            \
		     section 2.2) */

/* What a punted ABI_PACKET_UNREACHABLE holds as data: an ICMP error about IKE that we sent from dst
 * to src. Forged as easily as any ICMP. */
struct abi_unreachable {
	uint8_t type, code; /* of ICMP, or of ICMPv6 when the addresses are IPv6 */
	uint8_t pad[2];
	struct abi_addr from; /* who says so */
	uint8_t ispi[8];      /* the message's initiator SPI; zero: not quoted */
};

/*
 * What an ABI_PACKET_ECHO holds as data, in host order. Injected: a ping that is to be sent from
 * src to dst, through the SPD. Punted: the answer to one of those, or a ping that came out of an SA
 * to one of our addresses (and was answered); at most 100 a second of one SA, and 1,700
 * of a worker.
 */
struct abi_echo {
	uint8_t type; /* of ICMP: 8 echo request, 0 echo reply */
	uint8_t pad[3];
	uint16_t id; /* ABI_ECHO_ID in what control sends */
	uint16_t seq;
};
#define ABI_ECHO_ID 0xe59cu

/* punt and inject rings: one UDP payload of IKE (or, injected without the marker, a NAT keepalive).
 */
struct abi_packet {
	struct abi_msg msg; /* type ABI_PACKET_IKE; length covers data_len bytes of data */
	struct abi_addr src;
	struct abi_addr dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t port; /* punt: where it came in; inject: ABI_PORT_ANY, routed by dst */
	uint16_t flags;
	uint32_t data_len;
	uint32_t pad;
	uint8_t data[ABI_PACKET_SLOT - 64];
};
#define ABI_PACKET_IKE	       1u
#define ABI_PACKET_UNREACHABLE 2u /* punt only */
#define ABI_PACKET_ECHO	       3u
#define ABI_PACKET_FIXED       64u /* bytes before data */

_Static_assert(sizeof(struct abi_msg) == 8, "abi_msg");
_Static_assert(sizeof(struct abi_addr) == 20, "abi_addr");
_Static_assert(sizeof(struct abi_range) == 40, "abi_range");
_Static_assert(sizeof(struct abi_sa_add) == 584, "abi_sa_add");
_Static_assert(sizeof(struct abi_sa_update) == 120, "abi_sa_update");
_Static_assert(sizeof(struct abi_policy) == 144, "abi_policy");
_Static_assert(sizeof(struct abi_address) == 36, "abi_address");
_Static_assert(sizeof(struct abi_route) == 56, "abi_route");
_Static_assert(sizeof(struct abi_ev_sa) == 56, "abi_ev_sa");
_Static_assert(sizeof(struct abi_ev_acquire) == 60, "abi_ev_acquire");
_Static_assert(sizeof(struct abi_unreachable) == 32, "abi_unreachable");
_Static_assert(sizeof(struct abi_echo) == 8, "abi_echo");
_Static_assert(sizeof(struct abi_packet) == ABI_PACKET_SLOT, "abi_packet");
_Static_assert(__builtin_offsetof(struct abi_packet, data) == ABI_PACKET_FIXED, "abi_packet.data");
_Static_assert(sizeof(struct abi_sa_add) <= ABI_COMMAND_SLOT, "command slot");
_Static_assert(sizeof(struct abi_ev_sa) <= ABI_EVENT_SLOT, "event slot");

#endif
