/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * segment.h - makes the shared segment (dataplane/api/segment.h) and puts it in its place.
 *
 * Three files in the directory (/dev/shm): espgw-INSTANCE is the segment that control maps;
 * espgw-INSTANCE.new is one being made; espgw-INSTANCE.lock is locked (flock) by the dataplane that
 * lives, so a second one of the same instance is refused. An orderly stop removes all of them.
 * After a crash the segment stays and the next start takes its sequence marks over.
 *
 * Nothing in an old segment is trusted: it is read with pread(), never mapped, its header is
 * checked as control would check it, and of its SA lines only data is taken.
 */
#ifndef ESPGW_SEGMENT_H
#define ESPGW_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/api/segment.h"

#define SEGMENT_DIR	     "/dev/shm"
#define SEGMENT_INSTANCE_LEN 32

struct segment_geometry {
	uint32_t max_sas; /* a power of two */
	uint32_t max_policies;
	uint32_t workers; /* one more counter line is added: the manager's */
	uint32_t max_ports;
	uint32_t command_slots, event_slots, punt_slots, inject_slots; /* powers of two */
};

struct segment {
	uint8_t *base;
	size_t size;
	struct abi_hdr own; /* private copy: geometry and areas are read from here only */
	struct abi_ring_view command, event, punt, inject;
	uint64_t events_missed;
	uint32_t taken_over;   /* SA lines taken from the old segment */
	const char *old_fault; /* why an old segment gave nothing; NULL: none, or it was good */
	int lock_fd;
	int old_fd;
	bool old_valid;
	bool published;
	char path[128];
	char new_path[128];
	char lock_path[128];
};

/** Instance names are 1..31 of a-z A-Z 0-9 _ -. */
bool segment_instance_ok(const char *instance);

/**
 * Lock the instance and make its segment under the .new name, state INIT, rings attached, SA lines
 * of the old segment taken over as ABI_SA_DEAD. 0, or -errno with one line in err; -EBUSY: another
 * dataplane of this instance lives.
 */
int segment_create(struct segment *s, const char *dir, const char *instance,
		   const struct segment_geometry *g, char *err, size_t err_len);

/** State READY, the old segment marked ABI_STATE_GONE, ours renamed into its place. 0 or -errno. */
int segment_publish(struct segment *s, uint64_t now);

/** Orderly end: state GONE, files removed, unmapped. Fine after a failed segment_create() too. */
void segment_remove(struct segment *s);

void segment_beat(struct segment *s, uint64_t now);

/** Start of an area. Its size is that of the geometry given. */
void *segment_area(const struct segment *s, enum abi_area_id id);

/** The drop samples of a worker: [ABI_DROP_SLOTS][ABI_SAMPLES]. */
struct abi_drop_sample *segment_samples(const struct segment *s, uint32_t worker);

/** Put an event; when there is no room, count it as missed. */
void segment_event(struct segment *s, const void *event, size_t len);

#endif
