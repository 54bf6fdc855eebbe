/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sa_store.c - a file of records: kept over a restart, the older one when the newer is torn,
 * nothing left of what is forgotten, no file that others may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/sa_store.h"

static char path[64];

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/espgw-test-sa-store-%d", (int)getpid());
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

struct seen {
	unsigned n;
	char text[8][32];
	uint32_t slot[8];
	const char *refuse; /* as if it were torn, */
	int why;	    /* or with this */
};

static int see(void *ctx, uint32_t slot, const uint8_t *data, size_t len)
{
	struct seen *s = ctx;

	assert_true(s->n < 8 && len < 32);
	if (s->refuse != NULL && len == strlen(s->refuse) && memcmp(data, s->refuse, len) == 0)
		return s->why != 0 ? s->why : -EBADMSG;
	memcpy(s->text[s->n], data, len);
	s->text[s->n][len] = '\0';
	s->slot[s->n++] = slot;
	return 0;
}

static uint32_t put(struct sa_store *s, uint32_t slot, const char *text)
{
	return sa_store_put(s, slot, (const uint8_t *)text, strlen(text));
}

static void records_outlive_the_process(void **state)
{
	struct sa_store *s = sa_store_open(path);
	struct seen seen = {0};
	uint32_t one, two, three;

	(void)state;
	assert_non_null(s);
	one = put(s, 0, "one");
	two = put(s, 0, "two");
	three = put(s, 0, "three");
	assert_true(one != 0 && two != 0 && three != 0 && one != two && two != three);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(put(s, two, i < 4 ? "two again" : "two at last"), two);
	sa_store_forget(s, one);
	sa_store_close(s);

	s = sa_store_open(path);
	assert_int_equal(sa_store_load(s, see, &seen), 2);
	assert_string_equal(seen.text[0], "two at last");
	assert_string_equal(seen.text[1], "three");
	/* what was forgotten is free for others, and only that */
	assert_int_equal(put(s, 0, "four"), one);
	assert_int_equal(put(s, seen.slot[0], "two anew"), two);
	sa_store_close(s);
	memset(&seen, 0, sizeof(seen));
	s = sa_store_open(path);
	assert_int_equal(sa_store_load(s, see, &seen), 3);
	assert_string_equal(seen.text[1], "two anew");
	sa_store_close(s);
}

static void has_one_user(void **state)
{
	struct sa_store *s = sa_store_open(path);

	(void)state;
	assert_non_null(s);
	assert_null(sa_store_open(path));
	assert_int_equal(errno, EWOULDBLOCK);
	sa_store_close(s);
	s = sa_store_open(path);
	assert_non_null(s);
	sa_store_close(s);
}

static void a_torn_record_gives_the_one_before(void **state)
{
	struct sa_store *s = sa_store_open(path);
	struct seen seen = {.refuse = "new"};
	uint32_t slot;

	(void)state;
	slot = put(s, 0, "old");
	assert_int_equal(put(s, slot, "new"), slot);
	put(s, 0, "new"); /* nothing before it: gone */
	sa_store_close(s);
	s = sa_store_open(path);
	assert_int_equal(sa_store_load(s, see, &seen), 1);
	assert_string_equal(seen.text[0], "old");
	sa_store_close(s);
}

/* The one before is older than what the peer has seen. */
static void a_whole_record_that_is_refused_is_forgotten(void **state)
{
	struct sa_store *s = sa_store_open(path);
	struct seen seen = {.refuse = "new", .why = -ENOMEM};
	uint32_t slot;

	(void)state;
	slot = put(s, 0, "old");
	assert_int_equal(put(s, slot, "new"), slot);
	sa_store_close(s);
	for (unsigned i = 0; i < 2; i++) {
		s = sa_store_open(path);
		assert_int_equal(sa_store_load(s, see, &seen), 0);
		assert_int_equal(seen.n, 0);
		sa_store_close(s);
	}
}

static void nothing_stays_of_what_is_forgotten(void **state)
{
	static char all[1 << 20];
	struct sa_store *s = sa_store_open(path);
	uint32_t slot;
	ssize_t n;
	int fd;

	(void)state;
	slot = put(s, 0, "MARKERKEY");
	put(s, slot, "MARKERKEY2");
	sa_store_forget(s, slot);
	sa_store_forget(s, slot);
	sa_store_close(s);
	fd = open(path, O_RDONLY);
	n = read(fd, all, sizeof(all));
	close(fd);
	assert_true(n > 0);
	assert_null(memmem(all, (size_t)n, "MARKER", 6));
}

static void only_our_own_private_file_is_taken(void **state)
{
	struct sa_store *s = sa_store_open(path);
	char link[80];
	struct stat st;

	(void)state;
	sa_store_close(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	chmod(path, 0640);
	assert_null(sa_store_open(path));
	assert_int_equal(errno, EPERM);
	chmod(path, 0600);
	snprintf(link, sizeof(link), "%s-link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_null(sa_store_open(link));
	unlink(link);
}

static void of_another_boot_is_emptied(void **state)
{
	struct sa_store *s = sa_store_open(path);
	struct seen seen = {0};
	int fd;

	(void)state;
	put(s, 0, "one");
	sa_store_close(s);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 10), 1); /* the boot's id */
	close(fd);
	s = sa_store_open(path);
	assert_int_equal(sa_store_load(s, see, &seen), 0);
	assert_true(put(s, 0, "two") != 0);
	assert_int_equal(sa_store_failed(s), 0);
	assert_int_equal(sa_store_put(s, 0, (const uint8_t *)"", 0), 0);
	assert_int_equal(sa_store_put(s, 999, (const uint8_t *)"x", 1), 0);
	assert_int_equal(sa_store_failed(s), 2);
	sa_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_outlive_the_process, setup, teardown),
		cmocka_unit_test_setup_teardown(has_one_user, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_record_gives_the_one_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_whole_record_that_is_refused_is_forgotten, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_stays_of_what_is_forgotten, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_our_own_private_file_is_taken, setup,
						teardown),
		cmocka_unit_test_setup_teardown(of_another_boot_is_emptied, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
