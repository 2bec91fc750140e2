/* SPDX-License-Identifier: BSD-3-Clause */
/* Anomalies: the two name tables. */
#include "base/anomaly.h"

static const char *const NAMES[] = {
    "none",
#define ANOMALY(id, name, layer) name,
#include "base/anomaly.def"
#undef ANOMALY
};

static const char *const LAYERS[] = {
    "none",
#define ANOMALY(id, name, layer) #layer,
#include "base/anomaly.def"
#undef ANOMALY
};

const char *anomaly_name(enum anomaly anomaly)
{
    return NAMES[anomaly];
}

const char *anomaly_layer(enum anomaly anomaly)
{
    return LAYERS[anomaly];
}
