/* SPDX-License-Identifier: BSD-3-Clause */
/* config.c - reads the interface list and the dataplane group; see config.h. */
#include "dataplane/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libconfig.h>

#include "dataplane/eal.h"
#include "dataplane/net/vlan.h"

struct reader {
	const char *path;
	struct stat st; /* its */
	char *err;
	size_t err_len;
	bool failed;
};

struct key {
	const char *name;
	bool (*read)(struct reader *r, const config_setting_t *s, const struct key *k, void *dst);
	size_t offset; /* in the struct that is filled */
	long min;
	long max;
	bool required;
};

/* Keeps the first error only. Always false, for "return fail(...)". */
static bool fail(struct reader *r, const config_setting_t *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct reader *r, const config_setting_t *s, const char *fmt, ...)
{
	const char *file = s ? config_setting_source_file(s) : NULL;
	char text[512];
	va_list ap;

	if (r->failed)
		return false;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (s)
		snprintf(r->err, r->err_len, "%s:%u: %s", file ? file : r->path,
			 (unsigned int)config_setting_source_line(s), text);
	else
		snprintf(r->err, r->err_len, "%s: %s", r->path, text);
	return false;
}

/* --- one reader per type of value --- */

static bool read_number(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	int type = config_setting_type(s);
	long long v = config_setting_get_int64(s);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return fail(r, s, "%s is not a number; accepted: %ld..%ld", k->name, k->min,
			    k->max);
	if (v < k->min || v > k->max)
		return fail(r, s, "%s %lld is out of range; accepted: %ld..%ld", k->name, v, k->min,
			    k->max);
	*(unsigned int *)dst = (unsigned int)v;
	return true;
}

static bool read_power_of_two(struct reader *r, const config_setting_t *s, const struct key *k,
			      void *dst)
{
	unsigned int v = 0;

	if (!read_number(r, s, k, &v))
		return false;
	if (!abi_is_pow2(v, (uint32_t)k->max))
		return fail(r, s, "%s %u is not a power of two; accepted: %ld, %ld, ... %ld",
			    k->name, v, k->min, 2 * k->min, k->max);
	*(unsigned int *)dst = v;
	return true;
}

static bool read_bool(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	const char *word = config_setting_get_string(s);

	if (config_setting_type(s) == CONFIG_TYPE_BOOL)
		*(bool *)dst = config_setting_get_bool(s) != 0;
	else if (word && (strcmp(word, "yes") == 0 || strcmp(word, "true") == 0))
		*(bool *)dst = true;
	else if (word && (strcmp(word, "no") == 0 || strcmp(word, "false") == 0))
		*(bool *)dst = false;
	else
		return fail(r, s,
			    "%s is neither true nor false; accepted: true, false, \"yes\", \"no\"",
			    k->name);
	return true;
}

static bool read_idle(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	const char *word = config_setting_get_string(s);

	if (word && strcmp(word, "poll") == 0)
		*(enum conf_idle *)dst = CONF_IDLE_POLL;
	else if (word && strcmp(word, "sleep") == 0)
		*(enum conf_idle *)dst = CONF_IDLE_SLEEP;
	else
		return fail(r, s, "%s \"%s\" is unknown; accepted: \"poll\", \"sleep\"", k->name,
			    word ? word : "(not a string)");
	return true;
}

static bool read_spray(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	const char *word = config_setting_get_string(s);

	if (!word || (strcmp(word, "auto") != 0 && strcmp(word, "off") != 0))
		return fail(r, s, "%s \"%s\" is unknown; accepted: \"auto\", \"off\"", k->name,
			    word ? word : "(not a string)");
	*(bool *)dst = strcmp(word, "auto") == 0;
	return true;
}

/* Printable text of at most k->max - 1 bytes. */
static bool read_text(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	const char *text = config_setting_get_string(s);
	size_t len = text ? strlen(text) : 0;

	if (!text || (long)len < k->min || (long)len >= k->max)
		return fail(r, s,
			    "%s is not a text that fits; accepted: %ld to %ld characters in quotes",
			    k->name, k->min, k->max - 1);
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i]))
			return fail(r, s, "%s has control characters; accepted: printable ones",
				    k->name);
	if (dst)
		memcpy(dst, text, len + 1);
	return true;
}

static bool read_name(struct reader *r, const config_setting_t *s, const struct key *k, void *dst)
{
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789._-";
	const char *text = config_setting_get_string(s);

	if (!read_text(r, s, k, dst))
		return false;
	if (text[strspn(text, accepted)] != '\0')
		return fail(r, s,
			    "%s \"%s\" has a character that names may not have; accepted: "
			    "letters, digits, '.', '_', '-'",
			    k->name, text);
	return true;
}

static bool read_comment(struct reader *r, const config_setting_t *s, const struct key *k,
			 void *dst)
{
	(void)dst;
	return read_text(r, s, k, NULL);
}

/* --- groups --- */

struct port_entry {
	struct conf_port port;
	bool disabled;
};

static const struct key interface_keys[] = {
	{"name", read_name, offsetof(struct port_entry, port.name), 1, ABI_NAME_LEN, true},
	{"device", read_text, offsetof(struct port_entry, port.device), 1, CONF_DEVICE_LEN, true},
	{"mtu", read_number, offsetof(struct port_entry, port.mtu), CONF_MIN_MTU, CONF_MAX_MTU,
	 false},
	{"disabled", read_bool, offsetof(struct port_entry, disabled), 0, 0, false},
	{"comment", read_comment, 0, 0, 256, false},
};

static const struct key dataplane_keys[] = {
	{"workers", read_number, offsetof(struct conf, workers), 1, CONF_MAX_WORKERS, false},
	{"max-sas", read_power_of_two, offsetof(struct conf, max_sas), CONF_MIN_SAS,
	 ABI_MAX_SAS_LIMIT, false},
	{"max-policies", read_number, offsetof(struct conf, max_policies), 1,
	 ABI_MAX_POLICIES_LIMIT, false},
	{"max-fragments", read_number, offsetof(struct conf, max_fragments), 16, 16384, false},
	{"fragment-timeout", read_number, offsetof(struct conf, fragment_timeout), 1, 120, false},
	{"hugepages", read_bool, offsetof(struct conf, hugepages), 0, 0, false},
	{"idle", read_idle, offsetof(struct conf, idle), 0, 0, false},
	{"spray", read_spray, offsetof(struct conf, spray), 0, 0, false},
};

static bool refuse_key(struct reader *r, const config_setting_t *s, const char *group,
		       const struct key *keys, unsigned int n_keys)
{
	char list[256] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < n_keys && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 keys[i].name);
	return fail(r, s, "%s has no property \"%s\"; accepted: %s", group, config_setting_name(s),
		    list);
}

static bool read_group(struct reader *r, config_setting_t *group, const char *name,
		       const struct key *keys, unsigned int n_keys, void *dst)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned int)i);
		const struct key *k = NULL;

		for (unsigned int j = 0; j < n_keys && !k; j++)
			if (strcmp(keys[j].name, config_setting_name(s)) == 0)
				k = &keys[j];
		if (!k)
			return refuse_key(r, s, name, keys, n_keys);
		if (!k->read(r, s, k, (char *)dst + k->offset))
			return false;
	}
	for (unsigned int j = 0; j < n_keys; j++)
		if (keys[j].required && !config_setting_get_member(group, keys[j].name))
			return fail(r, group, "%s without %s; both name and device are needed",
				    name, keys[j].name);
	return true;
}

/* A device is opened once, so its first part (before the options) tells two of them apart. */
static bool same_device(const char *a, const char *b)
{
	size_t n = strcspn(a, ",");

	return n == strcspn(b, ",") && strncmp(a, b, n) == 0;
}

/* A VLAN stands behind the interface it belongs to. */
static bool check_vlan(struct reader *r, const config_setting_t *group, const struct conf *c,
		       struct conf_port *p)
{
	char parent[ABI_NAME_LEN];
	int ret = vlan_parse(p->device, &p->vlan, parent);

	if (ret == -ENOENT)
		return true;
	if (ret < 0)
		return fail(r, group,
			    "device \"%s\" is no VLAN; accepted: \"vlan1@NAME\" to "
			    "\"vlan%u@NAME\", NAME being an interface",
			    p->device, VLAN_MAX);
	for (unsigned int i = 0; i < c->n_ports; i++) {
		if (strcmp(c->ports[i].name, parent) != 0)
			continue;
		if (c->ports[i].vlan != 0)
			return fail(r, group,
				    "\"%s\" is a VLAN itself; tags within tags are not "
				    "supported",
				    parent);
		if (p->mtu > c->ports[i].mtu)
			return fail(r, group, "mtu %u is larger than that of \"%s\", %u", p->mtu,
				    parent, c->ports[i].mtu);
		return true;
	}
	return fail(r, group, "there is no interface \"%s\" before \"%s\"", parent, p->name);
}

static bool add_port(struct reader *r, config_setting_t *group, struct conf *c)
{
	struct port_entry e = {.port.mtu = CONF_DEFAULT_MTU};

	if (!config_setting_is_group(group))
		return fail(r, group,
			    "an interface is not a group; accepted: { name = \"...\"; device = "
			    "\"...\"; }");
	if (!read_group(r, group, "interface", interface_keys,
			sizeof(interface_keys) / sizeof(interface_keys[0]), &e))
		return false;
	if (e.disabled)
		return true;
	for (unsigned int i = 0; i < c->n_ports; i++) {
		if (strcmp(c->ports[i].name, e.port.name) == 0)
			return fail(r, group, "a second interface \"%s\"; names must differ",
				    e.port.name);
		if (same_device(c->ports[i].device, e.port.device))
			return fail(r, group, "device of \"%s\" is that of \"%s\" already",
				    e.port.name, c->ports[i].name);
	}
	if (!check_vlan(r, group, c, &e.port))
		return false;
	if (c->n_ports == WORKER_MAX_PORTS)
		return fail(r, group, "too many interfaces; accepted: at most %u",
			    WORKER_MAX_PORTS);
	c->ports[c->n_ports++] = e.port;
	return true;
}

/* The keys in the file are control's; that nobody else reads them is the concern of both. */
static bool check_secrets(struct reader *r, config_t *file)
{
	config_setting_t *list = config_lookup(file, "ip.ipsec.identity");
	int n = list && config_setting_is_list(list) ? config_setting_length(list) : 0;

	for (int i = 0; i < n; i++) {
		config_setting_t *row = config_setting_get_elem(list, (unsigned int)i);
		config_setting_t *secret = config_setting_is_group(row)
						   ? config_setting_get_member(row, "secret")
						   : NULL;
		const char *name = secret ? config_setting_source_file(secret) : NULL;
		struct stat st;

		if (!secret)
			continue;
		if (!name)
			st = r->st;
		else if (stat(name, &st) < 0)
			return fail(r, secret, "whose file this is cannot be seen: %s",
				    strerror(errno));
		if ((st.st_mode & 077) == 0)
			continue;
		return fail(r, secret, "others can read this secret: mode %04o; accepted: 0600",
			    (unsigned int)st.st_mode & 07777);
	}
	return true;
}

static bool read_all(struct reader *r, config_t *file, struct conf *c)
{
	config_setting_t *ports = config_lookup(file, "interface");
	config_setting_t *group = config_lookup(file, "dataplane");

	if (!ports)
		return fail(r, NULL,
			    "no interface; accepted: interface = ( { name = \"...\"; device = "
			    "\"...\"; }, ... );");
	if (!config_setting_is_list(ports))
		return fail(r, ports, "interface is not a list; accepted: ( { ... }, ... )");
	for (int i = 0; i < config_setting_length(ports); i++)
		if (!add_port(r, config_setting_get_elem(ports, (unsigned int)i), c))
			return false;
	if (c->n_ports == 0)
		return fail(r, ports, "no interface that is not disabled; at least one is needed");
	if (group && !config_setting_is_group(group))
		return fail(r, group, "dataplane is not a group; accepted: { workers = 1; ... }");
	return !group || read_group(r, group, "dataplane", dataplane_keys,
				    sizeof(dataplane_keys) / sizeof(dataplane_keys[0]), c);
}

/* libconfig would end the process over a folder. */
static bool open_conf(struct reader *r, FILE **f)
{
	*f = fopen(r->path, "re");
	if (!*f) {
		snprintf(r->err, r->err_len, "%s: cannot be read: %s", r->path, strerror(errno));
		return false;
	}
	if (fstat(fileno(*f), &r->st) == 0 && S_ISREG(r->st.st_mode))
		return true;
	snprintf(r->err, r->err_len, "%s: not a file", r->path);
	fclose(*f);
	return false;
}

/* What is included is looked for beside the file, as control does. libconfig 1.5 would put the
 * folder before absolute paths too, so reading is done in it. The folder we were in, or -1. */
static int enter_folder(const char *path)
{
	char folder[PATH_MAX];
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(folder, sizeof(folder), "%s", path);
	if (here < 0 || chdir(dirname(folder)) == 0)
		return here;
	close(here);
	return -1;
}

static bool leave_folder(int here)
{
	bool ok = fchdir(here) == 0;

	close(here);
	return ok;
}

int conf_load(const char *path, struct conf *c, char *err, size_t err_len)
{
	struct reader r = {.path = path, .err = err, .err_len = err_len};
	config_t file;
	FILE *f;
	int here;

	*c = (struct conf){.workers = 1,
			   .max_sas = 4096,
			   .max_policies = 1024,
			   .max_fragments = CONF_FRAGMENTS,
			   .fragment_timeout = CONF_FRAGMENT_S,
			   .hugepages = true,
			   .spray = true};
	if (!open_conf(&r, &f))
		return -EINVAL;
	here = enter_folder(path);
	config_init(&file);
	if (here < 0) {
		r.failed = true;
		snprintf(err, err_len, "%s: its folder cannot be entered: %s", path,
			 strerror(errno));
	} else if (config_read(&file, f) != CONFIG_TRUE) {
		const char *where = config_error_file(&file);

		snprintf(err, err_len, "%s:%d: %s", where ? where : path, config_error_line(&file),
			 config_error_text(&file));
		r.failed = true;
	} else if (check_secrets(&r, &file)) {
		read_all(&r, &file, c);
	}
	config_destroy(&file);
	fclose(f);
	if (here >= 0 && !leave_folder(here)) {
		snprintf(err, err_len, "%s: cannot go back from its folder: %s", path,
			 strerror(errno));
		r.failed = true;
	}
	return r.failed ? -EINVAL : 0;
}

bool conf_idle_sleep(const struct conf *c)
{
	if (c->idle != CONF_IDLE_AUTO)
		return c->idle == CONF_IDLE_SLEEP;
	for (unsigned int i = 0; i < c->n_ports; i++)
		if (eal_is_pci(c->ports[i].device))
			return false;
	return true;
}
