/* SPDX-License-Identifier: BSD-3-Clause */
/* read.c - which kind of file it is, and what all readers need; see cloud.h. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cloud/cloud_priv.h"
#include "control/model/addr.h"

#define MAX_VALUE 64 /* bytes of a foreign value that a message shows */

void cloud_fail(struct cloud_reader *r, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (char *p = line; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	text_puts(r->why, line);
}

const char *cloud_string(struct cloud_reader *r, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (v == NULL || json_is_null(v))
		return "";
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v)) {
		cloud_fail(r, "%s: not a text", key);
		return "";
	}
	return json_string_value(v);
}

uint64_t cloud_number(struct cloud_reader *r, json_t *o, const char *key, uint64_t preset)
{
	json_t *v = json_object_get(o, key);
	char *end;
	unsigned long long n;

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return (uint64_t)json_integer_value(v);
	if (v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0))
		return preset;
	if (json_is_string(v) && isdigit((unsigned char)*json_string_value(v))) {
		errno = 0;
		n = strtoull(json_string_value(v), &end, 10);
		if (errno == 0 && *end == '\0' && n <= INT64_MAX)
			return n;
	}
	cloud_fail(r, "%s: not a number", key);
	return preset;
}

bool cloud_flag(struct cloud_reader *r, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (json_is_boolean(v))
		return json_is_true(v);
	if (json_is_integer(v))
		return json_integer_value(v) > 0; /* Tencent's -1: not set */
	return strcasecmp(cloud_string(r, o, key), "true") == 0;
}

void cloud_copy(struct cloud_reader *r, char *to, const char *key, const char *from)
{
	size_t len = strlen(from);

	if (len >= CLOUD_TEXT) {
		cloud_fail(r, "%s: longer than %d bytes", key, CLOUD_TEXT - 1);
		return;
	}
	memcpy(to, from, len + 1);
}

void cloud_address(struct cloud_reader *r, struct abi_addr *to, const char *key, const char *from)
{
	if (addr_parse(from, to) != 0 || !addr_is_host(to))
		cloud_fail(r, "%s: \"%.*s\" is not the address of a gateway", key, MAX_VALUE, from);
}

int cloud_net_parse(const char *text, size_t len, struct cloud_net *net)
{
	char buf[ADDR_MAX_TEXT + 4], *slash, *end;
	unsigned long n;

	if (len == 0 || len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	slash = strchr(buf, '/');
	if (slash != NULL)
		*slash = '\0';
	if (addr_parse(buf, &net->addr) != 0)
		return -EINVAL;
	n = addr_bits(&net->addr);
	if (slash != NULL) {
		if (!isdigit((unsigned char)slash[1]))
			return -EINVAL;
		n = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || n > addr_bits(&net->addr))
			return -EINVAL;
	}
	net->len = (uint8_t)n;
	net->addr = addr_first(&net->addr, net->len);
	return 0;
}

size_t cloud_nets(struct cloud_reader *r, const char *key, const char *from, struct cloud_net *to,
		  size_t cap)
{
	size_t n = 0;

	while (*from != '\0') {
		size_t len = strcspn(from, ","), lead = strspn(from, " ");

		if (n == cap) {
			cloud_fail(r, "%s: more than %zu networks", key, cap);
			break;
		}
		if (lead >= len || cloud_net_parse(from + lead, len - lead, &to[n]) != 0) {
			cloud_fail(r, "%s: \"%.*s\" is not a network", key,
				   (int)(len < MAX_VALUE ? len : MAX_VALUE), from);
			break;
		}
		n++;
		from += len + (from[len] == ',');
	}
	if (n == 0)
		cloud_fail(r, "%s: no network", key);
	return n;
}

static bool same_net(const struct cloud_net *a, const struct cloud_net *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

void cloud_add_pair(struct cloud_reader *r, const struct cloud_net *local,
		    const struct cloud_net *remote)
{
	const struct cloud_pair pair = {{*local, *remote}};
	struct cloud_config *c = r->c;

	for (size_t i = 0; i < c->n_pairs; i++)
		if (same_net(&c->pair[i].net[0], local) && same_net(&c->pair[i].net[1], remote))
			return; /* said twice */
	if (c->n_pairs == CLOUD_MAX_PAIRS)
		cloud_fail(r, "more than %d pairs of networks", CLOUD_MAX_PAIRS);
	else if (local->addr.family != remote->addr.family)
		cloud_fail(r, "networks of both families in one pair");
	else
		c->pair[c->n_pairs++] = pair;
}

/* The kinds of files. */
static void read_json(struct cloud_reader *r, json_t *root)
{
	json_t *response = json_object_get(root, "Response"), *o;

	if (response == NULL)
		response = root;
	if ((o = json_object_get(response, "VpnConnectionConfig")) != NULL)
		cloud_read_alibaba(r, o);
	else if ((o = json_object_get(response, "VpnConnectionSet")) != NULL)
		cloud_read_tencent(r, o);
	else if (json_object_get(response, "CustomerGatewayConfiguration") != NULL)
		cloud_read_comware(r, cloud_string(r, response, "CustomerGatewayConfiguration"));
	else
		cloud_fail(r, "JSON, but none of Alibaba's VpnConnectionConfig, Tencent's "
			      "VpnConnectionSet and CustomerGatewayConfiguration is in it");
}

/* Jansson's messages end with what stands there, which may be a key. */
static void fail_syntax(struct cloud_reader *r, const json_error_t *error)
{
	const char *near = strstr(error->text, " near '");
	size_t len = near != NULL ? (size_t)(near - error->text) : strlen(error->text);

	cloud_fail(r, "line %d, column %d: not JSON: %.*s", error->line, error->column, (int)len,
		   error->text);
}

static const char *first_of(const char *data, size_t len)
{
	size_t i = 0;

	while (i < len && isspace((unsigned char)data[i]))
		i++;
	return data + i;
}

int cloud_read(const char *data, size_t len, const struct cloud_request *req,
	       struct cloud_config *c, struct text *why)
{
	struct cloud_reader r = {.c = c, .req = req, .why = why};
	const char *first = first_of(data, len);
	json_error_t error;
	json_t *root;

	memset(c, 0, sizeof(*c));
	if (len > CLOUD_MAX_INPUT) {
		cloud_fail(&r, "longer than %u bytes", CLOUD_MAX_INPUT);
	} else if (first < data + len && *first == '{') {
		root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
		if (root == NULL)
			fail_syntax(&r, &error);
		else
			read_json(&r, root);
		json_decref(root);
	} else if (memchr(data, '\0', len) != NULL) {
		cloud_fail(&r, "neither JSON nor text");
	} else {
		char *copy = strndup(data, len);

		if (copy == NULL)
			cloud_fail(&r, "out of memory");
		else
			cloud_read_comware(&r, copy);
		if (copy != NULL)
			explicit_bzero(copy, len);
		free(copy);
	}
	return r.failed ? -EINVAL : 0;
}

void cloud_wipe(struct cloud_config *c)
{
	explicit_bzero(c, sizeof(*c));
}
