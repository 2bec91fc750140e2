/* SPDX-License-Identifier: BSD-3-Clause */
/* Suricata's rules: any bytes as a file of rules. What is written of it must load without an error. Documents that ask
 * for marks of flows load only where the field is there. */
#include <assert.h>

#include "import/suricata/suricata.h"
#include "sigma/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const struct buf *out)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", buf_view(out), &diagnostics);
    rules_finish(rules, &diagnostics);
    if (diagnostics.errors > 0)
        diagnostics_print(&diagnostics, stderr);
    assert(diagnostics.errors == 0);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
}

static void on_refused(void *context, uint64_t sid, struct place place, const char *reason)
{
    (void)context;
    (void)sid;
    assert(reason[0] != '\0' && place.line > 0);
}

static bool has_marks(struct view yaml)
{
    return view_find(yaml, VIEW("\n  marks: ")) != VIEW_NOT_FOUND ||
           view_find(yaml, VIEW("\n  alert: false")) != VIEW_NOT_FOUND ||
           view_find(yaml, VIEW("flow.mark: ")) != VIEW_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char VARS[] = "EXTERNAL_NET: any\nHTTP_PORTS: \"[80,8080:8090]\"\n";
    struct diagnostics diagnostics;
    struct buf out;

    diagnostics_init(&diagnostics);
    buf_init(&out, 1 << 24);
    struct suricata_import *s = suricata_new(&diagnostics);
    suricata_read_vars(s, "vars", view_from_string(VARS));
    suricata_read(s, "fuzz.rules", view_make(data, size));
    suricata_finish(s);
    suricata_each_refused(s, on_refused, NULL);
    bool is_whole = suricata_write(s, &out) == 0;
    bool knows_marks = field_find(EVENT_STREAM, VIEW("flow.mark")) != FIELD_NONE;
    if (is_whole && (knows_marks || !has_marks(buf_view(&out))))
        load(&out);
    suricata_free(s);
    buf_clear(&out);
    diagnostics_clear(&diagnostics);
    return 0;
}
