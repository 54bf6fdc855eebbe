/* SPDX-License-Identifier: BSD-3-Clause */
/* test_header.c - abi_hdr_check(): accepts what it should, and nothing that points outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/api/segment.h"

static void layout(struct abi_hdr *h)
{
	uint64_t at = sizeof(*h);

	*h = (struct abi_hdr){.magic = ABI_MAGIC,
			      .major = ABI_MAJOR,
			      .minor = ABI_MINOR,
			      .max_sas = 64,
			      .max_policies = 10,
			      .max_workers = 3,
			      .workers = 2,
			      .max_ports = 4,
			      .command_slots = 16,
			      .event_slots = 32,
			      .punt_slots = 8,
			      .inject_slots = 8};
	for (unsigned int i = 0; i < ABI_AREAS; i++) {
		at = (at + 4095) & ~4095ull;
		h->area[i].offset = at;
		h->area[i].size = abi_area_bytes(h, i);
		at += h->area[i].size;
	}
	h->segment_size = at;
}

static void accepts_a_good_header(void **state)
{
	struct abi_hdr h;

	(void)state;
	layout(&h);
	assert_null(abi_hdr_check(&h, h.segment_size));
}

static void names_what_is_wrong(void **state)
{
	struct abi_hdr good, h;

	(void)state;
	layout(&good);
#define REFUSED(change, word)                                                                      \
	do {                                                                                       \
		h = good;                                                                          \
		change;                                                                            \
		assert_non_null(abi_hdr_check(&h, good.segment_size));                             \
		assert_non_null(strstr(abi_hdr_check(&h, good.segment_size), word));               \
	} while (0)
	REFUSED(h.magic ^= 1, "magic");
	REFUSED(h.segment_size++, "segment size");
	REFUSED(h.max_sas = 63, "SAs");
	REFUSED(h.max_sas = 0, "SAs");
	REFUSED(h.max_sas = 2 * ABI_MAX_SAS_LIMIT, "SAs");
	REFUSED(h.max_policies = 0, "policies");
	REFUSED(h.max_workers = ABI_MAX_WORKERS_LIMIT + 1, "workers");
	REFUSED(h.workers = 4, "workers");
	REFUSED(h.max_ports = 0, "ports");
	REFUSED(h.command_slots = 3, "ring");
	REFUSED(h.event_slots = 2 * ABI_RING_SLOTS_LIMIT, "ring");
	REFUSED(h.area[3].offset += 1, "place");
	REFUSED(h.area[3].offset = 0, "place");
	REFUSED(h.area[3].offset = UINT64_MAX - 63, "place");
	REFUSED(h.area[5].size += 64, "size");
	REFUSED(h.area[ABI_AREAS - 1].offset += 64, "size");
	REFUSED(h.area[ABI_AREAS - 1].offset += 1u << 20, "place");
	REFUSED(h.max_sas *= 2, "size");
	REFUSED(h.area[4].offset = h.area[3].offset, "place");
#undef REFUSED
}

static void the_lines_of_a_worker_lie_together(void **state)
{
	uint64_t at = 0;

	(void)state;
	for (uint32_t worker = 0; worker < 3; worker++)
		for (uint32_t slot = 0; slot < 5; slot++)
			assert_int_equal(abi_line(5, slot, worker), at++);
}

/* The property that everything relies on: a header that passes has every area inside the file, in
 * order, and large enough for the geometry. */
static void check_property(const struct abi_hdr *h, uint64_t size)
{
	uint64_t end = sizeof(*h);

	if (abi_hdr_check(h, size))
		return;
	for (unsigned int i = 0; i < ABI_AREAS; i++) {
		assert_true(h->area[i].offset >= end);
		assert_true(h->area[i].offset <= size);
		assert_true(h->area[i].size <= size - h->area[i].offset);
		assert_true(h->area[i].size == abi_area_bytes(h, i));
		end = h->area[i].offset + h->area[i].size;
	}
}

static void holds_for_every_value_of_every_byte(void **state)
{
	struct abi_hdr good, h;

	(void)state;
	layout(&good);
	for (size_t i = 0; i < sizeof(h); i++)
		for (unsigned int v = 0; v < 256; v++) {
			h = good;
			((uint8_t *)&h)[i] = (uint8_t)v;
			check_property(&h, good.segment_size);
		}
}

static void holds_for_random_mutations(void **state)
{
	static const uint64_t nasty[] = {0,
					 1,
					 63,
					 64,
					 4095,
					 4096,
					 UINT32_MAX,
					 1ull << 31,
					 1ull << 32,
					 1ull << 63,
					 INT64_MAX,
					 UINT64_MAX,
					 UINT64_MAX - 63};
	struct abi_hdr good, h;

	(void)state;
	srand(2);
	layout(&good);
	for (int i = 0; i < 1000000; i++) {
		h = good;
		for (int k = rand() % 4; k >= 0; k--) {
			size_t at = ((size_t)rand() % (sizeof(h) / 4)) * 4;
			uint64_t v = nasty[(size_t)rand() % (sizeof(nasty) / sizeof(nasty[0]))];

			if (rand() % 2)
				v = ((uint64_t)rand() << 32 | (uint64_t)rand()) >> (rand() % 63);
			memcpy((uint8_t *)&h + at, &v, at + 8 <= sizeof(h) ? 8 : 4);
		}
		check_property(&h, rand() % 8 ? good.segment_size : h.segment_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_a_good_header),
		cmocka_unit_test(the_lines_of_a_worker_lie_together),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(holds_for_every_value_of_every_byte),
		cmocka_unit_test(holds_for_random_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
