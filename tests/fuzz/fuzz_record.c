/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_record.c - a control that is restored from a record that something changed: what is refused
 * leaves nothing behind, what is taken means one thing only and does no harm to a peer that is as
 * it was. First byte: flags of engine_input.h. Second: 01 IKEv2, 02 node 1, 04 the rest is the
 * record, 08 its digest stays wrong. Else the rest is changes: offset (two bytes, modulo the
 * length), how many, bytes; with 80 in the number they are inserted.
 */
#include <string.h>

#include "control/crypto/prf.h"
#include "control/ike/record.h"
#include "tests/fuzz/engine_input.h"
#include "tests/fuzz/engine_start.h"
#include "tests/fuzz/fuzz.h"

#define CAP    32768u
#define DIGEST 32u

static size_t change(struct engine_input *in, uint8_t *rec, size_t len)
{
	while (in->left >= 3 && len > 0) {
		size_t at = (size_t)(engine_take(in) << 8 | engine_take(in)) % len;
		uint8_t n = engine_take(in), bytes[128];
		size_t got = n & 0x7f;

		got = got < in->left ? got : in->left;
		for (size_t i = 0; i < got; i++)
			bytes[i] = engine_take(in);
		if ((n & 0x80) != 0 && len + got < CAP - DIGEST) {
			memmove(rec + at + got, rec + at, len - at);
			len += got;
		}
		got = got < len - at ? got : len - at;
		memcpy(rec + at, bytes, got);
	}
	return len;
}

/* What decodes is what encodes. */
static bool sound(const uint8_t *rec, size_t len, struct record *r)
{
	static uint8_t again[CAP];

	if (record_decode(r, rec, len) != 0)
		return false;
	FUZZ_CHECK(record_encode(r, again, sizeof(again)) == len && memcmp(again, rec, len) == 0);
	return true;
}

static size_t make(struct engine_input *in, const uint8_t *base, size_t base_len, uint8_t how,
		   uint8_t *rec)
{
	struct prf_piece piece = {rec, 0};
	size_t len = base_len - DIGEST;

	if ((how & 4) != 0) {
		len = in->left < CAP - DIGEST ? in->left : CAP - DIGEST;
		memcpy(rec, in->data, len);
	} else {
		memcpy(rec, base, len);
		len = change(in, rec, len);
	}
	piece.len = len;
	if ((how & 8) == 0)
		FUZZ_CHECK(prf_digest(SUITE_HASH_SHA256, &piece, 1, rec + len) == 0);
	else
		memcpy(rec + len, base + base_len - DIGEST, DIGEST);
	return len + DIGEST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t rec[CAP];
	static struct record r;
	static struct engine_state from;
	static struct sim s;
	struct engine_input in = {data, size};
	uint8_t flags = engine_take(&in) | ENGINE_ESTABLISHED, how = engine_take(&in);
	int i = (how & 2) != 0;
	size_t len;

	if (size > 4096)
		return 0;
	from = *engine_established(how & 1, flags);
	if (from.node[i].record[0] == NULL)
		return 0;
	len = make(&in, from.node[i].record[0], from.node[i].record_len[0], how, rec);
	from.node[i].record[0] = rec;
	from.node[i].record_len[0] = len;
	sim_init(&s, 2);
	engine_configure(&s, how & 1, flags);
	(void)engine_restore(&s, &from, 1 - i);
	/* From an address that is not the node's nothing would leave it, and restoring may send. */
	if (!sound(rec, len, &r) || memcmp(&r.at.local, &s.node[i].addr, sizeof(r.at.local)) == 0) {
		(void)engine_restore(&s, &from, i);
		sim_run(&s, s.now + 300 * SIM_MS);
	}
	FUZZ_CHECK(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
	sim_fini(&s);
	return 0;
}
