/* SPDX-License-Identifier: BSD-3-Clause */
/* YAML: places, bounds, and going on after a fault. */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "yaml/yaml.h"

struct seen {
    struct diagnostics diagnostics;
    struct buf text; /* the documents, written in one line each */
    size_t documents;
};

/* Recursion is over the small trees of the tests. */
static void write_tree(struct buf *out, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR) {
        buf_add(out, node->text);
    } else {
        buf_byte(out, node->kind == YAML_MAP ? '{' : '[');
        for (size_t i = 0; i < node->count; i++) {
            if (i > 0)
                buf_byte(out, ' ');
            if (node->kind == YAML_MAP) {
                buf_add(out, node->keys[i]->text);
                buf_byte(out, ':');
            }
            write_tree(out, node->items[i]);
        }
        buf_byte(out, node->kind == YAML_MAP ? '}' : ']');
    }
    buf_format(out, "@%u:%u", node->place.line, node->place.column);
}

static void on_document(void *context, const struct yaml_node *root)
{
    struct seen *seen = context;
    write_tree(&seen->text, root);
    buf_byte(&seen->text, ';');
}

static struct seen read_bytes(struct view text)
{
    struct seen seen = {.documents = 0};
    diagnostics_init(&seen.diagnostics);
    buf_init(&seen.text, 1 << 20);
    seen.documents = yaml_read("t.yml", text, &seen.diagnostics, on_document, &seen);
    buf_byte(&seen.text, '\0');
    return seen;
}

static void clear(struct seen *seen)
{
    buf_clear(&seen->text);
    diagnostics_clear(&seen->diagnostics);
}

static void expect(const char *text, const char *tree)
{
    struct seen seen = read_bytes(view_from_string(text));
    assert_int_equal(seen.diagnostics.count, 0);
    assert_string_equal((const char *)seen.text.data, tree);
    clear(&seen);
}

static void expect_fault(struct view text, const char *id, unsigned line, unsigned column)
{
    struct seen seen = read_bytes(text);
    assert_int_equal(seen.diagnostics.count, 1);
    assert_string_equal(seen.diagnostics.items[0].id, id);
    assert_int_equal(seen.diagnostics.items[0].line, line);
    assert_int_equal(seen.diagnostics.items[0].column, column);
    clear(&seen);
}

static void every_node_knows_its_place(void **state)
{
    (void)state;
    expect("a: b\nc:\n  - d\n  - {e: f}\n", "{a:b@1:4 c:[d@3:5 {e:f@4:9}@4:5]@3:3}@1:1;");
    expect("'ü': x", "{\xc3\xbc:x@1:6}@1:1;");
    expect("a\n---\nb\n", "a@1:1;b@3:1;");
}

static void empty_documents_are_passed_over(void **state)
{
    (void)state;
    expect("", "");
    expect("# only a comment\n", "");
    expect("---\n---\na\n---\n", "a@3:1;");
    expect("~\n", "");
}

static void aliases_share_their_node(void **state)
{
    (void)state;
    expect("a: &x [1]\nb: *x\n", "{a:[1@1:8]@1:4 b:[1@1:8]@1:4}@1:1;");
    expect("a: &x 1\nb: &x 2\nc: *x\n", "{a:1@1:4 b:2@2:4 c:2@2:4}@1:1;");
    expect_fault(VIEW("a: *x\n"), "yaml-alias", 1, 4);
    expect_fault(VIEW("a: &x [*x]\n"), "yaml-alias", 1, 8);
}

static void aliases_stand_for_a_bounded_number_of_nodes(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 20; i++)
        buf_format(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
    struct seen seen = read_bytes(buf_view(&text));
    assert_int_equal(seen.diagnostics.count, 1);
    assert_string_equal(seen.diagnostics.items[0].id, "yaml-alias");
    clear(&seen);
    /* deep by aliases, though no line is */
    buf_reset(&text);
    buf_text(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < 80; i++)
        buf_format(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    seen = read_bytes(buf_view(&text));
    assert_int_equal(seen.diagnostics.count, 1);
    assert_string_equal(seen.diagnostics.items[0].id, "yaml-alias");
    clear(&seen);
    buf_clear(&text);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[256];
    memset(text, '[', 128);
    memset(text + 128, ']', 128);
    expect_fault(view_make(text, 256), "yaml-depth", 1, 65);
    expect_fault(view_make(text, 100), "yaml-depth", 1, 65);
    struct seen seen = read_bytes(view_make(text + 64, 128));
    assert_int_equal(seen.diagnostics.count, 0);
    clear(&seen);
}

static void a_key_stands_once(void **state)
{
    (void)state;
    expect_fault(VIEW("a: 1\nb: 2\na: 3\n"), "duplicate-key", 3, 1);
    expect_fault(VIEW("x:\n  - {a: 1, 'a': 3}\n"), "duplicate-key", 2, 12);
    expect("{a: 1, A: 2}", "{a:1@1:5 A:2@1:11}@1:1;");
}

static void keys_are_names(void **state)
{
    (void)state;
    expect_fault(VIEW("? [a]\n: b\n"), "yaml-key", 1, 3);
    expect_fault(VIEW("a: &x {b: c}\nd:\n  <<: *x\n"), "yaml-merge", 3, 3);
    expect_fault(VIEW("a: !!binary aGVsbG8=\n"), "yaml-tag", 1, 4);
    expect("a: !!str 1\n", "{a:1@1:4}@1:1;");
}

static void tabs_have_their_own_message(void **state)
{
    (void)state;
    expect_fault(VIEW("a:\n\tb: c\n"), "yaml-tab", 2, 1);
    expect("a: b\tc\n", "{a:b\tc@1:4}@1:1;");
}

static void only_utf8_is_read(void **state)
{
    (void)state;
    expect_fault(VIEW("a: b\nc: \xff\n"), "not-utf-8", 2, 4);
    expect_fault(VIEW("a: \xc0\xaf\n"), "not-utf-8", 1, 4);     /* an overlong slash */
    expect_fault(VIEW("a: \xed\xa0\x80\n"), "not-utf-8", 1, 4); /* a surrogate */
    expect_fault(VIEW("a: \xe2\x82"), "not-utf-8", 1, 4);       /* cut off */
    expect_fault(VIEW("a: \x01\n"), "control-character", 1, 4);
    expect_fault(VIEW("a\0b\n"), "control-character", 1, 2);
    expect_fault(VIEW("\xff\xfe"
                      "a\0"),
                 "not-utf-8", 1, 1); /* UTF-16 */
    expect_fault(VIEW("\xfe\xff\0a"), "not-utf-8", 1, 1);
    expect_fault(VIEW("a\0:\0"), "not-utf-8", 1, 1); /* without its mark */
    expect_fault(VIEW("\0a\0:"), "not-utf-8", 1, 1);
    struct seen seen = read_bytes(VIEW("\0a\0:"));
    assert_string_equal(seen.diagnostics.items[0].text, "the file is UTF-16; rule files are UTF-8");
    clear(&seen);
    expect("\xef\xbb\xbf"
           "a",
           "a@1:1;");
}

static void reading_goes_on_at_the_next_document(void **state)
{
    (void)state;
    struct seen seen = read_bytes(VIEW("a: [1\n---\nb: 2\n---\nc: {\n--- \nd: 4\n"));
    assert_int_equal(seen.diagnostics.count, 2);
    assert_int_equal(seen.diagnostics.items[1].line, 6);
    assert_string_equal((const char *)seen.text.data, "{b:2@3:4}@3:1;{d:4@7:4}@7:1;");
    clear(&seen);
    /* a fault that libyaml can pass spoils its own document only */
    seen = read_bytes(VIEW("a: 1\na: 2\n---\nb: 2\n"));
    assert_int_equal(seen.diagnostics.count, 1);
    assert_string_equal((const char *)seen.text.data, "{b:2@4:4}@4:1;");
    assert_int_equal(seen.documents, 2);
    clear(&seen);
}

static void an_open_quote_is_told_where_it_begins(void **state)
{
    (void)state;
    expect_fault(VIEW("a: b\nc: 'd\ne: f\n"), "yaml-syntax", 2, 4);
}

static const struct yaml_node *null_of(struct yaml_node *node, const char *text, bool is_plain)
{
    *node = (struct yaml_node){.kind = YAML_SCALAR, .is_plain = is_plain};
    node->text = view_from_string(text);
    return node;
}

static void only_unquoted_words_mean_null(void **state)
{
    (void)state;
    struct yaml_node node;
    bool is_true = false;

    assert_true(yaml_is_null(null_of(&node, "null", true)));
    assert_true(yaml_is_null(null_of(&node, "~", true)));
    assert_true(yaml_is_null(null_of(&node, "", true)));
    assert_false(yaml_is_null(null_of(&node, "null", false)));
    assert_false(yaml_is_null(null_of(&node, "nul", true)));
    assert_true(yaml_parse_bool(null_of(&node, "Yes", false), &is_true));
    assert_true(is_true);
    assert_true(yaml_parse_bool(null_of(&node, "off", true), &is_true));
    assert_false(is_true);
    assert_false(yaml_parse_bool(null_of(&node, "y", true), &is_true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(empty_documents_are_passed_over),
        cmocka_unit_test(aliases_share_their_node),
        cmocka_unit_test(aliases_stand_for_a_bounded_number_of_nodes),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(keys_are_names),
        cmocka_unit_test(tabs_have_their_own_message),
        cmocka_unit_test(only_utf8_is_read),
        cmocka_unit_test(reading_goes_on_at_the_next_document),
        cmocka_unit_test(an_open_quote_is_told_where_it_begins),
        cmocka_unit_test(only_unquoted_words_mean_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
