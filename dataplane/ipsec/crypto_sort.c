/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_sort.c - the order in which packets go into the lanes of the library.
 *
 * The lanes of a kernel all advance by the shortest job left in them, and at the end run on with
 * those that are empty. Jobs sorted by length finish together, and with the longest first the short
 * ones fill what those leave, which pays for the sorting as soon as lengths differ.
 */
#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define SORT_MIN   16u	/* fewer jobs than lanes: no order helps */
#define SORT_BINS  128u /* of CRYPTO_BIN bytes; the longest share the last one */
#define SORT_PARTS 4u
#define EACH_PART  0x0001000100010001u

static unsigned int length_bin(uint16_t len)
{
	unsigned int bin = len / CRYPTO_BIN;

	return bin < SORT_BINS ? bin : SORT_BINS - 1;
}

/* From how many jobs of each bin and part to the place of the first of these in the order. */
static void places_of_counts(uint16_t (*place)[SORT_PARTS], unsigned int shortest,
			     unsigned int longest)
{
	uint64_t before = 0;

	for (unsigned int b = longest + 1; b-- > shortest;) {
		uint64_t parts, all;

		/* In part k: all up to it; none carries into the next. */
		memcpy(&parts, place[b], sizeof(parts));
		parts = rte_cpu_to_le_64(parts) * EACH_PART;
		all = parts >> 48;
		parts = rte_cpu_to_le_64((parts << 16) + before * EACH_PART);
		memcpy(place[b], &parts, sizeof(parts));
		before += all;
	}
}

/*
 * Counting sort of the jobs, longest first. Each quarter of them is counted by itself: of few
 * lengths, as most bursts have, the same one comes soon again, and its count would have to wait for
 * the store of the one before.
 */
void crypto_sort(struct crypto_group *g, const struct crypto_op *ops, uint16_t min, uint16_t max)
{
	unsigned int shortest = length_bin(min), longest = length_bin(max);
	uint16_t place[SORT_BINS][SORT_PARTS], sorted[CRYPTO_BURST];
	uint8_t bin[CRYPTO_BURST];
	unsigned int quarter = g->n / SORT_PARTS;

	if (g->n < SORT_MIN)
		return;
	memset(place[shortest], 0, (longest - shortest + 1) * sizeof(place[0]));
	for (unsigned int i = 0; i < g->n; i++)
		bin[i] = (uint8_t)length_bin(ops[g->index[i]].len);
	for (unsigned int i = 0; i < quarter; i++)
		for (unsigned int k = 0; k < SORT_PARTS; k++)
			place[bin[k * quarter + i]][k]++;
	for (unsigned int i = SORT_PARTS * quarter; i < g->n; i++)
		place[bin[i]][SORT_PARTS - 1]++;
	places_of_counts(place, shortest, longest);
	for (unsigned int i = 0; i < quarter; i++)
		for (unsigned int k = 0; k < SORT_PARTS; k++)
			sorted[place[bin[k * quarter + i]][k]++] = g->index[k * quarter + i];
	for (unsigned int i = SORT_PARTS * quarter; i < g->n; i++)
		sorted[place[bin[i]][SORT_PARTS - 1]++] = g->index[i];
	memcpy(g->index, sorted, g->n * sizeof(sorted[0]));
}
