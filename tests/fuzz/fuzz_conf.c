/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_conf.c - any text as a configuration file: it gives problems, or a model that gives a plan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/model/apply.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "tests/fuzz/fuzz.h"

/* libconfig 1.5 forgets the text it was reading when it meets a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct problems problems;
	struct model_plan *plan = NULL;
	struct model *m;
	char path[64], *text;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	if (fd < 0 || len > 32768 || fchmod(fd, 0600) || write(fd, data, len) != (ssize_t)len)
		goto out;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	problems_init(&problems);
	m = model_load(path, &problems);
	FUZZ_CHECK((m == NULL) == (problems.n_errors > 0));
	if (m) {
		plan = model_plan_new(m, NULL, &problems);
		FUZZ_CHECK(plan && plan->n_policies <= plan->n_policy_ids);
	}
	text = problems_text(&problems);
	FUZZ_CHECK(text);
	free(text);
	model_plan_free(plan);
	model_free(m);
	problems_free(&problems);
out:
	if (fd >= 0)
		close(fd);
	return 0;
}
