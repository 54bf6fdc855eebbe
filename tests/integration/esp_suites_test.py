#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""esp_suites_test.py - AES-GCM, AES-CTR and 3DES against strongSwan, agreed on by IKEv1.

The sides take turns at beginning; the referee decrypts every packet of both with strongSwan's keys.
"""
import cases
from cases import case
from suites import ESP_SUITES
from tunnel import prove

for _i, _suite in enumerate(ESP_SUITES):
    _role = ("initiator", "responder")[_i % 2]
    case("%s_%s" % (_role, _suite.name.replace("-", "_")), param=(_role, _suite))(
        lambda p: prove(*p))

if __name__ == "__main__":
    cases.main()
