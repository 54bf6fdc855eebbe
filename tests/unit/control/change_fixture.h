/* SPDX-License-Identifier: BSD-3-Clause */
/* change_fixture.h - a gateway whose configuration is changed from the console. */
#ifndef ESPGW_TESTS_CHANGE_FIXTURE_H
#define ESPGW_TESTS_CHANGE_FIXTURE_H

#include "gateway_fixture.h"

/* A line of the console, as the daemon runs it. */
static inline const char *command(struct fixture *x, const char *line, int status)
{
	static struct console_result result;
	struct console c = gateway_console(x->g);

	console_result_free(&result);
	console_execute(&c, &line, 1, false, 80, &result);
	if ((int)result.status != status)
		print_error("%s: %s\n", line, result.note != NULL ? result.note : "");
	assert_int_equal(result.status, status);
	return result.note != NULL ? result.note : "";
}

/* Static. */
static inline const char *text_at(const char *path)
{
	static char buf[8192];
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	buf[n] = '\0';
	return buf;
}

static inline const char *file_text(const struct fixture *x)
{
	return text_at(x->path);
}

static inline bool file_has(const struct fixture *x, const char *text)
{
	return strstr(file_text(x), text) != NULL;
}

#define ADD "/ip ipsec policy add action=discard src-address=192.168.1.0/24 dst-address=10.0.0.0/8"

static inline void replace_in_file(const struct fixture *x, const char *from, const char *to)
{
	char conf[8192] = "";
	FILE *f = fopen(x->path, "r+");
	char *at;

	assert_non_null(f);
	assert_true(fread(conf, 1, sizeof(conf) - 1, f) > 0);
	at = strstr(conf, from);
	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
	rewind(f);
	assert_true(fputs(conf, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline int settled(struct fixture *x, const char *says)
{
	char *note = NULL;
	int rc = gateway_settled(x->g, x->g->settling.begun, &note);

	if (says == NULL)
		assert_null(note);
	else
		assert_non_null(strstr(note, says));
	free(note);
	return rc;
}

static inline void rewrite(const struct fixture *x, const char *text)
{
	FILE *f = fopen(x->path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void reload(struct fixture *x)
{
	char *message = NULL;

	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
}

/* Nothing but commits is answered; the last of them. */
static inline struct abi_msg serve_but_commits(struct fixture *x, unsigned int seconds)
{
	struct abi_msg m, commit = {0};
	uint8_t slot[ABI_COMMAND_SLOT];

	for (unsigned int i = 0; i < 5 * seconds; i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1) {
			memcpy(&m, slot, sizeof(m));
			if (m.type == ABI_CMD_POLICY_COMMIT)
				commit = m;
			else
				fake_segment_reply(&x->f, &m, ABI_OK);
		}
	}
	return commit;
}

/* The first commit of what comes, with the commands before it answered. */
static inline struct abi_msg serve_to_commit(struct fixture *x)
{
	struct abi_msg m = {0};
	uint8_t slot[ABI_COMMAND_SLOT];

	for (unsigned int i = 0; i < 20 && m.type != ABI_CMD_POLICY_COMMIT; i++) {
		turn(x);
		while (m.type != ABI_CMD_POLICY_COMMIT && fake_segment_take(&x->f, slot) == 1) {
			memcpy(&m, slot, sizeof(m));
			if (m.type != ABI_CMD_POLICY_COMMIT)
				fake_segment_reply(&x->f, &m, ABI_OK);
		}
	}
	assert_int_equal(m.type, ABI_CMD_POLICY_COMMIT);
	return m;
}

static inline void answer(struct fixture *x, const struct abi_msg *m, uint16_t status)
{
	fake_segment_reply(&x->f, m, status);
	turn(x);
}

static inline void ignore(void *arg, int rc, const struct abi_ev_reply *reply)
{
	(void)arg;
	(void)rc;
	(void)reply;
}

/* As many commands as the queue takes. */
static inline void fill_queue(struct fixture *x)
{
	const struct abi_generation sync = {.msg.type = ABI_CMD_SYNC};

	while (dataplane_command(x->g->dp, &sync, sizeof(sync), ignore, NULL) == 0)
		;
}

#endif
