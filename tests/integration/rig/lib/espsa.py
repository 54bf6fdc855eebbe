# SPDX-License-Identifier: BSD-3-Clause
"""espsa.py - one SA of the referee: checks the ICV and decrypts, all algorithms."""
import hashlib
import hmac
import re
import struct
import warnings

warnings.filterwarnings("ignore")
from cryptography.exceptions import InvalidTag                # noqa: E402
from cryptography.hazmat.primitives import cmac                # noqa: E402
from cryptography.hazmat.primitives.ciphers import (           # noqa: E402
    Cipher, algorithms, modes)
from cryptography.hazmat.primitives.ciphers.aead import (      # noqa: E402
    AESCCM, ChaCha20Poly1305)

TripleDES = getattr(algorithms, "TripleDES", None)
Camellia = getattr(algorithms, "Camellia", None)
if not TripleDES or not Camellia:        # newer python3-cryptography
    from cryptography.hazmat.decrepit.ciphers.algorithms import (  # noqa: E402
        Camellia, TripleDES)

from packets import Bad, Usage                                 # noqa: E402


def xcbc(key, msg):
    def e(k, b):
        return Cipher(algorithms.AES(k), modes.ECB()).encryptor().update(b)

    def xor(a, b):
        return bytes(x ^ y for x, y in zip(a, b))
    k1, k2, k3 = (e(key, bytes([i]) * 16) for i in (1, 2, 3))
    blocks = [msg[i:i + 16] for i in range(0, len(msg), 16)] or [b""]
    x = bytes(16)
    for b in blocks[:-1]:
        x = e(k1, xor(x, b))
    last = blocks[-1]
    if len(last) == 16:
        return e(k1, xor(xor(x, last), k2))
    last = (last + b"\x80").ljust(16, b"\0")
    return e(k1, xor(xor(x, last), k3))


def aes_cmac(key, msg):
    c = cmac.CMAC(algorithms.AES(key))
    c.update(msg)
    return c.finalize()


def hm(name):
    return lambda k, m: hmac.new(k, m, getattr(hashlib, name)).digest()


# name -> (mac function, ICV length, key length or 0 = any)
INTEG = {
    "HMAC_MD5_96": (hm("md5"), 12, 16), "HMAC_MD5_128": (hm("md5"), 16, 16),
    "HMAC_SHA1_96": (hm("sha1"), 12, 20),
    "HMAC_SHA1_160": (hm("sha1"), 20, 20),
    "HMAC_SHA2_256_96": (hm("sha256"), 12, 32),
    "HMAC_SHA2_256_128": (hm("sha256"), 16, 32),
    "HMAC_SHA2_384_192": (hm("sha384"), 24, 48),
    "HMAC_SHA2_512_256": (hm("sha512"), 32, 64),
    "AES_XCBC_96": (xcbc, 12, 16), "AES_CMAC_96": (aes_cmac, 12, 16),
    "NONE": (None, 0, 0),
}
INTEG_ALIAS = {"md5": "HMAC_MD5_96", "md5_128": "HMAC_MD5_128",
               "sha1": "HMAC_SHA1_96", "sha": "HMAC_SHA1_96",
               "sha1_160": "HMAC_SHA1_160", "sha256": "HMAC_SHA2_256_128",
               "sha2_256": "HMAC_SHA2_256_128",
               "sha256_96": "HMAC_SHA2_256_96",
               "sha384": "HMAC_SHA2_384_192", "sha512": "HMAC_SHA2_512_256",
               "aesxcbc": "AES_XCBC_96", "aescmac": "AES_CMAC_96",
               "": "NONE", "none": "NONE"}
CBC = {"AES_CBC": (algorithms.AES, 16), "3DES_CBC": (TripleDES, 8),
       "CAMELLIA_CBC": (Camellia, 16), "DES_CBC": (None, 8)}
AEAD = re.compile(r"^(AES_GCM|AES_CCM)_(8|12|16)$")


def enc_name(s):
    u = (s or "NULL").upper().replace("-", "_")
    m = re.fullmatch(r"AES_?(128|192|256)?", u)
    if m:
        return "AES_CBC"
    m = re.fullmatch(r"(AES_CBC|AES_CTR|CAMELLIA_CBC)_(128|192|256)", u)
    if m:
        return m.group(1)
    m = re.fullmatch(r"AES_?(?:128|192|256)?CTR", u)
    if m:
        return "AES_CTR"
    m = re.fullmatch(r"AES_?(?:128|192|256)?(GCM|CCM)_?(8|12|16|64|96|128)?",
                     u)
    if m:
        n = int(m.group(2) or 16)
        return "AES_%s_%d" % (m.group(1), n // 8 if n > 16 else n)
    m = re.fullmatch(r"(AES_(?:GCM|CCM)_(?:8|12|16))_(?:128|192|256)", u)
    if m:
        return m.group(1)
    m = re.fullmatch(r"AES_?(?:128|192|256)?_?GMAC|NULL_AES_GMAC|"
                     r"NULL_AUTH_AES_GMAC", u)
    if m:
        return "AES_GMAC"
    return {"3DES": "3DES_CBC", "CHACHA20POLY1305": "CHACHA20_POLY1305",
            "CAMELLIA128": "CAMELLIA_CBC", "CAMELLIA256": "CAMELLIA_CBC",
            }.get(u, u)


class SA:
    def __init__(self, d):
        self.spi = int(str(d["spi"]), 16)
        self.enc = enc_name(d.get("enc"))
        self.key = bytes.fromhex((d.get("enc_key") or "").replace("0x", ""))
        i = d.get("integ") or ""
        i = INTEG_ALIAS.get(i.lower(), i.upper())
        self.src, self.dst = d.get("src"), d.get("dst")
        self.esn = bool(d.get("esn"))
        self.hi = int(d.get("seq_hi", 0))
        self.last = None
        self.max = 0
        self.seen = set()
        self.ivs = set()
        self.n = self.ok = 0
        self.salt = b""
        k = len(self.key)
        m = AEAD.match(self.enc)
        if m or self.enc in ("CHACHA20_POLY1305", "AES_GMAC"):
            self.kind = "aead"
            self.icv = int(m.group(2)) if m else 16
            salt = 3 if self.enc.startswith("AES_CCM") else 4
            if k not in ((36,) if "CHACHA" in self.enc else
                         (16 + salt, 24 + salt, 32 + salt)):
                raise Usage("SPI %08x: %s key must include the %d byte salt, "
                            "got %d bytes" % (self.spi, self.enc, salt, k))
            self.key, self.salt = self.key[:-salt], self.key[-salt:]
            self.ivlen, self.align = 8, 4
            self.mac = None
            return
        if i not in INTEG:
            raise Usage("SPI %08x: unknown integrity '%s'" % (self.spi, i))
        self.mac, self.icv, need = INTEG[i]
        self.ikey = bytes.fromhex(
            (d.get("integ_key") or "").replace("0x", ""))
        if need and len(self.ikey) != need:
            raise Usage("SPI %08x: %s needs a %d byte key, got %d" %
                        (self.spi, i, need, len(self.ikey)))
        if self.enc in CBC:
            self.kind = "cbc"
            if self.enc == "DES_CBC":       # EDE with one key is single DES
                self.key *= 3
            self.alg = CBC[self.enc][0] or TripleDES
            self.ivlen = self.align = CBC[self.enc][1]
            self.alg(self.key)
        elif self.enc == "AES_CTR":
            self.kind = "ctr"
            self.key, self.salt = self.key[:-4], self.key[-4:]
            algorithms.AES(self.key)
            self.ivlen, self.align = 8, 4
        elif self.enc == "NULL":
            self.kind, self.ivlen, self.align = "null", 0, 4
        else:
            raise Usage("SPI %08x: unknown cipher '%s'" % (self.spi, self.enc))

    def missing(self):
        """numbers that never came, between the lowest and the highest that did"""
        return max(self.seen) - min(self.seen) + 1 - len(self.seen) if self.seen else 0

    def open(self, b, hi):
        """verify and decrypt a whole ESP packet -> (iv, clear text)"""
        body = len(b) - 8 - self.ivlen - self.icv
        if body < 4:
            raise Bad("ESP packet too short (%d bytes)" % len(b))
        if body % self.align:
            raise Bad("ciphertext of %d bytes is not a multiple of %d" %
                      (body, self.align))
        iv = b[8:8 + self.ivlen]
        ct = b[8 + self.ivlen:len(b) - self.icv]
        icv = b[len(b) - self.icv:]
        if self.kind == "aead":
            aad = b[:4] + struct.pack("!I", hi) + b[4:8] if self.esn else b[:8]
            nonce = self.salt + iv
            try:
                if self.enc.startswith("AES_CCM"):
                    return iv, AESCCM(self.key, tag_length=self.icv).decrypt(
                        nonce, ct + icv, aad)
                if "CHACHA" in self.enc:
                    return iv, ChaCha20Poly1305(self.key).decrypt(
                        nonce, ct + icv, aad)
                d = Cipher(algorithms.AES(self.key), modes.GCM(
                    nonce, icv, min_tag_length=self.icv)).decryptor()
                if self.enc == "AES_GMAC":
                    d.authenticate_additional_data(aad + iv + ct)
                    d.finalize()
                    return iv, ct
                d.authenticate_additional_data(aad)
                return iv, d.update(ct) + d.finalize()
            except InvalidTag:
                raise Bad("ICV wrong")
        if self.mac:
            m = b[:len(b) - self.icv]
            if self.esn:
                m += struct.pack("!I", hi)
            if not hmac.compare_digest(self.mac(self.ikey, m)[:self.icv],
                                       icv):
                raise Bad("ICV wrong")
        if self.kind == "null":
            return b"", ct
        if self.kind == "ctr":
            c = Cipher(algorithms.AES(self.key), modes.CTR(
                self.salt + iv + b"\0\0\0\1"))
        else:
            c = Cipher(self.alg(self.key), modes.CBC(iv))
        d = c.decryptor()
        return iv, d.update(ct) + d.finalize()
