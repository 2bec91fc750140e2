/* SPDX-License-Identifier: BSD-3-Clause */
/* Anomalies: the identifiers and names made from anomaly.def. */
#ifndef SHRIKE_BASE_ANOMALY_H
#define SHRIKE_BASE_ANOMALY_H

enum anomaly {
    ANOMALY_NONE,
#define ANOMALY(id, name, layer) ANOMALY_##id,
#include "base/anomaly.def"
#undef ANOMALY
    ANOMALY_COUNT
};

const char *anomaly_name(enum anomaly anomaly);  /* "ipv4.pkt_too_small" */
const char *anomaly_layer(enum anomaly anomaly); /* "decode", "stream" or "applayer" */

#endif
