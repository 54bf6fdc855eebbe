/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ring.h - single-producer single-consumer ring of fixed-size records between two processes that do
 * not trust each other.
 *
 *   shared:   | head (producer's line) | tail (consumer's line) | slot 0 | slot 1 | ... | slot n-1
 * | private:  struct abi_ring_view, one in each process: number and size of the slots, and one's
 * own index
 *
 * Why not rte_ring: it keeps its size and mask in the shared header and reads them at every
 * operation, so the other process could move our copies outside the ring. Here nothing that decides
 * where we read or write lives in shared memory: the view holds the geometry, our own index is
 * never read back, and the peer's index is only ever used as a difference that must not exceed the
 * number of slots. A peer that breaks this rule is broken for good
 * (-EPROTO from then on), which is a fault to report and not undefined behaviour.
 *
 * Indices run freely over 32 bits; slots is a power of two. Data is published with release order
 * and taken with acquire order. Records are copied out before they are looked at; with wipe set the
 * consumer zeroes the slot before it gives it back, which the command ring needs because keys
 * travel in it.
 */
#ifndef ESPGW_API_RING_H
#define ESPGW_API_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct abi_ring {
	_Alignas(64) uint32_t head; /* records written; the producer's */
	_Alignas(64) uint32_t tail; /* records taken; the consumer's */
	_Alignas(64) uint8_t slots[];
};
_Static_assert(offsetof(struct abi_ring, slots) == 128, "abi_ring");

struct abi_ring_view {
	struct abi_ring *ring;
	uint32_t slots;	    /* a power of two */
	uint32_t slot_size; /* bytes, a multiple of 64 */
	uint32_t own;	    /* head for the producer, tail for the consumer */
	bool producer;
	bool wipe;
	bool broken;
};

/** Bytes of shared memory that a ring of that geometry takes. */
static inline size_t abi_ring_bytes(uint32_t slots, uint32_t slot_size)
{
	return sizeof(struct abi_ring) + (size_t)slots * slot_size;
}

/**
 * Attach one end. The caller has checked that abi_ring_bytes(slots, slot_size) bytes are mapped at
 * mem, and that slots is a power of two. Takes over the position the end had before (0 in zeroed
 * memory). Returns 0, or -EPROTO when the positions found contradict each other.
 */
static inline int abi_ring_attach(struct abi_ring_view *v, void *mem, uint32_t slots,
				  uint32_t slot_size, bool producer, bool wipe)
{
	struct abi_ring *r = mem;
	uint32_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
	uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);

	*v = (struct abi_ring_view){.ring = r,
				    .slots = slots,
				    .slot_size = slot_size,
				    .own = producer ? head : tail,
				    .producer = producer,
				    .wipe = wipe,
				    .broken = head - tail > slots};
	return v->broken ? -EPROTO : 0;
}

/** Records ready to be taken (consumer) or free slots (producer); -EPROTO when the peer's index is
 * impossible. */
static inline int64_t abi_ring_avail(struct abi_ring_view *v)
{
	const uint32_t *peer = v->producer ? &v->ring->tail : &v->ring->head;
	uint32_t other = __atomic_load_n(peer, __ATOMIC_ACQUIRE);
	uint32_t used = v->producer ? v->own - other : other - v->own;

	if (used > v->slots)
		v->broken = true;
	if (v->broken)
		return -EPROTO;
	return v->producer ? v->slots - used : used;
}

/** Put one record of len bytes (at most slot_size). 0, -ENOSPC when full, -EMSGSIZE, -EPROTO. Never
 * waits. */
static inline int abi_ring_put(struct abi_ring_view *v, const void *msg, size_t len)
{
	int64_t room = abi_ring_avail(v);
	uint8_t *slot;

	if (room < 0)
		return (int)room;
	if (len > v->slot_size)
		return -EMSGSIZE;
	if (room == 0)
		return -ENOSPC;
	slot = v->ring->slots + (size_t)(v->own & (v->slots - 1)) * v->slot_size;
	memcpy(slot, msg, len);
	v->own++;
	__atomic_store_n(&v->ring->head, v->own, __ATOMIC_RELEASE);
	return 0;
}

/** Copy the oldest record to out (slot_size bytes). 1 when there was one, 0 when empty, -EPROTO.
 * Never waits. */
static inline int abi_ring_get(struct abi_ring_view *v, void *out)
{
	int64_t ready = abi_ring_avail(v);
	uint8_t *slot;

	if (ready <= 0)
		return (int)ready;
	slot = v->ring->slots + (size_t)(v->own & (v->slots - 1)) * v->slot_size;
	memcpy(out, slot, v->slot_size);
	if (v->wipe)
		memset(slot, 0, v->slot_size);
	v->own++;
	__atomic_store_n(&v->ring->tail, v->own, __ATOMIC_RELEASE);
	return 1;
}

#endif
