/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_start.c - the order of the start: main() of espgw-control is control_main() here, the
 * self-test and the reading of the configuration are ours.
 */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/gateway.h"

int control_main(int argc, char **argv);

static const char *wrong, *lacking;
static unsigned int n_tested, n_loaded;

int __wrap_suite_self_test(const char **failed);
int __wrap_setup_load(struct setup *out, const char *path, const struct model_plan *previous,
		      const struct hosts *names, char **text);

int __wrap_suite_self_test(const char **failed)
{
	assert_int_equal(n_loaded, 0);
	n_tested++;
	*failed = wrong;
	if (lacking)
		suite_note_lacking(lacking);
	return wrong ? -EIO : 0;
}

/* Whatever comes next is not for this test. */
int __wrap_setup_load(struct setup *out, const char *path, const struct model_plan *previous,
		      const struct hosts *names, char **text)
{
	(void)path;
	(void)previous;
	(void)names;
	*out = (struct setup){0};
	*text = NULL;
	n_loaded++;
	return -EINVAL;
}

/* Exit status; what went to standard error is in said. */
static int start(bool check, char *said, size_t cap)
{
	char *argv[] = {"espgw-control", "-c", "/nowhere", check ? "-n" : NULL, NULL};
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO), rc;
	size_t n;

	assert_non_null(f);
	n_tested = n_loaded = 0;
	optind = 0;
	fflush(stderr);
	assert_true(saved >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
	rc = control_main(check ? 4 : 3, argv);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(f);
	n = fread(said, 1, cap - 1, f);
	said[n] = '\0';
	fclose(f);
	return rc;
}

static void nothing_is_read_with_a_library_that_is_wrong(void **state)
{
	char said[4096];

	(void)state;
	wrong = "aes-192";
	for (int check = 0; check < 2; check++) {
		assert_int_equal(start(check, said, sizeof(said)), EXIT_FAILURE);
		assert_int_equal(n_tested, 1);
		assert_int_equal(n_loaded, 0);
		assert_non_null(strstr(said, "known-answer test failed: aes-192: "));
	}
	wrong = NULL;
}

static void what_is_lacking_is_told_and_does_not_stop_the_start(void **state)
{
	char said[4096];

	(void)state;
	lacking = "md5";
	assert_int_equal(start(false, said, sizeof(said)), EXIT_FAILURE); /* of setup_load() */
	assert_int_equal(n_tested, 1);
	assert_int_equal(n_loaded, 1);
	assert_non_null(strstr(said, "not available in this OpenSSL: md5\n"));
	lacking = NULL;
	suite_note_lacking(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_read_with_a_library_that_is_wrong),
		cmocka_unit_test(what_is_lacking_is_told_and_does_not_stop_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
