/* SPDX-License-Identifier: BSD-3-Clause */
/* server.c - accept, check who it is, take a frame, run it, send the answer. */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "control/console/server.h"
#include "control/console/wipe.h"
#include "control/log.h"

#define BACKLOG		16
#define WRITE_TIMEOUT_S 30
#define LOCK_TRIES	8u
#define SETTLE_NS	3000000000ull /* for the data plane's word on a change */

struct client {
	LIST_ENTRY(client) link;
	struct console_result held; /* ticket != 0: until its change has ended */
	uint64_t due;		    /* but not beyond this; 0: not known yet */
	struct server *server;
	struct bufferevent *bev;
	bool closing; /* after the answer */
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	server_run_fn *run;
	void *ctx;
	int lock_fd;
	unsigned int n_clients;
	char path[108];
	char lock_path[116];
	LIST_HEAD(, client) clients;
};

static void drop(struct client *c)
{
	LIST_REMOVE(c, link);
	console_result_free(&c->held);
	c->server->n_clients--;
	bufferevent_free(c->bev);
	free(c);
}

/* Answers may hold keys. */
static void wipe_frame(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	wipe_free(arg);
}

static void answer(struct client *c, int status, const char *text, size_t len, const char *note)
{
	size_t n;
	uint8_t *frame = protocol_make_response((enum protocol_status)status, text, len, note, &n);

	if (frame == NULL && status == PROTOCOL_OK)
		frame = protocol_make_response(PROTOCOL_FAILED, "", 0, "the answer is too long\n",
					       &n);
	if (frame == NULL || evbuffer_add_reference(bufferevent_get_output(c->bev), frame, n,
						    wipe_frame, frame) != 0) {
		wipe_free(frame);
		c->closing = true;
	}
}

static void answer_result(struct client *c, const struct console_result *r)
{
	answer(c, (int)r->status, r->text != NULL ? r->text : "", r->text_len, r->note);
}

static void execute(struct client *c, const char *json, size_t len)
{
	struct console_result result = {0};
	struct protocol_request req;
	const char *why;

	if (protocol_parse_request(json, len, &req, &why) != 0) {
		answer(c, PROTOCOL_USAGE, "", 0, why);
		c->closing = true;
		return;
	}
	c->server->run(c->server->ctx, (const char *const *)req.args, req.n_args, req.json,
		       req.width, &result);
	protocol_free_request(&req);
	if (result.ticket != 0) {
		c->held = result;
		c->due = 0;
		return;
	}
	answer_result(c, &result);
	console_result_free(&result);
}

/* One whole frame, if there is one. False when more bytes are needed or the client is done. */
static bool take_frame(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	uint8_t header[PROTOCOL_HEADER];
	uint32_t len;
	char *json;

	if (c->closing || c->held.ticket != 0 ||
	    evbuffer_copyout(in, header, sizeof(header)) < (ssize_t)sizeof(header))
		return false;
	len = protocol_frame_length(header);
	if (len > PROTOCOL_MAX_REQUEST) {
		answer(c, PROTOCOL_USAGE, "", 0, "the request is too long\n");
		c->closing = true;
		return false;
	}
	if (evbuffer_get_length(in) < sizeof(header) + len)
		return false;
	evbuffer_drain(in, sizeof(header));
	json = malloc(len + 1);
	if (json == NULL) {
		c->closing = true;
		return false;
	}
	evbuffer_remove(in, json, len);
	json[len] = '\0';
	execute(c, json, len);
	wipe_free(json);
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	/* one answer at a time: the next request waits until this one is written */
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		(void)take_frame(c);
	if (c->closing && evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		drop(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (evbuffer_get_length(bufferevent_get_output(bev)) != 0)
		return;
	if (c->closing)
		drop(c);
	else
		on_read(bev, c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what; /* end, error or a client that does not read: all the same */
	drop(arg);
}

static void add_note(struct console_result *r, const char *note)
{
	char *both = NULL;

	if (asprintf(&both, "%s%s", r->note != NULL ? r->note : "", note) < 0)
		return;
	free(r->note);
	r->note = both;
}

void server_turn(struct server *s, uint64_t now, server_settled_fn *settled)
{
	struct client *c, *next;

	for (c = LIST_FIRST(&s->clients); c != NULL; c = next) {
		char *note = NULL;
		int rc;

		next = LIST_NEXT(c, link);
		if (c->held.ticket == 0)
			continue;
		if (c->due == 0)
			c->due = now + SETTLE_NS;
		rc = settled(s->ctx, c->held.ticket, &note);
		if (rc == -EAGAIN && now < c->due)
			continue;
		if (rc == -EAGAIN)
			add_note(&c->held, "the data plane has not answered yet: see /log print\n");
		else if (rc != 0)
			c->held.status = PROTOCOL_FAILED;
		if (note != NULL)
			add_note(&c->held, note);
		free(note);
		answer_result(c, &c->held);
		console_result_free(&c->held);
		if (c->closing) /* there was no memory for it, so nothing will be written */
			drop(c);
	}
}

static bool may_talk(evutil_socket_t fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || len != sizeof(who))
		return false;
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	log_warn(&log_system, "console: refused uid %u (pid %d)", (unsigned int)who.uid,
		 (int)who.pid);
	return false;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len,
		      void *arg)
{
	const struct timeval write_timeout = {.tv_sec = WRITE_TIMEOUT_S};
	struct server *s = arg;
	struct client *c;

	(void)l;
	(void)sa;
	(void)len;
	if (s->n_clients >= SERVER_MAX_CLIENTS || !may_talk(fd)) {
		close(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c != NULL)
		c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c == NULL || c->bev == NULL) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	LIST_INSERT_HEAD(&s->clients, c, link);
	s->n_clients++;
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, PROTOCOL_HEADER + PROTOCOL_MAX_REQUEST);
	bufferevent_set_timeouts(c->bev, NULL, &write_timeout);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Its holder removes the file at the end, so a lock on one that has lost its name meanwhile is
 * worth nothing: try again. */
static int take_lock(struct server *s)
{
	snprintf(s->lock_path, sizeof(s->lock_path), "%s.lock", s->path);
	for (unsigned int i = 0; i < LOCK_TRIES; i++) {
		struct stat held, named;
		bool busy;

		s->lock_fd = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (s->lock_fd < 0)
			return -errno;
		busy = flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0;
		if (!busy && fstat(s->lock_fd, &held) == 0 && stat(s->lock_path, &named) == 0 &&
		    held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return 0;
		close(s->lock_fd);
		s->lock_fd = -1;
		if (busy)
			break;
	}
	return -EADDRINUSE;
}

/* We hold the lock, so a socket that lies there belongs to nobody. */
static int listen_at(struct server *s)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask = umask(0177);
	int fd, rc = 0;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", s->path);
	unlink(s->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		rc = -errno;
	umask(mask);
	if (rc == 0)
		s->listener = evconnlistener_new(s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE,
						 BACKLOG, fd);
	if (s->listener == NULL && fd >= 0)
		close(fd);
	return s->listener != NULL ? 0 : rc != 0 ? rc : -ENOMEM;
}

int server_make_dir(const char *path)
{
	char dir[108];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return 0;
	*slash = '\0';
	return mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

struct server *server_new(struct event_base *base, const char *path, server_run_fn *run, void *ctx,
			  const char **why)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	*why = "memory";
	if (s == NULL)
		return NULL;
	s->base = base;
	s->run = run;
	s->ctx = ctx;
	s->lock_fd = -1;
	LIST_INIT(&s->clients);
	*why = "path";
	rc = -ENAMETOOLONG;
	if (strlen(path) >= sizeof(s->path))
		goto fail;
	strcpy(s->path, path);
	*why = "directory";
	rc = server_make_dir(path);
	if (rc != 0)
		goto fail;
	*why = "lock";
	rc = take_lock(s);
	if (rc != 0)
		goto fail;
	*why = "listen";
	rc = listen_at(s);
	if (rc != 0)
		goto fail;
	return s;
fail:
	if (s->lock_fd >= 0) {
		unlink(s->lock_path);
		close(s->lock_fd);
	}
	free(s);
	errno = -rc;
	return NULL;
}

void server_free(struct server *s)
{
	struct client *c;

	if (s == NULL)
		return;
	while ((c = LIST_FIRST(&s->clients)) != NULL)
		drop(c);
	unlink(s->path);
	evconnlistener_free(s->listener);
	unlink(s->lock_path);
	close(s->lock_fd);
	free(s);
}
