/* SPDX-License-Identifier: BSD-3-Clause */
/* sad_impl.h - the SA database from inside: sad.c, sad_check.c and sad_tick.c share it. */
#ifndef ESPGW_IPSEC_SAD_IMPL_H
#define ESPGW_IPSEC_SAD_IMPL_H

#include "dataplane/ipsec/sad.h"

struct sad {
	/* Read by the workers. */
	struct sa **slot; /* [max_sas], published */
	uint32_t *out;	  /* [max_policies], slot of the current outbound SA or SAD_NONE */
	uint32_t mask;
	uint32_t max_policies;
	uint32_t *spi_head; /* outbound SAs by SPI: slot + 1 of the first in each chain, */
	uint32_t *spi_next; /* and of the next one */

	/* Written by workers, seldom: slots to look at, one bit each, and how often that was said.
	 */
	uint64_t *called; /* [max_sas / 64, rounded up] */
	_Alignas(64) uint32_t calls;

	/* The manager's. */
	_Alignas(64) struct sa **owned; /* [max_sas], until reclaimed */
	uint32_t *used;			/* slots of owned SAs, densely */
	uint32_t n_used;
	uint32_t next_tick;
	uint32_t calls_seen;
	uint32_t wider;		      /* replay windows, than what was asked for */
	struct abi_sa_status *status; /* in the segment: written, never read back */
	int socket;
};

/** Check every field of a request but what depends on the state of the database. */
uint16_t sad_check_add(const struct abi_sa_add *c, uint32_t mask, uint64_t now, uint32_t *detail);
uint16_t sad_check_update(const struct abi_sa_update *c, uint32_t *detail);

/** Mode, selectors and marks of a new SA. False without memory. */
bool sad_set_shape(struct sa *sa, const struct abi_sa_add *c, int socket);

/** The outer header of an SA between those ends; for the status line too. */
void sad_set_endpoint(struct sad *s, struct sa *sa, const struct abi_addr *local,
		      const struct abi_addr *remote, uint16_t local_port, uint16_t remote_port,
		      uint8_t encap);

static inline uint32_t sad_addr(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

#endif
