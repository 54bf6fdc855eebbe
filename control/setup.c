/* SPDX-License-Identifier: BSD-3-Clause */
/* setup.c - a configuration, checked, with its plan and an index of the policies that protect. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "control/gateway.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"

static int by_id(const void *a, const void *b)
{
	const struct setup_policy *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int make_index(struct setup *s)
{
	const struct model_plan *plan = s->plan;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_peers; i++)
		n += plan->peers[i].n_children;
	s->policy = calloc(n + 1, sizeof(*s->policy));
	if (s->policy == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_peers; i++)
		for (size_t k = 0; k < plan->peers[i].n_children; k++)
			s->policy[s->n_policies++] = (struct setup_policy){
				.id = plan->peers[i].children[k].policy_id,
				.peer = (uint32_t)i,
				.child = &plan->peers[i].children[k],
			};
	qsort(s->policy, s->n_policies, sizeof(*s->policy), by_id);
	return 0;
}

/* The same is not told again with every change. */
static void note_told(struct model *m, const struct problems *problems)
{
	for (size_t i = 0; i < problems->n && m->n_told < MODEL_MAX_TOLD; i++)
		m->told[m->n_told++] = problems_hash(&problems->list[i]);
}

int setup_load_with(struct setup *out, const char *path, const struct source_instead *instead,
		    const struct model_plan *previous, const struct hosts *names,
		    struct problems *problems)
{
	int rc = -EINVAL;

	*out = (struct setup){0};
	out->model = model_load_with(path, instead, problems);
	if (out->model != NULL)
		rc = hosts_place(out->model, names);
	if (rc == 0)
		out->plan = model_plan_new(out->model, previous, problems);
	if (rc == 0)
		rc = out->plan != NULL ? make_index(out) : -EINVAL;
	if (rc == 0)
		note_told(out->model, problems);
	if (rc == 0)
		model_pack(out->model);
	else
		setup_free(out);
	malloc_trim(0); /* reading takes many times what stays */
	return rc;
}

int setup_load(struct setup *out, const char *path, const struct model_plan *previous,
	       const struct hosts *names, char **text)
{
	struct problems *problems = malloc(sizeof(*problems));
	int rc;

	*out = (struct setup){0};
	*text = NULL;
	if (problems == NULL)
		return -ENOMEM;
	problems_init(problems);
	rc = setup_load_with(out, path, NULL, previous, names, problems);
	*text = problems_text(problems);
	problems_free(problems);
	free(problems);
	return rc;
}

int setup_again(struct setup *out, const struct setup *from, const struct hosts *names)
{
	struct problems *problems = malloc(sizeof(*problems));
	int rc = -ENOMEM;

	*out = (struct setup){0};
	if (problems == NULL)
		return -ENOMEM;
	problems_init(problems);
	if (model_unpack(from->model) == 0 && hosts_place(from->model, names) == 0)
		out->plan = model_plan_new(from->model, from->plan, problems);
	if (out->plan != NULL)
		rc = make_index(out);
	model_pack(from->model);
	problems_free(problems);
	free(problems);
	if (rc != 0)
		setup_free(out);
	else
		out->model = from->model;
	return rc;
}

void setup_free(struct setup *s)
{
	free(s->policy);
	model_plan_free(s->plan);
	model_free(s->model);
	*s = (struct setup){0};
}

const struct setup_policy *setup_find(const struct setup *s, uint32_t policy_id)
{
	const struct setup_policy key = {.id = policy_id};

	return s->n_policies != 0 ? bsearch(&key, s->policy, s->n_policies, sizeof(key), by_id)
				  : NULL;
}

bool setup_knows_peer(const struct setup *s, const char *name)
{
	for (size_t i = 0; i < s->plan->n_peers; i++)
		if (strcmp(s->plan->peers[i].name, name) == 0)
			return true;
	return false;
}
