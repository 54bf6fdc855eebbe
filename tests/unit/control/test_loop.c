/* SPDX-License-Identifier: BSD-3-Clause */
/* test_loop.c - the loop with a client at its socket: a change of the operator's, what the data
 * plane says of it, and what the operator is told. The client and the data plane are another
 * process, which ends the loop when it has its answer. */
#include "gateway_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control/console/protocol.h"
#include "control/loop.h"

#define PATIENCE_S 60 /* for a machine that has other things to do; then the test is killed */

/* What the client was told. */
struct told {
	int status;
	char note[512];
};

struct client {
	struct fake_segment *f;
	const char *path;
	int fd;		   /* -1: not connected yet */
	bool in_force;	   /* the first configuration */
	uint16_t verdict;  /* on those after it */
	char buf[1 << 16]; /* of the answer, so far */
	size_t have;
};

static void play_dataplane(struct client *c)
{
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	fake_segment_beat(c->f, gateway_clock());
	while (fake_segment_take(c->f, slot) == 1) {
		bool judged;

		memcpy(&m, slot, sizeof(m));
		judged = m.type == ABI_CMD_POLICY_COMMIT && c->in_force;
		fake_segment_reply(c->f, &m, judged ? c->verdict : ABI_OK);
		c->in_force |= m.type == ABI_CMD_NET_COMMIT;
		if (judged)
			c->verdict = ABI_OK; /* what is put back is taken */
	}
}

static bool dial(struct client *c)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", c->path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return true;
	close(c->fd);
	c->fd = -1;
	return false;
}

static void request(struct client *c, const char *line)
{
	size_t len;
	uint8_t *frame = protocol_make_request(&line, 1, false, 80, &len);

	if (frame == NULL || send(c->fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len)
		_exit(1);
	free(frame);
}

/* True when all of the answer is there. */
static bool receive(struct client *c, struct told *told)
{
	struct protocol_response r = {0};
	ssize_t n = recv(c->fd, c->buf + c->have, sizeof(c->buf) - c->have, MSG_DONTWAIT);
	size_t len;

	if (n == 0)
		_exit(1);
	c->have += n > 0 ? (size_t)n : 0;
	if (c->have < PROTOCOL_HEADER)
		return false;
	len = protocol_frame_length((uint8_t *)c->buf);
	if (c->have < PROTOCOL_HEADER + len)
		return false;
	if (protocol_parse_response(c->buf + PROTOCOL_HEADER, len, &r) != 0)
		_exit(1);
	told->status = r.status;
	snprintf(told->note, sizeof(told->note), "%s", r.note != NULL ? r.note : "");
	protocol_free_response(&r);
	return true;
}

/* The other process, until it is killed. */
static _Noreturn void play(struct client *c, const char *line, int out)
{
	struct told told = {0};
	bool asked = false, answered = false;

	for (;;) {
		struct pollfd p = {.fd = c->fd, .events = answered ? 0 : POLLIN};

		play_dataplane(c);
		if (!asked && c->in_force && dial(c)) {
			request(c, line);
			asked = true;
		}
		if (asked && !answered && receive(c, &told)) {
			answered = true;
			if (write(out, &told, sizeof(told)) != sizeof(told))
				_exit(1);
			kill(getppid(), SIGTERM);
		}
		(void)poll(&p, 1, 1);
	}
}

/* Runs the loop until a command was answered. */
static struct told run(struct fixture *x, const char *line, uint16_t verdict)
{
	static struct client c;
	struct told told;
	char path[80];
	int pipes[2];
	pid_t child;

	snprintf(path, sizeof(path), "%s.sock", x->path);
	c = (struct client){.f = &x->f, .path = path, .fd = -1, .verdict = verdict};
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		play(&c, line, pipes[1]);
	close(pipes[1]);
	alarm(PATIENCE_S);
	assert_int_equal(loop_run(x->g, path), 0);
	alarm(0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(read(pipes[0], &told, sizeof(told)), sizeof(told));
	close(pipes[0]);
	return told;
}

#define ADD "/ip ipsec policy add action=discard src-address=192.168.1.0/24 dst-address=10.0.0.0/8"

static bool file_has(const struct fixture *x, const char *text)
{
	static char buf[8192];
	FILE *f = fopen(x->path, "r");
	size_t n = f != NULL ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	buf[n] = '\0';
	return strstr(buf, text) != NULL;
}

static void who_changed_something_is_told_that_it_is_refused(void **state)
{
	struct fixture *x = *state;
	struct told told = run(x, ADD, ABI_ERR_NO_SPACE);

	assert_int_equal(told.status, PROTOCOL_FAILED);
	assert_non_null(strstr(told.note, "the data plane refused it: it has no room for that"));
	assert_non_null(strstr(told.note, "the file is as it was before"));
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	assert_false(file_has(x, "discard"));
}

static void who_changed_something_waits_until_it_is_in_force(void **state)
{
	struct fixture *x = *state;
	struct told told = run(x, ADD, ABI_OK);

	assert_int_equal(told.status, PROTOCOL_OK);
	assert_string_equal(told.note, "");
	assert_int_equal(x->g->setup.plan->n_policies, 2);
	assert_true(file_has(x, "discard"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_changed_something_is_told_that_it_is_refused),
		T(who_changed_something_waits_until_it_is_in_force),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
