/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_site.c - what an input of fuzz_esp_in does depends on no other one: every seed does the same
 * after all others in one order and in the other, and SAs are then what new ones are. Without that
 * a finding need not come again when its input is run alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>

#include "dataplane/api/counters.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/site.h"

#define SEEDS_MAX  256u
#define SLOTS	   16u
#define SIZE_MAX_B 65536u

static const char *folder; /* of the seeds */

static struct seed {
	char name[64];
	uint8_t *data;
	size_t size;
	uint64_t print;
} seeds[SEEDS_MAX];
static unsigned int n_seeds;
static uint64_t print; /* of what is done just now */

static void add(const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		print = (print ^ p[i]) * 0x100000001b3u; /* FNV-1a */
}

static void add_number(uint64_t n)
{
	add(&n, sizeof(n));
}

/* Bytes of a frame before what is random: of ESP that is our own, all behind its header. */
static size_t certain(const uint8_t *frame, size_t len)
{
	bool six = frame[12] == 0x86 && frame[13] == 0xdd;
	size_t ip = six ? 40 : (size_t)(frame[14] & 15) * 4, esp = 14 + ip + 8;
	uint8_t proto = frame[14 + (six ? 6 : 9)];

	if (proto == 17)
		esp += 8;
	if (proto != 50 && proto != 17 && proto != 44)
		return len;
	return len < esp ? len : esp;
}

static void on_sent(uint8_t port, const uint8_t *frame, size_t len)
{
	add(&port, 1);
	add_number(len);
	add(frame, port == SITE_WAN && len >= 14 + 40 ? certain(frame, len) : len);
}

/* What there is to be seen of an input. */
static uint64_t print_of(const struct seed *s)
{
	uint64_t drops[ABI_DROP_SLOTS], fed, sent, slow;

	site_undo(); /* fragments that are left are dropped */
	for (unsigned int i = 0; i < ABI_DROP_SLOTS; i++)
		drops[i] = site_drops(i);
	fed = site_fed();
	sent = site_sent();
	slow = site_slow();
	print = 0xcbf29ce484222325u;
	assert_int_equal(LLVMFuzzerTestOneInput(s->data, s->size), 0);
	for (unsigned int i = 0; i < ABI_DROP_SLOTS; i++)
		add_number(site_drops(i) - drops[i]);
	add_number(site_fed() - fed);
	add_number(site_sent() - sent);
	add_number(site_slow() - slow);
	for (unsigned int i = 0; i < SLOTS; i++) {
		add_number(site_packets(i));
		add_number(site_top(i));
		add_number(site_moved(i));
	}
	return print;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct seed *)a)->name, ((const struct seed *)b)->name);
}

static bool read_seed(struct seed *s, const char *name)
{
	static uint8_t room[SIZE_MAX_B];
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(s->name, sizeof(s->name), "%s", name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	s->size = fread(room, 1, sizeof(room), f);
	fclose(f);
	s->data = malloc(s->size + 1);
	if (s->data == NULL)
		return false;
	memcpy(s->data, room, s->size);
	return true;
}

static int setup(void **state)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	(void)state;
	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL && n_seeds < SEEDS_MAX)
		if (e->d_name[0] != '.' && read_seed(&seeds[n_seeds], e->d_name))
			n_seeds++;
	closedir(d);
	qsort(seeds, n_seeds, sizeof(seeds[0]), by_name);
	return n_seeds > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_seeds; i++)
		free(seeds[i].data);
	return 0;
}

static void a_seed_does_the_same_whatever_came_before(void **state)
{
	(void)state;
	LLVMFuzzerTestOneInput((const uint8_t *)"\x80\0\0\0", 4);
	site_watch(on_sent);
	for (unsigned int i = 0; i < n_seeds; i++)
		seeds[i].print = print_of(&seeds[i]);
	for (unsigned int i = n_seeds; i-- > 0;)
		if (print_of(&seeds[i]) != seeds[i].print)
			fail_msg("%s", seeds[i].name);
	for (unsigned int i = 0; i < n_seeds; i++)
		for (unsigned int k = 0; k < 2; k++)
			if (print_of(&seeds[i]) != seeds[i].print)
				fail_msg("%s", seeds[i].name);
	site_watch(NULL);
}

static void sas_are_new_again_after_each(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_seeds; i++) {
		LLVMFuzzerTestOneInput(seeds[i].data, seeds[i].size);
		if (!site_undo_holds())
			fail_msg("%s", seeds[i].name);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_does_the_same_whatever_came_before),
		cmocka_unit_test(sas_are_new_again_after_each),
	};

	if (argc != 2)
		return 2;
	folder = argv[1];
	return cmocka_run_group_tests(tests, setup, teardown);
}
