/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dh_pool.c - threads that do Diffie-Hellman: right results, each once; urgent first; bounded;
 * a clean end at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/dh_job.h"
#include "control/crypto/suite.h"
#include "control/dh_pool.h"

#define GROUP 19
#define JOBS  200

static void fill(struct dh_job *j, enum dh_job_kind kind, uint16_t group, unsigned n)
{
	memset(j, 0, sizeof(*j));
	j->kind = kind;
	j->group = group;
	j->seed_len = suite_group_find(group)->seed_len;
	memset(j->seed, (int)(n % 251) + 1, j->seed_len);
}

/* The result, whenever it comes: the descriptor tells. */
static struct dh_job *await(struct dh_pool *p)
{
	struct dh_job *j;

	while ((j = dh_pool_collect(p)) == NULL) {
		struct pollfd fd = {.fd = dh_pool_fd(p), .events = POLLIN};

		assert_int_equal(poll(&fd, 1, 60000), 1);
	}
	return j;
}

static void set_peer(struct dh_job *j, const struct dh *other)
{
	size_t len;
	const uint8_t *value = dh_public(other, &len);

	memcpy(j->peer, value, len);
	j->peer_len = len;
}

static void does_all_kinds_and_each_job_once(void **state)
{
	static struct dh_job job[JOBS];
	bool seen[JOBS] = {false};
	uint8_t seed[DH_MAX_SEED], secret[DH_MAX_SECRET];
	struct dh_pool *p = dh_pool_new(3);
	struct dh *own, *other;
	size_t len;

	(void)state;
	assert_non_null(p);
	memset(seed, 7, sizeof(seed));
	own = dh_new(GROUP, seed, suite_group_find(GROUP)->seed_len);
	memset(seed, 9, sizeof(seed));
	other = dh_new(GROUP, seed, suite_group_find(GROUP)->seed_len);
	for (unsigned i = 0; i < JOBS; i++) {
		fill(&job[i], (enum dh_job_kind)(i % 3), GROUP, i);
		job[i].urgent = i % 2;
		if (job[i].kind == DH_JOB_DERIVE)
			job[i].dh = dh_hold(own);
		if (job[i].kind != DH_JOB_NEW)
			set_peer(&job[i], other);
		assert_int_equal(dh_pool_submit(p, &job[i]), 0);
	}
	for (unsigned i = 0; i < JOBS; i++) {
		struct dh_job *j = await(p);
		size_t k = (size_t)(j - job);

		assert_true(k < JOBS && !seen[k]);
		seen[k] = true;
		assert_int_equal(j->status, 0);
		assert_non_null(j->dh);
		if (j->kind != DH_JOB_NEW) { /* the other side comes to the same */
			size_t n;
			const uint8_t *value = dh_public(j->dh, &n);

			assert_int_equal(dh_derive(other, value, n, secret, sizeof(secret), &len),
					 0);
			assert_int_equal(j->secret_len, len);
			assert_memory_equal(j->secret, secret, len);
			if (j->kind == DH_JOB_DERIVE)
				continue; /* others still read this pair */
			dh_job_finish(j);
			assert_true(dh_remembers(j->dh, j->peer, j->peer_len));
		}
		dh_job_wipe(j);
	}
	assert_null(dh_pool_collect(p));
	dh_pool_free(p);
	for (unsigned i = 0; i < JOBS; i++)
		dh_job_wipe(&job[i]);
	dh_free(own);
	dh_free(other);
}

static void urgent_jobs_overtake(void **state)
{
	static struct dh_job job[40];
	struct dh_pool *p = dh_pool_new(1);
	unsigned before = 0, urgent = 0;

	(void)state;
	/* The first ones keep the thread busy while the others are put in. */
	for (unsigned i = 0; i < 40; i++) {
		fill(&job[i], DH_JOB_NEW, i < 4 ? 18 : GROUP, i);
		job[i].urgent = i >= 30;
	}
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(dh_pool_submit(p, &job[i]), 0);
	for (unsigned i = 0; i < 40; i++) {
		struct dh_job *j = await(p);

		urgent += j->urgent;
		before += !j->urgent && urgent < 10;
		dh_job_wipe(j);
	}
	/* those that were begun before the last urgent one was there, and not many more */
	assert_true(before <= 15);
	dh_pool_free(p);
}

static void is_bounded(void **state)
{
	struct dh_job *job = calloc(DH_POOL_OTHERS + 2, sizeof(*job));
	struct dh_pool *p = dh_pool_new(2);

	(void)state;
	for (unsigned i = 0; i < DH_POOL_OTHERS + 2; i++)
		fill(&job[i], DH_JOB_NEW, 31, i);
	for (unsigned i = 0; i < DH_POOL_OTHERS; i++)
		assert_int_equal(dh_pool_submit(p, &job[i]), 0);
	/* done or not: nobody has collected them */
	assert_int_equal(dh_pool_submit(p, &job[DH_POOL_OTHERS]), -EBUSY);
	job[DH_POOL_OTHERS + 1].urgent = true;
	assert_int_equal(dh_pool_submit(p, &job[DH_POOL_OTHERS + 1]), 0);
	dh_job_wipe(await(p));
	for (unsigned i = 0; i < DH_POOL_OTHERS; i++)
		dh_job_wipe(await(p));
	assert_null(dh_pool_collect(p));
	dh_pool_free(p);
	free(job);
}

static void ends_with_jobs_in_it(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		static struct dh_job job[30];
		struct dh_pool *p = dh_pool_new(1 + round % 4);

		for (unsigned i = 0; i < 30; i++) {
			fill(&job[i], DH_JOB_NEW, GROUP, i);
			assert_int_equal(dh_pool_submit(p, &job[i]), 0);
		}
		for (unsigned i = 0; i < round; i++)
			(void)await(p);
		dh_pool_free(p);
		for (unsigned i = 0; i < 30; i++)
			dh_job_wipe(&job[i]);
	}
	dh_pool_free(NULL);
}

static void cheap_groups_are_not_handed_over(void **state)
{
	(void)state;
	assert_false(dh_pool_wants(31));
	assert_false(dh_pool_wants(19));
	assert_true(dh_pool_wants(20));
	assert_true(dh_pool_wants(14));
	assert_true(dh_pool_wants(16));
	assert_false(dh_pool_wants(999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_all_kinds_and_each_job_once),
		cmocka_unit_test(urgent_jobs_overtake),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(ends_with_jobs_in_it),
		cmocka_unit_test(cheap_groups_are_not_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
