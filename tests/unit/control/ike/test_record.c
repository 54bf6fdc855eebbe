/* SPDX-License-Identifier: BSD-3-Clause */
/* test_record.c - records of IKE SAs as bytes: what goes in comes out, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/prf.h"
#include "control/crypto/suite.h"
#include "control/ike/record.h"

#define CAP 32768u

static struct record a, b;
static uint8_t buf[CAP], again[CAP];

static void fill(uint8_t version)
{
	memset(&a, 0, sizeof(a));
	a.ike_version = version;
	strcpy(a.peer, "cloud");
	memset(a.conf, 7, sizeof(a.conf));
	a.ispi = 0x1122334455667788;
	a.rspi = 0x99aabbccddeeff00;
	a.established = 1000;
	a.ends = 2000;
	a.responder = a.fragments = a.nat_local = true;
	a.at.local.family = a.at.remote.family = 4;
	a.at.local.bytes[0] = 192;
	a.at.remote_port = 4500;
	a.at.marker = true;
	a.lifetime = 86400;
	a.encr = 12;
	a.key_bits = 128;
	a.id_remote.type = (enum ike_id_type)1;
	a.id_remote.len = 4;
	a.keys1.hash = SUITE_HASH_SHA1;
	a.keys2.prf = SUITE_HASH_SHA256;
	a.keys1.encr = a.keys2.encr = 12;
	a.keys1.key_bits = a.keys2.key_bits = 128;
	a.keys1.len = 20;
	a.keys2.len = 32;
	if (version == 1) {
		memset(&a.keys2, 0, sizeof(a.keys2));
		a.fragments = false;
		a.n_msgids = 3;
		a.msgids[2] = 77;
	} else {
		memset(&a.keys1, 0, sizeof(a.keys1));
		a.next_out = 5;
		a.asking = true;
		a.request_len = 100;
		a.request[99] = 9;
		a.answer_len = 33;
	}
	a.n_pairs = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct record_pair *p = &a.pairs[i];

		p->policy_id = 100;
		p->spi_in = 0xc0000000 + i;
		p->deleting = i == 1;
		if (p->deleting)
			continue;
		p->spi_out = 0xa0000000;
		p->current = true;
		p->hard_time = 99;
		p->n_local = p->n_remote = 1;
		p->local[0].family = p->remote[0].family = 4;
		p->local[0].hi[0] = 255;
	}
	if (version == 1)
		a.fragments = true;
}

static void comes_back_as_it_was(void **state)
{
	(void)state;
	for (uint8_t version = 1; version <= 2; version++) {
		size_t len, n;

		fill(version);
		len = record_encode(&a, buf, sizeof(buf));
		assert_true(len > 300 && len < 2000);
		assert_int_equal(record_decode(&b, buf, len), 0);
		n = record_encode(&b, again, sizeof(again));
		assert_int_equal(n, len);
		assert_memory_equal(buf, again, len);
		assert_string_equal(b.peer, "cloud");
		assert_true(b.ispi == a.ispi && b.rspi == a.rspi && b.n_pairs == 2);
		assert_true(b.pairs[0].current && b.pairs[1].deleting);
		assert_int_equal(b.pairs[0].local[0].hi[0], 255);
		if (version == 1)
			assert_int_equal(b.msgids[2], 77);
		else
			assert_int_equal(b.request[99], 9);
		/* no room: nothing rather than half of it */
		for (size_t cap = 0; cap < len; cap += 7)
			assert_int_equal(record_encode(&a, again, cap), 0);
	}
}

static void changed_bytes_are_refused(void **state)
{
	(void)state;
	for (uint8_t version = 1; version <= 2; version++) {
		size_t len;

		fill(version);
		len = record_encode(&a, buf, sizeof(buf));
		for (size_t n = 0; n < len; n++)
			assert_int_equal(record_decode(&b, buf, n), -EBADMSG);
		for (size_t i = 0; i < len; i++) {
			buf[i] ^= 1u << (i % 8);
			assert_int_equal(record_decode(&b, buf, len), -EBADMSG);
			buf[i] ^= 1u << (i % 8);
		}
		assert_int_equal(record_decode(&b, buf, len), 0);
	}
}

static void sign(size_t len)
{
	struct prf_piece piece = {buf, len - 32};

	assert_int_equal(prf_digest(SUITE_HASH_SHA256, &piece, 1, buf + len - 32), 0);
}

/* With a digest that is right: what is taken means one thing only, and is in its domain. */
static void signed_nonsense_is_refused_or_sound(void **state)
{
	uint64_t rng = 99;
	unsigned taken = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t len, n;

		fill((uint8_t)(1 + round % 2));
		len = record_encode(&a, buf, sizeof(buf));
		for (unsigned k = 0; k <= round % 3; k++) {
			rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
			buf[(rng >> 33) % (len - 32)] = (uint8_t)(rng >> 25);
		}
		if (round % 5 == 0)
			len -= (rng >> 40) % (len - 32);
		sign(len);
		if (record_decode(&b, buf, len) != 0)
			continue;
		taken++;
		n = record_encode(&b, again, sizeof(again));
		assert_int_equal(n, len);
		assert_memory_equal(buf, again, len);
		assert_true(
			b.n_pairs <= RECORD_PAIRS && b.n_msgids <= RECORD_MSGIDS &&
			b.request_len <= sizeof(b.request) && b.answer_len <= sizeof(b.answer) &&
			b.id_remote.len <= sizeof(b.id_remote.data) && b.natt < NATD_VENDOR_COUNT &&
			memchr(b.peer, 0, sizeof(b.peer)) != NULL);
	}
	assert_true(taken > 1000 && taken < 19000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(changed_bytes_are_refused),
		cmocka_unit_test(signed_nonsense_is_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
