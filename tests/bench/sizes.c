/* SPDX-License-Identifier: BSD-3-Clause */
/* sizes.c - see sizes.h. */
#include "tests/bench/sizes.h"

#include <stdlib.h>

#include "tests/random.h"

const uint16_t sizes[SIZES] = {64, 512, 1420, 0};

static uint64_t seed;

void sizes_shuffle(uint16_t *len, unsigned int n)
{
	for (unsigned int i = n - 1; i > 0; i--) {
		unsigned int j = random_below(&seed, i + 1);
		uint16_t t = len[i];

		len[i] = len[j];
		len[j] = t;
	}
}

double sizes_fill(uint16_t *len, unsigned int n, uint16_t fixed)
{
	static const uint16_t mix[12] = {64, 570, 64, 64, 1420, 570, 64, 64, 570, 64, 570, 64};
	double sum = 0;

	for (unsigned int i = 0; i < n; i++)
		len[i] = fixed ? fixed : mix[i % 12];
	seed = 12345;
	if (!fixed)
		sizes_shuffle(len, n);
	for (unsigned int i = 0; i < n; i++)
		sum += len[i];
	return sum / n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double sizes_quantile(double *v, unsigned int n, double q)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[(unsigned int)((n - 1) * q)];
}
