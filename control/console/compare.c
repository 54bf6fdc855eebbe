/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.c - the cloud's own diagnosis beside ours; see compare.h. */
#include "control/console/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cloud/cloud.h"
#include "control/cloud/verdict.h"
#include "control/console/client.h"
#include "control/console/input.h"
#include "control/console/protocol.h"
#include "control/model/text.h"

#define MAX_WORDS 8u

/* Our own diagnosis as JSON, malloc()ed. 0, or 1 after saying why. */
static int ask(int fd, const char *const *args, size_t n_args, char **here)
{
	const char *words[MAX_WORDS] = {"diagnose"};
	size_t len;
	FILE *f;
	int rc;

	if (n_args >= MAX_WORDS)
		return 1;
	for (size_t i = 0; i < n_args; i++)
		words[i + 1] = args[i];
	f = open_memstream(here, &len);
	if (f == NULL)
		return 1;
	rc = client_run_to(fd, words, n_args + 1, true, f, stderr);
	return fclose(f) != 0 || rc != PROTOCOL_OK;
}

static enum diag_lang lang_of(const char *const *args, size_t n_args)
{
	for (size_t i = 0; i < n_args; i++)
		if (strcmp(args[i], "zh") == 0 || strcmp(args[i], "lang=zh") == 0 ||
		    strcmp(args[i], "--lang=zh") == 0)
			return DIAG_ZH;
	return DIAG_EN;
}

int compare_run(int fd, const char *path, const char *const *args, size_t n_args, bool json)
{
	struct text out = {0}, why = {0};
	char *here = NULL, *cloud;
	size_t len;
	int rc;

	cloud = input_read(path, CLOUD_MAX_INPUT + 1, &len);
	if (cloud == NULL)
		return 1;
	rc = fd >= 0 ? ask(fd, args, n_args, &here) : 0;
	if (rc == 0) {
		rc = verdict_merge(cloud, len, here, lang_of(args, n_args), json, &out, &why) != 0;
		if (rc == 0)
			fputs(out.s, stdout);
		else
			fprintf(stderr, "espgw: %s: %s\n", path,
				why.s != NULL ? why.s : "out of memory");
	}
	free(here);
	input_free(cloud, len);
	text_free(&out);
	text_free(&why);
	return rc;
}
