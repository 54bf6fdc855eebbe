/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_command_random.c - a hostile control: random records, from noise to records that are right
 * but for one field. Whatever it sends, every record is answered once, nothing is read or written
 * where it must not be (sanitizers), and the tables stay usable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/sad.h"
#include "tests/random.h"
#include "tests/unit/dataplane/fixture.h"

#define ROUNDS 1000000

static struct fixture *f;
static uint64_t seed = 6;

static uint64_t rnd(void)
{
	return random_next(&seed);
}

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rnd();
}

struct shape {
	uint16_t type;
	uint16_t length;
};

static const struct shape shapes[] = {
	{ABI_CMD_SA_ADD, sizeof(struct abi_sa_add)},
	{ABI_CMD_SA_UPDATE, sizeof(struct abi_sa_update)},
	{ABI_CMD_SA_DELETE, sizeof(struct abi_sa_delete)},
	{ABI_CMD_POLICY_BEGIN, sizeof(struct abi_generation)},
	{ABI_CMD_POLICY, sizeof(struct abi_policy)},
	{ABI_CMD_POLICY_COMMIT, sizeof(struct abi_generation)},
	{ABI_CMD_NET_BEGIN, sizeof(struct abi_generation)},
	{ABI_CMD_ADDRESS, sizeof(struct abi_address)},
	{ABI_CMD_ROUTE, sizeof(struct abi_route)},
	{ABI_CMD_NET_COMMIT, sizeof(struct abi_generation)},
	{ABI_CMD_SYNC, sizeof(struct abi_generation)},
	{ABI_CMD_SA_FLUSH, sizeof(struct abi_generation)},
	{ABI_CMD_SPI_EXPECT, sizeof(struct abi_spi_expect)},
};

/* A record that would be taken. Generations are one number and mostly of one record. */
static void good(uint8_t *r, const struct shape *s)
{
	const struct abi_range all = {.family = 4, .port_hi = 65535, .lo = {10}, .hi = {10, 255}};

	memset(r, 0, ABI_COMMAND_SLOT);
	switch (s->type) {
	case ABI_CMD_SA_ADD: {
		struct abi_sa_add c =
			fixture_sa((uint32_t)rnd() % FIXTURE_SAS,
				   rnd() % 2 ? ABI_DIR_IN : ABI_DIR_OUT, (uint32_t)rnd() % 4);

		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_SA_UPDATE: {
		struct abi_sa_update c = {.slot = (uint32_t)rnd() % FIXTURE_SAS,
					  .what = ABI_SA_UPD_LIFETIME};

		c.spi = 0x10000 + c.slot;
		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_SA_DELETE: {
		struct abi_sa_delete c = {.slot = (uint32_t)rnd() % FIXTURE_SAS};

		c.spi = 0x10000 + c.slot;
		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_SPI_EXPECT: {
		struct abi_spi_expect c = {.slot = (uint32_t)rnd() % FIXTURE_SAS};

		c.spi = 0x10000 + c.slot;
		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_POLICY: {
		struct abi_policy c = {.generation = 1,
				       .policy_id = (uint32_t)rnd() % 4,
				       .action = (uint8_t)(1 + rnd() % 3),
				       .mode = ABI_MODE_TUNNEL,
				       .local = all,
				       .remote = all};

		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_ADDRESS: {
		struct abi_address c = {.generation = 1,
					.port = (uint16_t)(rnd() % 2),
					.prefix_len = (uint8_t)(1 + rnd() % 32),
					.addr = {.family = 4, .bytes = {10, (uint8_t)rnd(), 0, 1}}};

		memcpy(r, &c, sizeof(c));
		break;
	}
	case ABI_CMD_ROUTE: {
		struct abi_route c = {.generation = 1,
				      .port = (uint16_t)(rnd() % 2),
				      .prefix_len = 8,
				      .dst = {.family = 4, .bytes = {11}}};

		memcpy(r, &c, sizeof(c));
		break;
	}
	default: {
		struct abi_generation c = {.generation = 1, .count = (uint32_t)rnd() % 3};

		memcpy(r, &c, sizeof(c));
		break;
	}
	}
}

static void spoil(uint8_t *r, size_t len)
{
	static const uint32_t nasty[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x10000};

	for (uint64_t k = rnd() % 3; k > 0; k--) {
		size_t at = sizeof(struct abi_msg) + rnd() % (len - sizeof(struct abi_msg));

		if (rnd() % 2)
			r[at] = (uint8_t)rnd();
		else if (at + 4 <= len)
			memcpy(r + at, &nasty[rnd() % 7], 4);
	}
}

static unsigned int answers(void)
{
	struct abi_ev_reply ev;
	unsigned int n = 0;

	while (fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev))) {
		assert_in_range(ev.status, ABI_OK, ABI_ERR_INTERNAL);
		n++;
	}
	return n;
}

static void is_survived(void **state)
{
	_Alignas(8) uint8_t r[ABI_COMMAND_SLOT];
	uint64_t sent = 0, answered = 0, ok = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		/* Table builds and flushes are slow and few, the rest is not. */
		const struct shape *s = &shapes[rnd() % (rnd() % 50 == 0 ? 12 : 5)];
		uint64_t kind = rnd() % 8;
		struct abi_msg msg = {s->type, s->length, (uint32_t)i};

		if (kind == 0) {
			fill(r, sizeof(r)); /* noise behind a type that may be right */
			msg.type = (uint16_t)(rnd() % 16);
			msg.length = rnd() % 2 ? s->length : (uint16_t)rnd();
		} else {
			good(r, s);
			if (kind > 2)
				spoil(r, s->length);
		}
		memcpy(r, &msg, sizeof(msg));
		assert_int_equal(abi_ring_put(&f->command, r, sizeof(r)), 0);
		sent++;
		fixture_tick(f, 1000);
		if (rnd() % 8 == 0)
			fixture_grace(f);
		answered += answers();
	}
	fixture_grace(f);
	answered += answers();
	assert_int_equal(answered, sent);
	assert_int_equal(f->segment.events_missed, 0);
	for (uint32_t i = 0; i < FIXTURE_SAS; i++)
		ok += f->manager.sas[i].spi != 0;
	assert_int_equal(ok, sad_count(f->h->tables.sad));
	assert_true(ok > 0);
	assert_int_equal(fixture_policy(f, 7), ABI_OK);
}

static int setup(void **state)
{
	(void)state;
	f = fixture_create();
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_survived, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
