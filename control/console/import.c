/* SPDX-License-Identifier: BSD-3-Clause */
/* import.c - "espgw import": a cloud's file as our configuration; see control/cloud/cloud.h. */
#include "control/console/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/cloud/cloud.h"
#include "control/console/input.h"
#include "control/model/addr.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"

struct job {
	struct cloud_request req;
	const char *path;   /* the cloud's file; "-": the standard input */
	const char *output; /* NULL: the standard output */
};

static int usage(const char *what)
{
	fprintf(stderr, "espgw import: %s\nusage: " IMPORT_USAGE "\n", what);
	return 2;
}

static int add_local(struct cloud_request *req, const char *text)
{
	if (req->n_ours == CLOUD_MAX_OURS || addr_parse(text, &req->ours[req->n_ours]) != 0)
		return -EINVAL;
	req->n_ours++;
	return 0;
}

/* All addresses of a configuration's interfaces. */
static int add_configured(struct cloud_request *req, const char *path)
{
	static const enum menu_id menus[] = {MENU_ADDRESS, MENU_ADDRESS6};
	static struct problems problems;
	struct model *m;

	problems_init(&problems);
	m = model_load(path, &problems);
	if (m == NULL) {
		char *text = problems_text(&problems);

		fputs(text != NULL ? text : "espgw: not enough memory\n", stderr);
		free(text);
	}
	problems_free(&problems);
	for (size_t k = 0; m != NULL && k < 2; k++)
		for (size_t i = 0; i < m->table[menus[k]].n && req->n_ours < CLOUD_MAX_OURS; i++)
			req->ours[req->n_ours++] =
				m->table[menus[k]].rows[i].values[ADDRESS_ADDRESS].addr;
	model_free(m);
	return m != NULL ? 0 : -EINVAL;
}

static int add_networks(struct cloud_request *req, const char *text)
{
	const char *sign = strchr(text, '=');
	struct cloud_pair *p = &req->routed[req->n_routed];

	if (sign == NULL || req->n_routed == CLOUD_MAX_PAIRS ||
	    cloud_net_parse(text, (size_t)(sign - text), &p->net[CLOUD_LOCAL]) != 0 ||
	    cloud_net_parse(sign + 1, strlen(sign + 1), &p->net[CLOUD_REMOTE]) != 0 ||
	    p->net[CLOUD_LOCAL].addr.family != p->net[CLOUD_REMOTE].addr.family)
		return -EINVAL;
	req->n_routed++;
	return 0;
}

static int take_option(struct job *job, const char *option, const char *value)
{
	struct cloud_request *req = &job->req;

	if (strcmp(option, "--local") == 0)
		return add_local(req, value) ? usage("--local: not an address, or too many") : 0;
	if (strcmp(option, "-c") == 0)
		return add_configured(req, value) ? 1 : 0;
	if (strcmp(option, "--networks") == 0)
		return add_networks(req, value)
			       ? usage("--networks: OURS=THEIRS, like 192.168.1.0/24=10.0.0.0/8")
			       : 0;
	if (strcmp(option, "--name") == 0)
		req->name = value;
	else if (strcmp(option, "--connection") == 0)
		req->connection = value;
	else if (strcmp(option, "--output") == 0)
		job->output = value;
	else if (strcmp(option, "--tunnel") == 0 && (*value == '1' || *value == '2') && !value[1])
		req->tunnel = (unsigned)(*value - '0');
	else
		return usage(option);
	return 0;
}

/* Whoever sits at a terminal is asked once. */
static bool ask(struct cloud_request *req, const char *why)
{
	char line[ADDR_MAX_TEXT + 2];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "espgw: %s\nwhich of them is ours? ", why);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	req->n_ours = 0;
	return add_local(req, line) == 0;
}

static int convert(const char *data, size_t len, struct cloud_request *req, struct cloud_config *c,
		   struct text *out, struct text *why)
{
	enum cloud_end ours;
	int rc = cloud_read(data, len, req, c, why);

	if (rc != 0)
		return rc;
	rc = cloud_side(c, req, &ours, why);
	if (rc != 0 && ask(req, why->s)) {
		text_cut(why, 0);
		rc = cloud_side(c, req, &ours, why);
	}
	return rc != 0 ? rc : cloud_write(c, req, ours, out, why);
}

/* Every option has a value. */
static int take_words(struct job *job, char **args, int n)
{
	for (int i = 0; i < n; i++) {
		if (args[i][0] == '-' && args[i][1] != '\0') {
			int rc = i + 1 == n ? usage(args[i])
					    : take_option(job, args[i], args[i + 1]);

			if (rc != 0)
				return rc;
			i++;
		} else if (job->path != NULL) {
			return usage("one FILE");
		} else {
			job->path = args[i];
		}
	}
	return job->path == NULL ? usage("which FILE?") : 0;
}

/* The shell made that file, and its mode: it holds the pre-shared key. */
static void warn_of_readers(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		fprintf(stderr,
			"espgw: warning: the secret goes to a file that others may read (mode "
			"%04o): chmod 600 it, or use --output FILE\n",
			(unsigned)st.st_mode & 07777);
}

/* A new file, of the user alone. */
static int write_file(const char *path, const struct text *out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd >= 0 ? text_write(out, fd) : -errno;

	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	fprintf(stderr, "espgw: %s: %s\n", path, strerror(-rc));
	if (fd >= 0)
		unlink(path);
	return rc;
}

static int put(const struct job *job, const struct text *out)
{
	int rc;

	if (job->output != NULL)
		return write_file(job->output, out);
	warn_of_readers();
	rc = text_write(out, STDOUT_FILENO);
	if (rc != 0)
		fprintf(stderr, "espgw: standard output: %s\n", strerror(-rc));
	return rc;
}

int import_run(char **args, int n)
{
	static struct cloud_config c;
	struct text out = {0}, why = {0};
	static struct job job;
	char *data;
	size_t len;
	int rc;

	job = (struct job){0};
	rc = take_words(&job, args, n);
	if (rc != 0)
		return rc;
	data = input_read(job.path, CLOUD_MAX_INPUT + 1, &len);
	if (data == NULL)
		return 1;
	rc = convert(data, len, &job.req, &c, &out, &why);
	input_free(data, len);
	cloud_wipe(&c);
	if (rc != 0)
		fprintf(stderr, "espgw: %s: %s\n", job.path,
			why.s != NULL ? why.s : "out of memory");
	else
		rc = put(&job, &out);
	text_free(&out);
	text_free(&why);
	return rc == 0 ? 0 : 1;
}
