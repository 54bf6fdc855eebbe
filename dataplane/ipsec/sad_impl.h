/* SPDX-License-Identifier: BSD-3-Clause */
/* sad_impl.h - the SA database from inside: sad.c, sad_check.c and sad_tick.c share it. */
#ifndef ESPGW_IPSEC_SAD_IMPL_H
#define ESPGW_IPSEC_SAD_IMPL_H

#include "dataplane/ipsec/sa_store.h"
#include "dataplane/ipsec/sad.h"

/* What a policy has to know of its outbound SA without looking at it. */
#define SAD_OUT_SLOT	  0x3fffffffu
#define SAD_OUT_EXPIRED	  (1u << 30) /* past a hard lifetime */
#define SAD_OUT_TRANSPORT (1u << 31) /* mode */
_Static_assert(ABI_MAX_SAS_LIMIT <= SAD_OUT_SLOT, "a slot, and it is never SAD_NONE");

struct sad {
	/* Read by the workers. */
	struct sa **slot; /* [max_sas], published */
	uint32_t *out;	  /* [max_policies], slot of the current outbound SA and SAD_OUT_..., or
			     SAD_NONE */
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
	uint32_t used_turn; /* odd while those two change: others read them, too */
	uint32_t next_tick;
	uint32_t calls_seen;
	uint32_t wider;		      /* replay windows, than what was asked for */
	struct abi_sa_status *status; /* in the segment: written, never read back */
	int socket;
	struct sa_store outbound; /* the SAs' memory */
	struct sa_store inbound;
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

/** sad_slot() where every packet asks, within one function. */
static inline struct sa *sad_in_slot(const struct sad *s, uint32_t slot)
{
	return slot > s->mask ? NULL : __atomic_load_n(&s->slot[slot], __ATOMIC_ACQUIRE);
}

/** The SA of a slot that is empty, for those who look at many before they judge them. Never live.
 */
extern const struct sa sad_nobody;

/** Of the outbound SA of a policy: slot and SAD_OUT_..., or SAD_NONE. */
static inline uint32_t sad_out_of(const struct sad *s, uint32_t policy_index)
{
	return policy_index < s->max_policies
		       ? __atomic_load_n(&s->out[policy_index], __ATOMIC_ACQUIRE)
		       : SAD_NONE;
}

/** Is it the one that its policy sends through? */
static inline bool sad_out_is(const struct sad *s, const struct sa *sa)
{
	return sa->policy != SAD_NONE && s->out[sa->policy] != SAD_NONE &&
	       (s->out[sa->policy] & SAD_OUT_SLOT) == sa->slot;
}

static inline uint32_t sad_addr(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

#endif
