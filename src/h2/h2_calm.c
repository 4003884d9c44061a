/*
 * The purse. Runs in the reactor.
 */
#include "h2/h2_calm.h"

#define PURSE 1000
#define PER_SECOND 100
#define PER_REQUEST 20
#define BYTES_PER_COIN 256

static const uint8_t costs[RS_H2_TROUBLES] = {
#define RS_H2_TROUBLE(name, cost) [RS_H2_##name] = (cost),
#include "h2/h2_calm.def"
#undef RS_H2_TROUBLE
};

static void put_back(struct rs_h2_calm *c, uint64_t n)
{
	c->spent -= n < c->spent ? (uint32_t)n : c->spent;
}

void rs_h2_calm_time(struct rs_h2_calm *c, int64_t now_ms)
{
	int64_t coins = (now_ms - c->at_ms) * PER_SECOND / 1000;

	if (!c->at_ms || !c->spent) {
		c->at_ms = now_ms;
		return;
	}
	if (coins <= 0)
		return;
	put_back(c, (uint64_t)coins);
	c->at_ms += coins * 1000 / PER_SECOND;
}

bool rs_h2_calm_spend(struct rs_h2_calm *c, enum rs_h2_trouble what)
{
	c->spent += costs[what];
	return c->spent <= PURSE;
}

void rs_h2_calm_served(struct rs_h2_calm *c)
{
	put_back(c, PER_REQUEST);
}

void rs_h2_calm_moved(struct rs_h2_calm *c, size_t n)
{
	uint64_t bytes = (uint64_t)c->bytes + n;

	put_back(c, bytes / BYTES_PER_COIN);
	c->bytes = (uint32_t)(bytes % BYTES_PER_COIN);
}
