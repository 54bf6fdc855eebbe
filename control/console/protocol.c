/* SPDX-License-Identifier: BSD-3-Clause */
/* protocol.c - frames and JSON of the console's socket. */
#include "control/console/protocol.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/wipe.h"
#include "control/model/value_print.h"

int protocol_socket_path(char *path, size_t size, const char *instance)
{
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_";
	size_t len = strlen(instance);
	int n;

	if (len == 0 || len > PROTOCOL_MAX_INSTANCE || instance[strspn(instance, accepted)])
		return -EINVAL;
	n = snprintf(path, size, "%s/%s.sock", PROTOCOL_SOCKET_DIR, instance);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

uint32_t protocol_frame_length(const uint8_t header[PROTOCOL_HEADER])
{
	return (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
	       header[3];
}

static int take_args(json_t *list, struct protocol_request *req, const char **why)
{
	size_t n = json_array_size(list);

	*why = "\"args\" must be an array of at most 256 texts";
	if (!json_is_array(list) || n > PROTOCOL_MAX_ARGS)
		return -EBADMSG;
	req->args = calloc(n + 1, sizeof(*req->args));
	if (!req->args)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (!s)
			return -EBADMSG;
		req->args[req->n_args] = strdup(s);
		if (!req->args[req->n_args])
			return -ENOMEM;
		req->n_args++;
	}
	return 0;
}

int protocol_parse_request(const char *json, size_t len, struct protocol_request *req,
			   const char **why)
{
	json_t *root, *item;
	int rc = -EBADMSG;

	*req = (struct protocol_request){.width = PROTOCOL_DEFAULT_WIDTH};
	*why = "not a JSON object";
	root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root))
		goto out;
	rc = take_args(json_object_get(root, "args"), req, why);
	item = json_object_get(root, "json");
	req->json = json_is_true(item);
	item = json_object_get(root, "width");
	if (json_is_integer(item) && json_integer_value(item) > 0 &&
	    json_integer_value(item) <= PROTOCOL_MAX_WIDTH)
		req->width = (unsigned int)json_integer_value(item);
out:
	json_decref(root);
	if (rc)
		protocol_free_request(req);
	return rc;
}

void protocol_free_request(struct protocol_request *req)
{
	for (size_t i = 0; i < req->n_args; i++) { /* secrets are set in them */
		explicit_bzero(req->args[i], strlen(req->args[i]));
		free(req->args[i]);
	}
	free(req->args);
	*req = (struct protocol_request){0};
}

/* A frame around what root prints as; takes root. */
static uint8_t *frame(json_t *root, size_t max, size_t *len)
{
	char *json = root ? json_dumps(root, JSON_COMPACT) : NULL;
	size_t n = json ? strlen(json) : 0;
	uint8_t *buf = NULL;

	json_decref(root);
	errno = json ? EMSGSIZE : ENOMEM;
	if (json && n <= max)
		buf = malloc(PROTOCOL_HEADER + n);
	if (buf) {
		buf[0] = (uint8_t)(n >> 24);
		buf[1] = (uint8_t)(n >> 16);
		buf[2] = (uint8_t)(n >> 8);
		buf[3] = (uint8_t)n;
		memcpy(buf + PROTOCOL_HEADER, json, n);
		*len = PROTOCOL_HEADER + n;
	}
	wipe_free(json);
	return buf;
}

uint8_t *protocol_make_request(const char *const *args, size_t n_args, bool json,
			       unsigned int width, size_t *len)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n_args; i++)
		if (json_array_append_new(list, json_string(args[i]))) {
			json_decref(list); /* not UTF-8 */
			errno = EILSEQ;
			return NULL;
		}
	return frame(json_pack("{s:o, s:b, s:i}", "args", list, "json", json, "width", (int)width),
		     PROTOCOL_MAX_REQUEST, len);
}

/* A text that quotes what is not UTF-8, as in exports of RouterOS in another character set, has it
 * as \XX: the answer has to come. */
static json_t *json_text(const char *s, size_t len)
{
	json_t *whole = json_stringn(s, len);
	struct text out = {.limit = PROTOCOL_MAX_RESPONSE};

	for (size_t n; !whole && len; s += n, len -= n) {
		n = strcspn(s, "\n") < len ? strcspn(s, "\n") : len;
		value_print_text(s, n, &out);
		if (n < len) {
			text_puts(&out, "\n");
			n++;
		}
	}
	if (!whole && !out.failed)
		whole = json_stringn(out.s ? out.s : "", out.len);
	text_free(&out);
	return whole;
}

uint8_t *protocol_make_response(enum protocol_status status, const char *text, size_t text_len,
				const char *note, size_t *len)
{
	json_t *root = json_pack("{s:i}", "status", (int)status);

	if (text_len > PROTOCOL_MAX_RESPONSE) {
		json_decref(root);
		errno = EMSGSIZE;
		return NULL;
	}
	if (json_object_set_new(root, "text", json_text(text ? text : "", text ? text_len : 0)) ||
	    (note && json_object_set_new(root, "note", json_text(note, strlen(note))))) {
		json_decref(root);
		errno = EILSEQ;
		return NULL;
	}
	return frame(root, PROTOCOL_MAX_RESPONSE, len);
}

int protocol_parse_response(const char *json, size_t len, struct protocol_response *resp)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *status = json_object_get(root, "status"), *text = json_object_get(root, "text");
	const char *note = json_string_value(json_object_get(root, "note"));
	int rc = -EBADMSG;

	*resp = (struct protocol_response){0};
	if (!json_is_integer(status) || !json_is_string(text))
		goto out;
	rc = -ENOMEM;
	resp->status = (int)(json_integer_value(status) & 0x7f);
	resp->text_len = json_string_length(text);
	resp->text = malloc(resp->text_len + 1);
	resp->note = note ? strdup(note) : NULL;
	if (!resp->text || (note && !resp->note)) {
		protocol_free_response(resp);
		goto out;
	}
	memcpy(resp->text, json_string_value(text), resp->text_len + 1);
	rc = 0;
out:
	json_decref(root);
	return rc;
}

void protocol_free_response(struct protocol_response *resp)
{
	if (resp->text)
		explicit_bzero(resp->text, resp->text_len);
	free(resp->text);
	free(resp->note);
	*resp = (struct protocol_response){0};
}
