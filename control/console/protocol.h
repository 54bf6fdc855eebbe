/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * protocol.h - what espgw and espgw-control say to each other over the UNIX socket.
 *
 * A client connects, sends one request, gets one response, and may send the next. Each of them is a
 * frame: four bytes of length, most significant first, and that many bytes of JSON:
 *
 *   request   {"args": ["ip", "ipsec", "peer", "print"], "json": false, "width": 80}
 *   response  {"status": 0, "text": "...", "note": "..."}
 *
 * status is the client's exit code (but for PROTOCOL_AGAIN, on which it asks again), text goes to
 * its standard output and note to its standard error. A frame longer than its bound ends the
 * connection.
 */
#ifndef ESPGW_CONSOLE_PROTOCOL_H
#define ESPGW_CONSOLE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_SOCKET_DIR    "/run/espgw"
#define PROTOCOL_HEADER	       4u
#define PROTOCOL_MAX_REQUEST   (64u << 10)
#define PROTOCOL_MAX_RESPONSE  (64u << 20)
#define PROTOCOL_MAX_ARGS      256u
#define PROTOCOL_DEFAULT_WIDTH 80u
#define PROTOCOL_MAX_WIDTH     1000u
#define PROTOCOL_MAX_INSTANCE  31u /* as in the data plane */

enum protocol_status {
	PROTOCOL_OK = 0,
	PROTOCOL_FAILED = 1, /* the command was understood and could not be done */
	PROTOCOL_USAGE = 2,  /* the command was not understood */
	PROTOCOL_AGAIN = 4,  /* it takes some time: the same request again, a little later, gets the
				answer */
};

struct protocol_request {
	char **args; /* n of them, and a NULL; owned */
	size_t n_args;
	bool json;
	unsigned int width;
};

/** "/run/espgw/<instance>.sock". An instance is 1..31 of a-z A-Z 0-9 - _. 0, -EINVAL or
 * -ENAMETOOLONG. */
int protocol_socket_path(char *path, size_t size, const char *instance);

/** Length that the four bytes of a header announce. */
uint32_t protocol_frame_length(const uint8_t header[PROTOCOL_HEADER]);

/** A request's JSON, without header. 0, or -EBADMSG and *why says what is wrong. */
int protocol_parse_request(const char *json, size_t len, struct protocol_request *req,
			   const char **why);
void protocol_free_request(struct protocol_request *req);

/** Whole frames, header included; malloc()ed, NULL + errno (EMSGSIZE: longer than its bound). */
uint8_t *protocol_make_request(const char *const *args, size_t n_args, bool json,
			       unsigned int width, size_t *len);
uint8_t *protocol_make_response(enum protocol_status status, const char *text, size_t text_len,
				const char *note, size_t *len);

struct protocol_response {
	int status;
	char *text; /* owned */
	size_t text_len;
	char *note; /* owned, may be NULL */
};

/** A response's JSON, without header. 0, -EBADMSG or -ENOMEM. */
int protocol_parse_response(const char *json, size_t len, struct protocol_response *resp);
void protocol_free_response(struct protocol_response *resp);

#endif
