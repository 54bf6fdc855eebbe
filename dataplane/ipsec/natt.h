/* SPDX-License-Identifier: BSD-3-Clause */
/* natt.h - UDP encapsulation of ESP (RFC 3948). */
#ifndef ESPGW_IPSEC_NATT_H
#define ESPGW_IPSEC_NATT_H

#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_udp.h>

#define NATT_HEADER 8u

/** UDP header with length 0; the checksum is 0 for good (RFC 3948 section 2.1). */
static inline void natt_header(uint8_t *at, uint16_t local_port, uint16_t remote_port)
{
	struct rte_udp_hdr udp = {
		.src_port = rte_cpu_to_be_16(local_port),
		.dst_port = rte_cpu_to_be_16(remote_port),
	};

	memcpy(at, &udp, sizeof(udp));
}

static inline void natt_set_length(uint8_t *at, uint16_t len)
{
	rte_be16_t be = rte_cpu_to_be_16(len);

	memcpy(at + offsetof(struct rte_udp_hdr, dgram_len), &be, sizeof(be));
}

static inline uint16_t natt_length(const uint8_t *at)
{
	rte_be16_t be;

	memcpy(&be, at + offsetof(struct rte_udp_hdr, dgram_len), sizeof(be));
	return rte_be_to_cpu_16(be);
}

#endif
