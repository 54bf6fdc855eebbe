/* SPDX-License-Identifier: BSD-3-Clause */
/* fake_segment.h - a shared segment and the dataplane's ends of its rings, for tests of control. */
#ifndef ESPGW_TEST_FAKE_SEGMENT_H
#define ESPGW_TEST_FAKE_SEGMENT_H

#include "dataplane/api/segment.h"

struct fake_segment {
	char name[64]; /* of the shared memory object */
	struct abi_hdr *hdr;
	size_t size;
	struct abi_ring_view command, event, punt, inject; /* the dataplane's ends */
	uint32_t next_request;
};

/** Lay out a segment with a small geometry, ready and with a heartbeat at now. Asserts on failure.
 */
void fake_segment_make(struct fake_segment *f, const char *tag, uint64_t epoch, uint64_t now);
/** Unmap and unlink. */
void fake_segment_remove(struct fake_segment *f);

void fake_segment_beat(struct fake_segment *f, uint64_t now);
void *fake_segment_area(struct fake_segment *f, enum abi_area_id id);
struct abi_sa_status *fake_segment_sa(struct fake_segment *f, uint32_t slot);
struct abi_sa_counters *fake_segment_counters(struct fake_segment *f, uint32_t slot,
					      uint32_t worker);

/** Take the oldest command; 0 when there is none. */
int fake_segment_take(struct fake_segment *f, void *out);
/** Put an event of len bytes; its length field is filled in. */
void fake_segment_event(struct fake_segment *f, void *ev, uint16_t type, size_t len);
void fake_segment_reply(struct fake_segment *f, const struct abi_msg *to, uint16_t status);
/** Answer every waiting command with ABI_OK and play SA_ADD and SA_DELETE on the status table.
 * Returns how many. */
unsigned int fake_segment_serve(struct fake_segment *f, uint64_t now);

#endif
