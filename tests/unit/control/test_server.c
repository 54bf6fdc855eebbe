/* SPDX-License-Identifier: BSD-3-Clause */
/* test_server.c - the console socket: frames, bounds, one owner, and clients that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/console/server.h"
#include "control/log.h"
#include "control/server.h"

struct fixture {
	struct event_base *base;
	struct server *s;
	char dir[32], path[64];
	unsigned int runs;
	char last[64];
	size_t answer_bytes;
	uint64_t ticket;
	int settled;
	char note[256]; /* of the last answer */
};

static void run(void *ctx, const char *const *args, size_t n_args, int json, unsigned int width,
		struct console_result *result)
{
	struct fixture *x = ctx;

	(void)json;
	(void)width;
	x->runs++;
	snprintf(x->last, sizeof(x->last), "%s", n_args != 0 ? args[0] : "");
	result->status = PROTOCOL_OK;
	result->text_len = x->answer_bytes;
	result->text = malloc(x->answer_bytes + 1);
	memset(result->text, 'a', x->answer_bytes);
	result->text[x->answer_bytes] = '\0';
	result->ticket = x->ticket;
}

static int settled(void *ctx, uint64_t ticket, char **note)
{
	struct fixture *x = ctx;

	assert_int_equal(ticket, 7);
	*note = x->settled == -ENOSPC ? strdup("refused\n") : NULL;
	return x->settled;
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	const char *why;

	strcpy(x->dir, "/tmp/espgw-test-XXXXXX");
	if (mkdtemp(x->dir) == NULL)
		return 1;
	snprintf(x->path, sizeof(x->path), "%s/c.sock", x->dir);
	x->answer_bytes = 5;
	x->base = event_base_new();
	x->s = server_new(x->base, x->path, run, x, &why);
	*state = x;
	return x->s == NULL;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	int rc;

	server_free(x->s);
	event_base_free(x->base);
	rc = rmdir(x->dir); /* nothing may be left in it */
	free(x);
	return rc;
}

static int dial(struct fixture *x)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", x->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Turn the loop until nothing is left to do. */
static void spin(struct fixture *x)
{
	for (unsigned int i = 0; i < 50; i++)
		event_base_loop(x->base, EVLOOP_NONBLOCK);
}

static void send_bytes(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static void send_request(int fd, const char *word)
{
	const char *const args[] = {word};
	size_t len;
	uint8_t *frame = protocol_make_request(args, 1, false, 80, &len);

	assert_non_null(frame);
	send_bytes(fd, frame, len);
	free(frame);
}

/* One whole response; status, or -1 when the connection ended without one. */
static int receive(struct fixture *x, int fd, size_t *text_len)
{
	size_t room = 4 << 20, have = 0;
	char *buf = malloc(room);
	struct protocol_response r = {0};
	int status = -1;

	for (unsigned int i = 0; i < 2000; i++) {
		ssize_t n = recv(fd, buf + have, room - have, 0);

		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
		if (have >= 4 && have >= 4 + protocol_frame_length((uint8_t *)buf)) {
			assert_int_equal(
				protocol_parse_response(buf + 4,
							protocol_frame_length((uint8_t *)buf), &r),
				0);
			status = r.status;
			if (text_len != NULL)
				*text_len = r.text_len;
			snprintf(x->note, sizeof(x->note), "%s", r.note != NULL ? r.note : "");
			protocol_free_response(&r);
			break;
		}
		spin(x);
	}
	free(buf);
	return status;
}

static bool is_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

static void the_socket_is_private(void **state)
{
	struct fixture *x = *state;
	struct stat st;

	assert_int_equal(stat(x->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void requests_are_answered_in_turn(void **state)
{
	struct fixture *x = *state;
	int fd = dial(x);
	size_t len;

	send_request(fd, "one");
	send_request(fd, "two");
	assert_int_equal(receive(x, fd, &len), PROTOCOL_OK);
	assert_int_equal(len, 5);
	spin(x);
	assert_int_equal(x->runs, 2);
	assert_string_equal(x->last, "two");
	close(fd);
	spin(x);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	struct fixture *x = *state;
	const char *const args[] = {"slow"};
	size_t len;
	uint8_t *frame = protocol_make_request(args, 1, false, 80, &len);
	int fd = dial(x);

	for (size_t i = 0; i < len; i++) {
		assert_int_equal(x->runs, 0);
		send_bytes(fd, frame + i, 1);
		spin(x);
	}
	free(frame);
	assert_int_equal(receive(x, fd, NULL), PROTOCOL_OK);
	assert_string_equal(x->last, "slow");
	close(fd);
}

static void a_large_answer_arrives_whole(void **state)
{
	struct fixture *x = *state;
	int fd = dial(x);
	size_t len = 0;

	x->answer_bytes = 3 << 20;
	send_request(fd, "big");
	assert_int_equal(receive(x, fd, &len), PROTOCOL_OK);
	assert_int_equal(len, 3 << 20);
	close(fd);
}

static void an_answer_beyond_its_bound_is_an_error(void **state)
{
	struct fixture *x = *state;
	int fd = dial(x);

	x->answer_bytes = PROTOCOL_MAX_RESPONSE + 1;
	send_request(fd, "huge");
	assert_int_equal(receive(x, fd, NULL), PROTOCOL_FAILED);
	close(fd);
}

static void a_frame_beyond_its_bound_ends_the_connection(void **state)
{
	const uint8_t header[4] = {0x7f, 0xff, 0xff, 0xff};
	struct fixture *x = *state;
	int fd = dial(x);

	send_bytes(fd, header, sizeof(header));
	assert_int_equal(receive(x, fd, NULL), PROTOCOL_USAGE);
	spin(x);
	assert_true(is_closed(fd));
	assert_int_equal(x->runs, 0);
	close(fd);
}

static void what_is_no_request_ends_the_connection(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "{\"args\":1}", "{\"args\":[1]}", "\xff"};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t header[4] = {0, 0, 0, (uint8_t)strlen(bad[i])};
		int fd = dial(x);

		send_bytes(fd, header, sizeof(header));
		send_bytes(fd, bad[i], strlen(bad[i]));
		assert_int_equal(receive(x, fd, NULL), PROTOCOL_USAGE);
		spin(x);
		assert_true(is_closed(fd));
		close(fd);
	}
	assert_int_equal(x->runs, 0);
}

static void a_client_may_leave_at_any_byte(void **state)
{
	struct fixture *x = *state;
	const char *const args[] = {"x"};
	size_t len;
	uint8_t *frame = protocol_make_request(args, 1, false, 80, &len);

	for (size_t cut = 0; cut < len; cut++) {
		int fd = dial(x);

		if (cut != 0)
			send_bytes(fd, frame, cut);
		spin(x);
		close(fd);
		spin(x);
	}
	free(frame);
	assert_int_equal(x->runs, 0);
}

static void too_many_clients_are_turned_away(void **state)
{
	struct fixture *x = *state;
	int fd[SERVER_MAX_CLIENTS + 1];

	for (unsigned int i = 0; i <= SERVER_MAX_CLIENTS; i++) {
		fd[i] = dial(x);
		spin(x);
	}
	assert_true(is_closed(fd[SERVER_MAX_CLIENTS]));
	close(fd[0]);
	spin(x);
	close(fd[SERVER_MAX_CLIENTS]);
	fd[0] = dial(x);
	send_request(fd[0], "again");
	assert_int_equal(receive(x, fd[0], NULL), PROTOCOL_OK);
	for (unsigned int i = 0; i < SERVER_MAX_CLIENTS; i++)
		close(fd[i]);
}

static void an_instance_has_one_owner(void **state)
{
	struct fixture *x = *state;
	const char *why;

	assert_null(server_new(x->base, x->path, run, x, &why));
	assert_int_equal(errno, EADDRINUSE);
	assert_string_equal(why, "lock");
	assert_int_equal(access(x->path, F_OK), 0); /* the owner's socket is still there */
}

static void a_stale_socket_is_replaced(void **state)
{
	struct fixture *x = *state;
	const char *why;
	int fd;

	server_free(x->s);
	fd = open(x->path, O_CREAT | O_WRONLY, 0600); /* left by one that was killed */
	assert_true(fd >= 0);
	close(fd);
	x->s = server_new(x->base, x->path, run, x, &why);
	assert_non_null(x->s);
	fd = dial(x);
	send_request(fd, "alive");
	assert_int_equal(receive(x, fd, NULL), PROTOCOL_OK);
	close(fd);
}

/* Nothing to read: the answer is still held. */
static bool waits(struct fixture *x, int fd)
{
	char c;

	spin(x);
	return recv(fd, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static void an_answer_waits_for_what_becomes_of_a_change(void **state)
{
	struct fixture *x = *state;
	int a = dial(x), b = dial(x), gone = dial(x);

	x->ticket = 7;
	x->settled = -EAGAIN;
	send_request(a, "set");
	send_request(a, "next");
	send_request(gone, "set");
	spin(x);
	x->ticket = 0;
	send_request(b, "print"); /* others are not held up */
	assert_int_equal(receive(x, b, NULL), PROTOCOL_OK);
	server_turn(x->s, 1000, settled);
	assert_true(waits(x, a));
	assert_int_equal(x->runs, 3); /* nor is the next request run */
	close(gone);
	spin(x);
	x->settled = -ENOSPC;
	server_turn(x->s, 2000, settled);
	assert_int_equal(receive(x, a, NULL), PROTOCOL_FAILED);
	assert_string_equal(x->note, "refused\n");
	spin(x);
	assert_int_equal(x->runs, 4);
	assert_string_equal(x->last, "next");
	/* not for ever */
	x->ticket = 7;
	x->settled = -EAGAIN;
	send_request(b, "set");
	spin(x);
	server_turn(x->s, 5000, settled);
	assert_true(waits(x, b));
	server_turn(x->s, 5000 + 3000000000ull, settled);
	assert_int_equal(receive(x, b, NULL), PROTOCOL_OK);
	assert_string_equal(x->note, "the data plane has not answered yet: see /log print\n");
	x->settled = 0;
	send_request(b, "set");
	spin(x);
	server_turn(x->s, 6000, settled);
	assert_int_equal(receive(x, b, NULL), PROTOCOL_OK);
	close(a);
	close(b);
	spin(x);
}

/* Nothing will be written, so nothing else would end the connection. */
static void a_held_answer_that_cannot_be_written_ends_the_connection(void **state)
{
	struct fixture *x = *state;
	int fd = dial(x);

	x->ticket = 7;
	x->settled = -ENOSPC; /* what is too long is said of what went well */
	x->answer_bytes = PROTOCOL_MAX_RESPONSE + 1;
	send_request(fd, "set");
	spin(x);
	assert_int_equal(x->runs, 1);
	server_turn(x->s, 1000, settled);
	spin(x);
	assert_true(is_closed(fd));
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_socket_is_private),
		T(requests_are_answered_in_turn),
		T(a_request_may_come_byte_by_byte),
		T(a_large_answer_arrives_whole),
		T(an_answer_beyond_its_bound_is_an_error),
		T(a_frame_beyond_its_bound_ends_the_connection),
		T(what_is_no_request_ends_the_connection),
		T(a_client_may_leave_at_any_byte),
		T(too_many_clients_are_turned_away),
		T(an_instance_has_one_owner),
		T(a_stale_socket_is_replaced),
		T(an_answer_waits_for_what_becomes_of_a_change),
		T(a_held_answer_that_cannot_be_written_ends_the_connection),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
