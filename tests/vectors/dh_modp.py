#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dh_modp.py - the answers of control/crypto/kat.h for the MODP groups, from the RFCs' numbers alone.

The primes of RFC 2409 section 6 and RFC 3526 are computed by their formula, with pi. The private
key is made as dh.h says, of a seed of bytes 0x5a; the peer's value is our own, so that the secret
is (g^x)^x. Prints SHA-256(public value | secret) of each group, without the secret above 2048 bits.
"""
import hashlib


def pi_times_2_to(bits):
    """floor(pi * 2^bits), by Machin's formula"""
    one = 1 << bits + 64

    def arctan_of_1_by(n):
        term, total, k = one // n, 0, 0
        while term:
            total += (-1) ** k * (term // (2 * k + 1))
            term //= n * n
            k += 1
        return total
    return 4 * (4 * arctan_of_1_by(5) - arctan_of_1_by(239)) >> 64


def prime(n, c):
    return 2 ** n - 2 ** (n - 64) - 1 + 2 ** 64 * (pi_times_2_to(n - 130) + c)


def answer(p, g, x):
    size = (p.bit_length() + 7) // 8
    public = pow(g, x, p)
    said = public.to_bytes(size, "big")
    if p.bit_length() <= 2048:
        said += pow(public, x, p).to_bytes(size, "big")
    return hashlib.sha256(said).hexdigest()


# group: bits, the formula's constant, bytes of the seed
MODP = {1: (768, 149686, 32), 2: (1024, 129093, 32), 5: (1536, 741804, 32),
        14: (2048, 124476, 40), 15: (3072, 1690314, 56), 16: (4096, 240904, 64),
        17: (6144, 929484, 72), 18: (8192, 4743158, 80)}

# RFC 5114 section 2.3
P24 = int("87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00"
          "E00DF8F1D61957D4FAF7DF4561B2AA3016C3D91134096FAA3BF4296D830E9A7C"
          "209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B"
          "6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76"
          "B63ACAE1CAA6B7902D52526735488A0EF13C6D9A51BFA4AB3AD8347796524D8E"
          "F6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026"
          "C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103"
          "A4B54330C198AF126116D2276E11715F693877FAD7EF09CADB094AE91E1A1597", 16)
G24 = int("3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA125"
          "10DBC15077BE463FFF4FED4AAC0BB555BE3A6C1B0C6B47B1BC3773BF7E8C6F62"
          "901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF463E5E9EC144B"
          "777DE62AAAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193"
          "B5045AF2767164E1DFC967C1FB3F2E55A4BD1BFFE83B9C80D052B985D182EA0A"
          "DB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2DF016199ECD06E1557CD0915"
          "B3353BBB64E0EC377FD028370DF92B52C7891428CDC67EB6184B523D1DB246C3"
          "2F63078490F00EF8D647D148D47954515E2327CFEF98C582664B4C0F6CC41659", 16)
Q24 = int("8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3", 16)

if __name__ == "__main__":
    for group, (bits, c, n) in MODP.items():
        key = int.from_bytes(b"\x5a" * n, "big") | 1 << 8 * n - 1
        print(group, answer(prime(bits, c), 2, key))
    assert pow(G24, Q24, P24) == 1
    print(24, answer(P24, G24, 1 + int.from_bytes(b"\x5a" * 40, "big") % (Q24 - 1)))
