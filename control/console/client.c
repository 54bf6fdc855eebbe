/* SPDX-License-Identifier: BSD-3-Clause */
/* client.c - the client's side of the console's socket. */
#include "control/console/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/console/protocol.h"
#include "control/console/wipe.h"

#define ANSWER_TIMEOUT 30 /* seconds */
#define AGAIN_TIMES    84 /* what takes time is asked for again, soon at first: */
#define AGAIN_SOON     4
#define AGAIN_SOON_NS  10000000L
#define AGAIN_NS       250000000L

/* Which instances have a socket here. */
static void list_instances(void)
{
	const char *sep = "; there are: ";
	struct dirent *e;
	DIR *d = opendir(PROTOCOL_SOCKET_DIR);

	while (d && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len <= 5 || strcmp(e->d_name + len - 5, ".sock") != 0)
			continue;
		fprintf(stderr, "%s%.*s", sep, (int)(len - 5), e->d_name);
		sep = ", ";
	}
	if (d)
		closedir(d);
}

static void no_connection(const char *path, int error)
{
	fprintf(stderr, "espgw: %s: %s", path, strerror(error));
	if (error == ENOENT)
		fputs("; espgw-control of this instance does not run", stderr);
	else if (error == ECONNREFUSED)
		fputs("; espgw-control of this instance was killed", stderr);
	else if (error == EACCES)
		fputs("; only root and the user of espgw-control may ask it", stderr);
	if (error == ENOENT)
		list_instances();
	fputs("\n", stderr);
}

int client_connect(const char *instance)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval tv = {.tv_sec = ANSWER_TIMEOUT};
	int fd;

	if (protocol_socket_path(sa.sun_path, sizeof(sa.sun_path), instance)) {
		fprintf(stderr,
			"espgw: \"%s\" is not an instance: 1 to %u letters, digits, - and _\n",
			instance, PROTOCOL_MAX_INSTANCE);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		no_connection(sa.sun_path, errno);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return fd;
}

static int write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_all(int fd, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ECONNRESET;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static unsigned int terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20)
		return ws.ws_col < PROTOCOL_MAX_WIDTH ? ws.ws_col : PROTOCOL_MAX_WIDTH;
	return PROTOCOL_DEFAULT_WIDTH;
}

/* One answer, printed; last: there is no asking again. */
static int receive(int fd, bool last, FILE *out, FILE *notes)
{
	uint8_t header[PROTOCOL_HEADER];
	struct protocol_response resp;
	char *json = NULL;
	uint32_t len;
	int rc = CLIENT_UNREACHABLE;

	if (read_all(fd, header, sizeof(header)))
		goto fail;
	len = protocol_frame_length(header);
	errno = EMSGSIZE;
	if (len > PROTOCOL_MAX_RESPONSE)
		goto fail;
	json = malloc((size_t)len + 1);
	if (!json || read_all(fd, json, len))
		goto fail;
	errno = EBADMSG;
	if (protocol_parse_response(json, len, &resp))
		goto fail;
	rc = resp.status;
	if (rc != PROTOCOL_AGAIN || last) {
		if ((fwrite(resp.text, 1, resp.text_len, out) != resp.text_len || fflush(out)) &&
		    out == stdout) {
			fprintf(stderr, "espgw: standard output: %s\n", strerror(errno));
			rc = rc ? rc : PROTOCOL_FAILED;
		}
		if (resp.note)
			fputs(resp.note, notes);
	}
	protocol_free_response(&resp);
	wipe_free(json);
	return rc;
fail:
	fprintf(stderr, "espgw: no answer from espgw-control: %s\n",
		errno == EAGAIN ? "it does not react" : strerror(errno));
	wipe_free(json);
	return rc;
}

int client_run(int fd, const char *const *args, size_t n_args, bool json)
{
	return client_run_to(fd, args, n_args, json, stdout, stderr);
}

int client_run_to(int fd, const char *const *args, size_t n_args, bool json, FILE *out, FILE *notes)
{
	size_t len;
	uint8_t *frame = protocol_make_request(args, n_args, json, terminal_width(), &len);
	int rc;

	if (!frame) {
		fprintf(stderr, "espgw: the command cannot be sent: %s\n", strerror(errno));
		return PROTOCOL_USAGE;
	}
	for (unsigned int i = 1; i <= AGAIN_TIMES; i++) {
		rc = write_all(fd, frame, len);
		if (rc) {
			fprintf(stderr, "espgw: espgw-control hung up: %s\n", strerror(errno));
			rc = CLIENT_UNREACHABLE;
			break;
		}
		rc = receive(fd, i == AGAIN_TIMES, out, notes);
		if (rc != PROTOCOL_AGAIN)
			break;
		nanosleep(&(struct timespec){.tv_nsec = i <= AGAIN_SOON ? AGAIN_SOON_NS : AGAIN_NS},
			  NULL);
	}
	wipe_free(frame);
	return rc == PROTOCOL_AGAIN ? PROTOCOL_FAILED : rc;
}
