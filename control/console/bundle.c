/* SPDX-License-Identifier: BSD-3-Clause */
/* bundle.c - see bundle.h. */
#include "control/console/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/console/client.h"
#include "control/console/protocol.h"
#include "control/model/menus.h"
#include "control/model/schema.h"

#define MAX_WORDS 16u

/* One command and what it says. A menu that cannot be shown now says why, and the rest goes on. */
static int section(int fd, FILE *f, const char *const *words, size_t n, bool json)
{
	fputs("### espgw", f);
	if (json)
		fputs(" --json", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, " %s", words[i]);
	fputs("\n", f);
	n = (size_t)client_run_to(fd, words, n, json, f, f);
	fputs("\n", f);
	return (int)n;
}

static int sections(int fd, FILE *f, const char *const *args, size_t n_args)
{
	static const char *const version[] = {"version"}, *const configuration[] = {"export"};
	const char *words[MAX_WORDS] = {"diagnose"};
	int rc;

	for (size_t i = 0; i < n_args; i++)
		words[i + 1] = args[i];
	words[++n_args] = "hide-sensitive";
	rc = section(fd, f, version, 1, false);
	if (rc == 0)
		rc = section(fd, f, words, n_args + 1, false);
	if (rc == 0)
		rc = section(fd, f, words, n_args + 1, true);
	if (rc == 0)
		rc = section(fd, f, configuration, 1, false);
	for (int i = 0; i < MENU_MAX && rc != CLIENT_UNREACHABLE && rc != PROTOCOL_USAGE; i++) {
		const char *const print[] = {schema_menu(i)->path, "print", "detail"};

		rc = section(fd, f, print, 3, false) == CLIENT_UNREACHABLE ? CLIENT_UNREACHABLE
									   : rc;
	}
	return rc;
}

int bundle_write(int fd, const char *path, const char *const *args, size_t n_args)
{
	int file = n_args + 2 <= MAX_WORDS
			   ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
			   : -1;
	FILE *f = file >= 0 ? fdopen(file, "w") : NULL;
	char when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	bool failed;
	int rc;

	if (f == NULL) {
		fprintf(stderr, "espgw: %s: %s\n", path,
			n_args + 2 <= MAX_WORDS ? strerror(errno) : "too many words");
		if (file >= 0)
			close(file);
		return PROTOCOL_FAILED;
	}
	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(f, "espgw support bundle, %s. Secrets and keys are left out.\n\n", when);
	rc = sections(fd, f, args, n_args);
	failed = ferror(f) != 0;
	if ((fclose(f) != 0 || failed) && rc == 0) {
		fprintf(stderr, "espgw: %s: cannot be written\n", path);
		rc = PROTOCOL_FAILED;
	}
	if (rc != 0)
		unlink(path);
	else
		printf("%s: written; it holds no secrets and no keys, but addresses and names\n",
		       path);
	return rc;
}
