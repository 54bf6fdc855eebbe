/* SPDX-License-Identifier: BSD-3-Clause */
/* test_heap.c - what free() gets back is not the kernel's, and serves again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/heap.h"

#define BLOCKS 8u
#define BLOCK  ((size_t)4 << 20) /* as rte_acl_build() has them; malloc() would map it by itself */

/* Pages of the process that there is memory behind. */
static long resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long all, pages;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &all, &pages), 2);
	fclose(f);
	return pages;
}

static void take_and_give(void)
{
	uint8_t *block[BLOCKS];

	for (unsigned int i = 0; i < BLOCKS; i++) {
		block[i] = malloc(BLOCK);
		assert_non_null(block[i]);
		memset(block[i], 1, BLOCK);
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		free(block[i]);
}

static void what_is_freed_stays_and_serves_again(void **state)
{
	const long all = (long)(BLOCKS * BLOCK / 4096), slack = 64;
	long before = resident(), after;

	(void)state;
	if (heap_keep() != 0)
		skip(); /* a sanitizer's heap */
	take_and_give();
	after = resident();
	assert_true(after >= before + all);
	take_and_give();
	assert_true(resident() <= after + slack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_freed_stays_and_serves_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
