/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry.c - DPDK telemetry commands. They run on a thread of EAL that nobody can join, so a
 * lock keeps the segment mapped while one reads it.
 */
#include "dataplane/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "dataplane/api/sample.h"
#include "dataplane/stages.h"
#include "dataplane/stats.h"

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define add_number  rte_tel_data_add_dict_uint
#define list_number rte_tel_data_add_array_uint
#else
#define add_number  rte_tel_data_add_dict_u64
#define list_number rte_tel_data_add_array_u64
#endif

#define ARRAY_MAX   512u /* what telemetry has room for */
#define SAMPLES_MAX 64u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct segment *segment;
static const struct sad *sad;
static struct worker *const *workers;
static unsigned int n_workers;

/* A number below limit at *at, which then is behind it. */
static bool read_number(const char **at, uint32_t limit, uint32_t *number)
{
	char *end;
	unsigned long v;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	v = strtoul(*at, &end, 10);
	if (errno != 0 || v >= limit)
		return false;
	*at = end;
	*number = (uint32_t)v;
	return true;
}

/* "12" below limit; false for anything else. */
static bool read_index(const char *params, uint32_t limit, uint32_t *index)
{
	return read_number(&params, limit, index) && *params == '\0';
}

/* A drop reason as telemetry takes names: without "-". */
static const char *reason_name(unsigned int reason, char name[64])
{
	snprintf(name, 64, "%s", stats_drop_name(reason));
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

/* Make one, which is no longer the caller's, part of d. */
static int add_part(struct rte_tel_data *d, const char *name, struct rte_tel_data *one)
{
	int ret = rte_tel_data_add_dict_container(d, name, one, 0);

	if (ret != 0)
		rte_tel_data_free(one);
	return ret;
}

/* Those of n counters that are not 0, by reason. */
static int add_reasons(struct rte_tel_data *d, const char *name, const uint64_t *count,
		       unsigned int n)
{
	struct rte_tel_data *one = rte_tel_data_alloc();
	char text[64];

	if (!one)
		return -ENOMEM;
	rte_tel_data_start_dict(one);
	for (unsigned int i = 1; i < n; i++)
		if (count[i] != 0)
			add_number(one, reason_name(i, text), count[i]);
	return add_part(d, name, one);
}

static void list_rows(struct rte_tel_data *d, uint32_t n, bool (*used)(uint32_t))
{
	unsigned int listed = 0;

	rte_tel_data_start_array(d, RTE_TEL_U64_VAL);
	for (uint32_t i = 0; i < n && listed < ARRAY_MAX; i++)
		if (!used || used(i)) {
			list_number(d, i);
			listed++;
		}
}

/* --- SAs --- */

static const struct abi_sa_status *sa_line(uint32_t slot)
{
	const struct abi_sa_status *all = segment_area(segment, ABI_AREA_SA_STATUS);

	return &all[slot];
}

static bool sa_used(uint32_t slot)
{
	return sa_line(slot)->state != ABI_SA_FREE;
}

static int show_sa(uint32_t slot, uint32_t worker, struct rte_tel_data *d)
{
	const struct abi_sa_status *st = sa_line(slot);
	const struct abi_sa_counters c = stats_sa(segment, slot, worker);
	const struct abi_sa_drops drops = stats_sa_drops(segment, slot, worker);

	rte_tel_data_start_dict(d);
	add_number(d, "state", st->state);
	add_number(d, "spi", st->spi);
	add_number(d, "direction", st->direction);
	add_number(d, "current", st->current);
	add_number(d, "policy_id", st->policy_id);
	add_number(d, "encr", st->encr);
	add_number(d, "integ", st->integ);
	add_number(d, "encap", st->encap);
	add_number(d, "seq", st->seq);
	add_number(d, "packets", c.packets);
	add_number(d, "bytes", c.bytes);
	add_number(d, "wire_bytes", c.wire_bytes);
	add_number(d, "drops", c.drops);
	return add_reasons(d, "reasons", drops.count, DROP_IPSEC_LAST + 1);
}

/* "slot", or "slot,worker" for what that worker counted. */
static int show_sas(const char *params, struct rte_tel_data *d)
{
	uint32_t slot, worker = STATS_ALL;

	if (!params) {
		list_rows(d, segment->own.max_sas, sa_used);
		return 0;
	}
	if (!read_number(&params, segment->own.max_sas, &slot))
		return -EINVAL;
	if (*params == ',' && !read_index(params + 1, segment->own.max_workers, &worker))
		return -EINVAL;
	if (*params != '\0' && *params != ',')
		return -EINVAL;
	return show_sa(slot, worker, d);
}

/* --- policies --- */

static const struct abi_policy_status *policy_line(uint32_t index)
{
	const struct abi_policy_status *all = segment_area(segment, ABI_AREA_POLICY_STATUS);

	return &all[index];
}

static bool policy_used(uint32_t index)
{
	return policy_line(index)->policy_id != 0;
}

static int show_policies(const char *params, struct rte_tel_data *d)
{
	struct abi_policy_counters c;
	uint32_t index;

	if (!params) {
		list_rows(d, segment->own.max_policies, policy_used);
		return 0;
	}
	if (!read_index(params, segment->own.max_policies, &index))
		return -EINVAL;
	c = stats_policy(segment, sad, index);
	rte_tel_data_start_dict(d);
	add_number(d, "policy_id", policy_line(index)->policy_id);
	add_number(d, "generation", policy_line(index)->generation);
	add_number(d, "held", policy_line(index)->held);
	add_number(d, "out_hits", c.out_hits);
	add_number(d, "in_hits", c.in_hits);
	add_number(d, "dead_out_packets", c.dead_out_packets);
	add_number(d, "dead_out_bytes", c.dead_out_bytes);
	add_number(d, "dead_in_packets", c.dead_in_packets);
	add_number(d, "dead_in_bytes", c.dead_in_bytes);
	return 0;
}

/* --- the rest --- */

static int add_sample(struct rte_tel_data *d, const struct stats_sample *sample)
{
	struct rte_tel_data *one = rte_tel_data_alloc();
	char text[ABI_SAMPLE_TEXT], name[40];

	if (!one)
		return -ENOMEM;
	abi_sample_text(&sample->s, text);
	rte_tel_data_start_dict(one);
	add_number(one, "time", sample->s.time);
	add_number(one, "port", sample->s.port);
	add_number(one, "length", sample->s.length);
	if (sample->s.sa_slot != ABI_SAMPLE_NO_SA)
		add_number(one, "sa", sample->s.sa_slot);
	rte_tel_data_add_dict_string(one, "packet", text);
	snprintf(name, sizeof(name), "%u_%llu", sample->worker,
		 (unsigned long long)sample->s.number);
	return add_part(d, name, one);
}

/* Named worker_number: the how-manyth drop of that worker it was. */
static int show_samples(const char *reason, struct rte_tel_data *d)
{
	struct stats_sample samples[SAMPLES_MAX];
	char name[64];
	unsigned int n = 0;

	for (unsigned int i = 1; i < DROP_MAX && n == 0; i++)
		if (strcmp(reason, stats_drop_name(i)) == 0 ||
		    strcmp(reason, reason_name(i, name)) == 0)
			n = i;
	if (n == 0)
		return -EINVAL;
	n = stats_samples(segment, n, samples, SAMPLES_MAX);
	rte_tel_data_start_dict(d);
	for (unsigned int i = 0; i < n; i++)
		if (add_sample(d, &samples[i]) < 0)
			break;
	return 0;
}

static int show_drops(const char *params, struct rte_tel_data *d)
{
	const struct abi_worker_counters c = stats_workers(segment);
	char name[64];

	if (params)
		return show_samples(params, d);
	rte_tel_data_start_dict(d);
	for (unsigned int i = 1; i < DROP_MAX; i++)
		if (c.drops[i] != 0)
			add_number(d, reason_name(i, name), c.drops[i]);
	return 0;
}

static int show_workers(const char *params, struct rte_tel_data *d)
{
	const struct abi_worker_counters *c = segment_area(segment, ABI_AREA_WORKER_COUNTERS);
	uint32_t i;

	if (!params) {
		list_rows(d, segment->own.workers, NULL);
		return 0;
	}
	if (!read_index(params, segment->own.workers, &i))
		return -EINVAL;
	rte_tel_data_start_dict(d);
	add_number(d, "rx_packets", c[i].rx_packets);
	add_number(d, "tx_packets", c[i].tx_packets);
	add_number(d, "polls", c[i].polls);
	add_number(d, "busy_polls", c[i].busy_polls);
	add_number(d, "punted", c[i].punted);
	add_number(d, "out_of_turn", c[i].out_of_turn);
	add_number(d, "heartbeat", c[i].heartbeat);
	return add_reasons(d, "drops", c[i].drops, DROP_MAX);
}

static const struct abi_port *port_line(uint32_t i)
{
	const struct abi_port *all = segment_area(segment, ABI_AREA_PORTS);

	return &all[i];
}

static bool port_used(uint32_t i)
{
	return port_line(i)->name[0] != '\0';
}

static int show_ports(const char *params, struct rte_tel_data *d)
{
	char name[ABI_NAME_LEN];
	struct abi_port_counters c;
	uint32_t i;

	if (!params) {
		list_rows(d, segment->own.max_ports, port_used);
		return 0;
	}
	if (!read_index(params, segment->own.max_ports, &i))
		return -EINVAL;
	memcpy(name, port_line(i)->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	c = stats_port(segment, i);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "name", name);
	add_number(d, "link_up", port_line(i)->link_up);
	add_number(d, "mtu", port_line(i)->mtu);
	add_number(d, "rx_packets", c.rx_packets);
	add_number(d, "rx_bytes", c.rx_bytes);
	add_number(d, "tx_packets", c.tx_packets);
	add_number(d, "tx_bytes", c.tx_bytes);
	return 0;
}

/* --- stages --- */

static int show_measure(const char *params, struct rte_tel_data *d)
{
	bool on = params && strcmp(params, "on") == 0, any = false;

	if (params && !on && strcmp(params, "off") != 0)
		return -EINVAL;
	for (unsigned int i = 0; i < n_workers; i++) {
		if (params)
			stages_switch(workers[i], on);
		any |= __atomic_load_n(&workers[i]->measuring, __ATOMIC_RELAXED) != 0;
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "measuring", any ? "on" : "off");
	return 0;
}

static void add_stage(struct rte_tel_data *d, unsigned int stage, const struct stage_count *c)
{
	struct rte_tel_data *one = rte_tel_data_alloc();

	if (!one)
		return;
	rte_tel_data_start_dict(one);
	add_number(one, "cycles", c->cycles);
	add_number(one, "packets", c->packets);
	add_number(one, "bursts", c->bursts);
	add_part(d, stages_name(stage), one);
}

static void sum_stage(struct stages *sum, const struct worker *w)
{
	const uint64_t *from = (const uint64_t *)(const void *)w->stages;
	uint64_t *to = (uint64_t *)(void *)sum;

	for (size_t i = 0; w->stages && i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static int show_stages(const char *params, struct rte_tel_data *d)
{
	struct rte_tel_data *fill = NULL;
	struct stages sum = {0};
	uint32_t only = 0;

	if (params && !read_index(params, n_workers, &only))
		return -EINVAL;
	for (uint32_t i = 0; i < n_workers; i++)
		if (!params || i == only)
			sum_stage(&sum, workers[i]);
	rte_tel_data_start_dict(d);
	for (unsigned int i = 0; i < STAGES_N; i++)
		add_stage(d, i, &sum.stage[i]);
	fill = rte_tel_data_alloc();
	if (!fill)
		return -ENOMEM;
	rte_tel_data_start_array(fill, RTE_TEL_U64_VAL);
	for (unsigned int i = 0; i < STAGE_FILLS; i++)
		list_number(fill, sum.fill[i]);
	return add_part(d, "fill", fill);
}

/* --- registration --- */

struct command {
	const char *name;
	const char *help;
	int (*show)(const char *params, struct rte_tel_data *d);
};

static const struct command commands[] = {
	{"/espgw/sas",
	 "Slots in use, or one SA, or what a worker counted of it. Parameters: slot,worker",
	 show_sas},
	{"/espgw/policies", "Indices in use, or one policy. Parameters: index", show_policies},
	{"/espgw/drops", "Dropped packets by reason, or the last of one. Parameters: reason",
	 show_drops},
	{"/espgw/workers", "Workers, or one worker. Parameters: index", show_workers},
	{"/espgw/stages",
	 "Cycles of each stage, and receive bursts of 1, 2, 3-4... packets. Parameters: worker",
	 show_stages},
	{"/espgw/measure", "Count the cycles of stages or not. Parameters: on or off",
	 show_measure},
	{"/espgw/ports", "Ports, or one port. Parameters: number", show_ports},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int answer(const char *cmd, const char *params, struct rte_tel_data *d)
{
	int ret = -ENOENT;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < N_COMMANDS && segment; i++)
		if (strcmp(commands[i].name, cmd) == 0)
			ret = commands[i].show(params && params[0] ? params : NULL, d);
	pthread_mutex_unlock(&lock);
	return ret;
}

int telemetry_start(const struct segment *s, const struct sad *db, struct worker *const *w,
		    unsigned int n)
{
	pthread_mutex_lock(&lock);
	segment = s;
	sad = db;
	workers = w;
	n_workers = n;
	pthread_mutex_unlock(&lock);
	for (unsigned int i = 0; i < N_COMMANDS; i++) {
		int ret = rte_telemetry_register_cmd(commands[i].name, answer, commands[i].help);

		if (ret < 0)
			return ret;
	}
	return 0;
}

void telemetry_stop(void)
{
	pthread_mutex_lock(&lock);
	segment = NULL;
	pthread_mutex_unlock(&lock);
}
