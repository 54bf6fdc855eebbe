/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad_readers.c - workers that read the SA database while the manager changes it. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <pthread.h>
#include <sched.h>

/* A worker that looks up without pause while SAs come and go; passing `round` on is its quiescent
 * state. */
struct reader {
	uint64_t rounds;
	uint64_t found;
	uint64_t wrong;
	int stop;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		for (uint32_t slot = 0; slot < 4; slot++) {
			for (uint32_t k = 4; k < 8; k++) {
				uint32_t spi = k * ESPKIT_SAS + slot;
				const struct sa *sa = sad_lookup_in(esp.sad, spi);

				if (sa == NULL)
					continue;
				r->found++;
				if (sa->spi != spi || sa->slot != slot || sa_replay(sa) == NULL)
					r->wrong++;
			}
		}
		__atomic_add_fetch(&r->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void wait_quiescent(struct reader *r)
{
	uint64_t now;

	/* What was published before must be seen by the round after the next. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	now = __atomic_load_n(&r->rounds, __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&r->rounds, __ATOMIC_ACQUIRE) < now + 2)
		sched_yield();
}

static void sas_come_and_go_under_a_reader(void **state)
{
	struct reader r = {0};
	pthread_t t;
	uint64_t seed = 29;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, read_all, &r), 0);
	for (unsigned int i = 0; i < 800; i++) {
		struct abi_sa_add c = espkit_in();

		c.slot = (uint32_t)(random_next(&seed) % 4);
		c.spi = (uint32_t)(4 + random_next(&seed) % 4) * ESPKIT_SAS + c.slot;
		assert_int_equal(espkit_try_add(&c), ABI_OK);
		wait_quiescent(&r);
		assert_int_equal(sad_delete(esp.sad, c.slot, c.spi), ABI_OK);
		wait_quiescent(&r);
		sad_reclaim(esp.sad, c.slot);
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_int_equal(r.wrong, 0);
	assert_true(r.found >= 800);
}

static void *ask_all(void *arg)
{
	struct reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		r->found += sad_may_send(esp.sad, 1);
		r->wrong += !sad_may_send(esp.sad, OUT_SPI);
		__atomic_add_fetch(&r->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Others of its SPI and its chain come and go before and behind it. */
static void an_spi_in_use_is_always_known(void **state)
{
	struct reader r = {0};
	struct abi_sa_add c = espkit_out();
	uint32_t spi[8] = {0};
	pthread_t t;
	uint64_t seed = 31;

	(void)state;
	espkit_add(&c);
	assert_int_equal(pthread_create(&t, NULL, ask_all, &r), 0);
	for (unsigned int i = 0; i < 800; i++) {
		uint32_t k = (uint32_t)(random_next(&seed) % 8);

		c.slot = 8 + k;
		if (spi[k] != 0) {
			assert_int_equal(sad_delete(esp.sad, c.slot, spi[k]), ABI_OK);
			wait_quiescent(&r);
			sad_reclaim(esp.sad, c.slot);
			spi[k] = 0;
			continue;
		}
		c.spi = OUT_SPI + (uint32_t)(random_next(&seed) % 4) * ESPKIT_SAS;
		assert_int_equal(espkit_try_add(&c), ABI_OK);
		spi[k] = c.spi;
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_true(r.rounds > 0);
	assert_int_equal(r.found, 0);
	assert_int_equal(r.wrong, 0);
}

struct writer {
	struct sa *sa;
	int stop;
};

static void *read_outer(void *arg)
{
	struct writer *w = arg;
	uint64_t bad = 0;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		struct sa_outer o;
		struct sa_brief b;

		if (!sa_outer_read(w->sa, &o))
			continue;
		for (unsigned int i = 1; i < 6; i++)
			bad += o.word[i] != o.word[0];
		if (!sa_brief_read(w->sa, &b))
			continue;
		bad += b.third != b.second || b.rest != (uint32_t)b.third;
	}
	return bad == 0 ? NULL : w;
}

static void an_outer_header_is_never_read_half_new(void **state)
{
	const struct abi_sa_add c = espkit_out();
	struct writer w = {0};
	struct sa_outer o;
	pthread_t t;
	void *bad;

	(void)state;
	espkit_add(&c);
	w.sa = sad_slot(esp.sad, OUT_SLOT);
	memset(&o, 0, sizeof(o));
	sa_outer_write(w.sa, &o);
	assert_int_equal(pthread_create(&t, NULL, read_outer, &w), 0);
	assert_true(sa_has_brief(w.sa));
	for (uint64_t i = 0; i < 300000; i++) {
		for (unsigned int k = 0; k < 6; k++)
			o.word[k] = i << 32 | i;
		o.word[7] = i; /* with what the short one has of it */
		sa_outer_write(w.sa, &o);
	}
	__atomic_store_n(&w.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, &bad);
	assert_null(bad);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sas_come_and_go_under_a_reader),
		CASE(an_spi_in_use_is_always_known),
		CASE(an_outer_header_is_never_read_half_new),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
