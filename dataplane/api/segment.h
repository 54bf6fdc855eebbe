/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * segment.h - the shared memory segment of one instance: /dev/shm/espgw-<instance>, mode 0600.
 *
 *   +-----------------+ 0
 *   | struct abi_hdr  |  magic, version, geometry, areas; then two heartbeat lines, one writer each
 *   +-----------------+ areas, each 4096-aligned, in enum abi_area_id order
 *   | command ring    |  control -> dataplane      ABI_COMMAND_SLOT
 *   | event ring      |  dataplane -> control      ABI_EVENT_SLOT
 *   | punt ring       |  dataplane -> control      ABI_PACKET_SLOT
 *   | inject ring     |  control -> dataplane      ABI_PACKET_SLOT
 *   | port table      |  struct abi_port[max_ports]
 *   | SA status       |  struct abi_sa_status[max_sas]           no keys
 *   | policy status   |  struct abi_policy_status[max_policies]
 *   | SA counters     |  struct abi_sa_counters[max_workers][max_sas]
 *   | SA drops        |  struct abi_sa_drops[max_workers][max_sas]
 *   | policy counters |  struct abi_policy_counters[max_workers][max_policies]
 *   | worker counters |  struct abi_worker_counters[max_workers]
 *   | port counters   |  struct abi_port_counters[max_workers][max_ports]
 *   | drop samples    |  struct abi_drop_sample[max_workers][ABI_DROP_SLOTS][ABI_SAMPLES]
 *   +-----------------+ segment_size
 *
 * The dataplane creates it. One that starts while an old segment of the same instance lies there
 * makes a new one, takes the sequence marks over from the old, marks the old as left (state =
 * ABI_STATE_GONE) and puts the new one in its place by rename; so a control that still maps the old
 * one sees that it must attach again, and no two processes ever write one ring end. A reader takes
 * geometry and areas from the header once, checks them against the size of the file with
 * abi_hdr_check() and keeps its own copy: nothing in the header is trusted later.
 */
#ifndef ESPGW_API_SEGMENT_H
#define ESPGW_API_SEGMENT_H

#include <stdint.h>

#include "dataplane/api/counters.h"
#include "dataplane/api/messages.h"
#include "dataplane/api/ring.h"

#define ABI_MAGIC 0x31574750534531ffull
/* 2: the counter lines of one worker lie together */
#define ABI_MAJOR 2u
/* counts on when the major goes up */
#define ABI_MINOR 7u

enum abi_area_id {
	ABI_AREA_COMMAND,
	ABI_AREA_EVENT,
	ABI_AREA_PUNT,
	ABI_AREA_INJECT,
	ABI_AREA_PORTS,
	ABI_AREA_SA_STATUS,
	ABI_AREA_POLICY_STATUS,
	ABI_AREA_SA_COUNTERS,
	ABI_AREA_SA_DROPS,
	ABI_AREA_POLICY_COUNTERS,
	ABI_AREA_WORKER_COUNTERS,
	ABI_AREA_PORT_COUNTERS,
	ABI_AREA_DROP_SAMPLES,
	ABI_AREAS
};

struct abi_area {
	uint64_t offset;
	uint64_t size;
};

enum abi_state { ABI_STATE_INIT = 0, ABI_STATE_READY = 1, ABI_STATE_GONE = 2 };

#define ABI_MAX_SAS_LIMIT      (1u << 20)
#define ABI_MAX_POLICIES_LIMIT (1u << 16)
#define ABI_MAX_WORKERS_LIMIT  64u
#define ABI_MAX_PORTS_LIMIT    32u
#define ABI_RING_SLOTS_LIMIT   (1u << 16)

struct abi_hdr {
	uint64_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t state; /* enum abi_state; stored last, with release order */
	uint64_t segment_size;
	uint64_t epoch;	  /* of the dataplane: random, new at each start */
	uint32_t max_sas; /* a power of two */
	uint32_t max_policies;
	uint32_t max_workers;
	uint32_t max_ports;
	uint32_t command_slots; /* powers of two */
	uint32_t event_slots;
	uint32_t punt_slots;
	uint32_t inject_slots;
	uint32_t
		workers; /* running; line max_workers - 1 is the manager's, workers < max_workers */
	uint32_t pid;
	struct abi_area area[ABI_AREAS];
	_Alignas(64) uint64_t dataplane_heartbeat; /* ns; at least every 100 ms */
	uint64_t events_missed; /* events dropped because their ring was full: resynchronise */
	_Alignas(64) uint64_t control_heartbeat;
	uint64_t control_epoch;
};

struct abi_port {
	char name[ABI_NAME_LEN]; /* the interface's name in the configuration; empty = no port */
	uint8_t mac[6];
	uint8_t link_up;
	uint8_t pad;
	uint16_t mtu;
	uint16_t ethdev; /* DPDK's port id */
	uint32_t pad1[5];
};

enum abi_sa_state { ABI_SA_FREE = 0, ABI_SA_LARVAL, ABI_SA_MATURE, ABI_SA_DYING, ABI_SA_DEAD };

/*
 * Written by the manager only. seq_mark is the promise never to use a sequence number above it,
 * kept ahead of the workers (outbound), so whoever resumes the SA starts there (RFC 4303
 * section 2.2: no reuse, ever).
 */
struct abi_sa_status {
	_Alignas(64)
		uint32_t state; /* enum abi_sa_state; stored last on install, first on removal */
	uint32_t spi;
	uint64_t cookie;
	uint32_t policy_id;
	uint8_t direction;
	uint8_t mode;
	uint8_t encap;
	uint8_t encr;
	uint8_t integ;
	uint8_t encr_key_len;
	uint8_t current; /* outbound: its policy's SA */
	uint8_t seen_traffic;
	uint16_t local_port;
	uint16_t remote_port;
	uint64_t seq;	   /* outbound: last number handed out; inbound: top of the window */
	uint64_t seq_mark; /* outbound */
	uint32_t replay_window;
	uint32_t mtu; /* outbound: largest inner packet, bytes */
	struct abi_addr local;
	struct abi_addr remote;
	uint64_t added; /* ns */
	uint64_t first_used;
	struct abi_lifetime life;
	uint32_t flags; /* ABI_SA_F_ESN, or 0 */
	uint32_t pad0;
	uint64_t pad[1];
};

struct abi_policy_status {
	_Alignas(64) uint32_t policy_id; /* 0 = free. A policy keeps its index while it lives */
	uint32_t generation;
	uint32_t sa_out; /* slot of its current outbound SA, or UINT32_MAX */
	uint32_t held;	 /* packets waiting for an SA */
	uint32_t place;	 /* of its first record in the order of match */
	uint32_t pad0;
	uint64_t pad[5];
};

_Static_assert(sizeof(struct abi_port) == 64, "abi_port");
_Static_assert(sizeof(struct abi_sa_status) == 192, "abi_sa_status");
_Static_assert(sizeof(struct abi_policy_status) == 64, "abi_policy_status");

/** Size in bytes of each area for a geometry; shared by the side that lays it out and the side that
 * checks it. */
static inline uint64_t abi_area_bytes(const struct abi_hdr *h, enum abi_area_id id)
{
	uint64_t sas = h->max_sas, pols = h->max_policies, wrk = h->max_workers,
		 prts = h->max_ports;

	switch (id) {
	case ABI_AREA_COMMAND:
		return abi_ring_bytes(h->command_slots, ABI_COMMAND_SLOT);
	case ABI_AREA_EVENT:
		return abi_ring_bytes(h->event_slots, ABI_EVENT_SLOT);
	case ABI_AREA_PUNT:
		return abi_ring_bytes(h->punt_slots, ABI_PACKET_SLOT);
	case ABI_AREA_INJECT:
		return abi_ring_bytes(h->inject_slots, ABI_PACKET_SLOT);
	case ABI_AREA_PORTS:
		return prts * sizeof(struct abi_port);
	case ABI_AREA_SA_STATUS:
		return sas * sizeof(struct abi_sa_status);
	case ABI_AREA_POLICY_STATUS:
		return pols * sizeof(struct abi_policy_status);
	case ABI_AREA_SA_COUNTERS:
		return sas * wrk * sizeof(struct abi_sa_counters);
	case ABI_AREA_SA_DROPS:
		return sas * wrk * sizeof(struct abi_sa_drops);
	case ABI_AREA_POLICY_COUNTERS:
		return pols * wrk * sizeof(struct abi_policy_counters);
	case ABI_AREA_WORKER_COUNTERS:
		return wrk * sizeof(struct abi_worker_counters);
	case ABI_AREA_PORT_COUNTERS:
		return prts * wrk * sizeof(struct abi_port_counters);
	case ABI_AREA_DROP_SAMPLES:
		return wrk * ABI_DROP_SLOTS * ABI_SAMPLES * sizeof(struct abi_drop_sample);
	case ABI_AREAS:
		break;
	}
	return 0;
}

/**
 * Index of a worker's line for a row (SA slot, policy index or port) in an area
 * [max_workers][rows]; rows: the header's max_sas, max_policies or max_ports. The lines of one
 * worker lie together: a CPU that fetches a line's neighbour with it gets another of its own, not
 * one that others write.
 */
static inline uint64_t abi_line(uint32_t rows, uint32_t row, uint32_t worker)
{
	return (uint64_t)worker * rows + row;
}

static inline int abi_is_pow2(uint32_t n, uint32_t limit)
{
	return n != 0 && n <= limit && (n & (n - 1)) == 0;
}

/**
 * Check a private copy of a header against the size of the file it came from.
 * Returns NULL when every area lies inside the file, in order and with the right size; else what is
 * wrong. A different major version is left to the caller, who has both numbers to name.
 */
static inline const char *abi_hdr_check(const struct abi_hdr *h, uint64_t file_size)
{
	uint64_t end = sizeof(*h);

	if (h->magic != ABI_MAGIC)
		return "not an espgw segment (magic differs)";
	if (h->segment_size != file_size)
		return "segment size differs from the file's";
	if (!abi_is_pow2(h->max_sas, ABI_MAX_SAS_LIMIT))
		return "number of SAs out of range";
	if (h->max_policies == 0 || h->max_policies > ABI_MAX_POLICIES_LIMIT)
		return "number of policies out of range";
	if (h->max_workers == 0 || h->max_workers > ABI_MAX_WORKERS_LIMIT ||
	    h->workers > h->max_workers)
		return "number of workers out of range";
	if (h->max_ports == 0 || h->max_ports > ABI_MAX_PORTS_LIMIT)
		return "number of ports out of range";
	if (!abi_is_pow2(h->command_slots, ABI_RING_SLOTS_LIMIT) ||
	    !abi_is_pow2(h->event_slots, ABI_RING_SLOTS_LIMIT) ||
	    !abi_is_pow2(h->punt_slots, ABI_RING_SLOTS_LIMIT) ||
	    !abi_is_pow2(h->inject_slots, ABI_RING_SLOTS_LIMIT))
		return "ring size out of range";
	for (unsigned int i = 0; i < ABI_AREAS; i++) {
		const struct abi_area *a = &h->area[i];

		if (a->offset % 64 != 0 || a->offset < end || a->offset > file_size)
			return "an area lies outside its place";
		if (a->size != abi_area_bytes(h, (enum abi_area_id)i) ||
		    a->size > file_size - a->offset)
			return "an area has the wrong size";
		end = a->offset + a->size;
	}
	return NULL;
}

#endif
