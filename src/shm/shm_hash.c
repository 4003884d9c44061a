/*
 * SipHash with one round a word and three at the end (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF").
 */
#include "shm/shm_hash.h"

#include <endian.h>

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *v)
{
	v->a += v->b;
	v->b = rotl(v->b, 13) ^ v->a;
	v->a = rotl(v->a, 32);
	v->c += v->d;
	v->d = rotl(v->d, 16) ^ v->c;
	v->a += v->d;
	v->d = rotl(v->d, 21) ^ v->a;
	v->c += v->b;
	v->b = rotl(v->b, 17) ^ v->c;
	v->c = rotl(v->c, 32);
}

static inline void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	v->a ^= word;
}

uint64_t rs_shm_hash(const uint64_t key[2], const void *p, size_t n)
{
	struct sip v = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
			 key[1] ^ 0x7465646279746573 };
	const unsigned char *in = p;
	uint64_t word;
	size_t left = n;

	for (; left >= 8; left -= 8, in += 8) {
		memcpy(&word, in, 8);
		sip_word(&v, le64toh(word));
	}
	word = (uint64_t)n << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)in[i] << (8 * i);
	sip_word(&v, word);
	v.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&v);
	return v.a ^ v.b ^ v.c ^ v.d;
}
