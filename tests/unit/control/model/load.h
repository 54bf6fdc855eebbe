/* SPDX-License-Identifier: BSD-3-Clause */
/* load.h - configurations for tests: texts written to files of their own. */
#ifndef ESPGW_TEST_LOAD_H
#define ESPGW_TEST_LOAD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"

static char load_dir[] = "/tmp/espgw-test-XXXXXX";

/* Group set-up and tear-down: a folder that all files of a test program live in. */
static inline int load_setup(void **state)
{
	(void)state;
	return mkdtemp(load_dir) && chdir(load_dir) == 0 ? 0 : -1;
}

static inline int load_teardown(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -r %s", load_dir);
	return chdir("/") == 0 && system(cmd) == 0 ? 0 : -1;
}

static inline void load_write(const char *name, const char *text, size_t len, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
}

/* Loads a text as "t.conf"; *told is malloc()ed. */
static inline struct model *load_text(const char *text, char **told)
{
	static struct problems problems;
	struct model *m;

	load_write("t.conf", text, strlen(text), 0600);
	problems_init(&problems);
	m = model_load("t.conf", &problems);
	*told = problems_text(&problems);
	assert_non_null(*told);
	assert_true(m ? problems.n_errors == 0 : problems.n_errors > 0);
	problems_free(&problems);
	return m;
}

/* Loads a text that must be good. */
static inline struct model *load_good(const char *text)
{
	char *told;
	struct model *m = load_text(text, &told);

	if (!m)
		print_error("%s", told);
	assert_non_null(m);
	free(told);
	return m;
}

/* Whether a text is taken, and what is said of it. */
static inline void assert_told(const char *text, bool good, const char *what)
{
	char *told;
	struct model *m = load_text(text, &told);

	if ((m != NULL) != good || !strstr(told, what))
		fail_msg("told \"%s\" instead of \"%s\"", told, what);
	free(told);
	model_free(m);
}

/* A file of this repository's conf/, into malloc()ed memory. */
static inline char *load_conf(const char *name, size_t *len)
{
	char path[512], *buf;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", TEST_CONF_DIR, name);
	f = fopen(path, "r");
	assert_non_null(f);
	buf = calloc(1, 1 << 16);
	assert_non_null(buf);
	*len = fread(buf, 1, (1 << 16) - 1, f);
	fclose(f);
	return buf;
}

#endif
