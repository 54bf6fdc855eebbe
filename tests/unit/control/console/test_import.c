/* SPDX-License-Identifier: BSD-3-Clause */
/* test_import.c - "espgw import" as a command: where what it makes goes, and who may read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/console/import.h"

#define OURS "139.196.10.2"
#define KEY  "a key of 24 bytes, really"

static const char connection[] =
	"{ \"Response\": { \"VpnConnectionSet\": [ { \"VpnConnectionId\": \"vpnx-1\", "
	"\"PreShareKey\": \"" KEY "\", \"RouteType\": \"STATIC\", \"IKEOptionsSpecification\": { "
	"\"IKEVersion\": \"IKEV2\", \"PropoEncryAlgorithm\": \"AES-CBC-256\", "
	"\"PropoAuthenAlgorithm\": \"SHA-256\", \"LocalIdentity\": \"FQDN\", \"LocalFqdnName\": "
	"\"10.1.1.9\", \"RemoteIdentity\": \"FQDN\", \"RemoteFqdnName\": \"2001:db8::9\", "
	"\"LocalAddress\": \"116.62.1.2\", \"RemoteAddress\": \"" OURS "\", \"DhGroupName\": "
	"\"GROUP14\", \"IKESaLifetimeSeconds\": 86400 }, \"IPSECOptionsSpecification\": { "
	"\"EncryptAlgorithm\": \"AES-CBC-256\", \"IntegrityAlgorith\": \"SHA-256\", "
	"\"PfsDhGroup\": \"NULL\", \"IPSECSaLifetimeSeconds\": 3600 }, "
	"\"SecurityPolicyDatabaseSet\": [ { \"LocalCidrBlock\": \"10.100.1.0/24\", "
	"\"RemoteCidrBlock\": [ \"192.168.1.0/24\" ] } ] } ] } }";

struct place {
	char dir[32];
	char in[64], out[64], err[64], file[64];
};

static void write_in(const struct place *p)
{
	FILE *f = fopen(p->in, "w");

	assert_non_null(f);
	fputs(connection, f);
	fclose(f);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/espgw-import-XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->in, sizeof(p->in), "%s/in", p->dir);
	snprintf(p->out, sizeof(p->out), "%s/out", p->dir);
	snprintf(p->err, sizeof(p->err), "%s/err", p->dir);
	snprintf(p->file, sizeof(p->file), "%s/file", p->dir);
	write_in(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	unlink(p->in);
	unlink(p->out);
	unlink(p->err);
	unlink(p->file);
	rmdir(p->dir);
	free(p);
	return 0;
}

/* With the standard output in a file of this mode, or, mode 0, in a pipe. */
static int run(const struct place *p, char **args, int n, mode_t mode)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), to_err, pipes[2], rc;
	int to = mode != 0 ? open(p->out, O_RDWR | O_CREAT | O_TRUNC, 0600)
			   : (pipe(pipes) == 0 ? pipes[1] : -1);

	assert_true(to >= 0);
	if (mode != 0)
		assert_int_equal(fchmod(to, mode), 0);
	to_err = open(p->err, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(to_err >= 0);
	fflush(stdout);
	dup2(to, STDOUT_FILENO);
	dup2(to_err, STDERR_FILENO);
	rc = import_run(args, n);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(to);
	close(to_err);
	if (mode == 0)
		close(pipes[0]);
	return rc;
}

static const char *content(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

static void what_others_could_read_is_warned_of(void **state)
{
	static const struct {
		mode_t mode;
		bool warned;
	} cases[] = {{0600, false}, {0644, true}, {0640, true}, {0604, true}, {0, false}};
	struct place *p = *state;
	char *args[] = {"--local", OURS, p->in};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(p, args, 3, cases[i].mode), 0);
		assert_int_equal(strstr(content(p->err), "others may read") != NULL,
				 cases[i].warned);
		if (cases[i].mode != 0)
			assert_non_null(strstr(content(p->out), KEY));
	}
	assert_int_equal(run(p, args, 3, 0644), 0);
	assert_non_null(strstr(content(p->err), "(mode 0644)"));
	assert_null(strstr(content(p->err), KEY));
}

/* A disk that is full. */
static void an_output_that_fails_is_told(void **state)
{
	struct place *p = *state;
	char *args[] = {"--local", OURS, p->in};
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), full, to_err, rc;

	full = open("/dev/full", O_WRONLY);
	to_err = open(p->err, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(full >= 0 && to_err >= 0);
	fflush(stdout);
	dup2(full, STDOUT_FILENO);
	dup2(to_err, STDERR_FILENO);
	rc = import_run(args, 3);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(full);
	close(to_err);
	assert_int_equal(rc, 1);
	assert_string_equal(content(p->err), "espgw: standard output: No space left on device\n");
}

static void an_output_file_is_new_and_of_its_user_alone(void **state)
{
	struct place *p = *state;
	char *args[] = {"--local", OURS, "--output", p->file, p->in};
	mode_t mask = umask(0);
	struct stat st;

	assert_int_equal(run(p, args, 5, 0644), 0);
	umask(mask);
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(content(p->out), "");
	assert_string_equal(content(p->err), "");
	assert_non_null(strstr(content(p->file), KEY));
}

static void a_file_that_is_there_stays_as_it_is(void **state)
{
	struct place *p = *state;
	char *args[] = {"--local", OURS, "--output", p->file, p->in};
	char *onto_itself[] = {"--local", OURS, "--output", p->in, p->in};
	FILE *f = fopen(p->file, "w");

	fputs("of before", f);
	fclose(f);
	assert_int_equal(run(p, args, 5, 0600), 1);
	assert_string_equal(content(p->file), "of before");
	assert_non_null(strstr(content(p->err), "File exists"));
	assert_int_equal(run(p, onto_itself, 5, 0600), 1);
	assert_string_equal(content(p->in), connection);
	unlink(p->file);
	assert_int_equal(symlink(p->out, p->file), 0); /* nor what a link leads to */
	assert_int_equal(run(p, args, 5, 0600), 1);
	assert_string_equal(content(p->out), "");
}

static void nothing_is_left_of_what_fails(void **state)
{
	struct place *p = *state;
	char *args[] = {"--local", "192.0.2.77", "--output", p->file, p->in};
	char *unfinished[] = {p->in, "--output"};

	assert_int_equal(run(p, args, 5, 0600), 1);
	assert_int_equal(access(p->file, F_OK), -1);
	assert_int_equal(run(p, unfinished, 2, 0600), 2);
	assert_non_null(strstr(content(p->err), "usage:"));
}

/* An ID typed as FQDN is one, also when its text is that of an address. */
static void a_name_that_looks_like_an_address_stays_a_name(void **state)
{
	struct place *p = *state;
	char *args[] = {"--local", OURS, p->in};

	assert_int_equal(run(p, args, 3, 0600), 0);
	assert_non_null(strstr(content(p->out), "my-id = \"fqdn:2001:db8::9\""));
	assert_non_null(strstr(content(p->out), "remote-id = \"fqdn:10.1.1.9\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_others_could_read_is_warned_of, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_output_that_fails_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(an_output_file_is_new_and_of_its_user_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_there_stays_as_it_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_of_what_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_that_looks_like_an_address_stays_a_name,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
