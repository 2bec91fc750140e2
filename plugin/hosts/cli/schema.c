/* SPDX-License-Identifier: BSD-3-Clause */
/* shrike schema: a JSON Schema (draft 2020-12) of rule files, for editors.
 *
 * Idea       what changes with the tables is made from them: the keys of a selection from fields.def and modifier.def,
 *            the events of log sources from logsource.def, the block `shrike:` from extension.def, the types of
 *            correlations from correlation.def, the keys of lists and correlations from key.def. The rest is fixed text.
 *            `shrike check` says more and is the judge; the schema must never refuse what it accepts.
 * Misspelt   keys are refused where the loader refuses them. Sigma allows any keys beside its own at the top of a rule,
 *            a filter and a correlation, and in a log source: there they pass, and `shrike check` warns.
 * Keys       a field is a property by its name, for completion, and with any modifiers behind a pattern. Aliases are
 *            written in either case, as they are read.
 * Quotes     the fixed text has ' where JSON has ".
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fields/fields.h"
#include "hosts/cli/cli.h"
#include "output/json.h"

static void fixed(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_byte(out, (uint8_t)(*text == '\'' ? '"' : *text));
}

/* ---- keys of selections ---------------------------------------------------------------------------------- */

/* Every word that may follow a `|`; those of the class PLACE stand in the map form alone. */
static const char *modifiers(void)
{
    return ""
#define CLASS_PLACE(name)         ""
#define CLASS_POSITION(name)      "|" name
#define CLASS_MATCHER(name)       "|" name
#define CLASS_COMPARE(name)       "|" name
#define CLASS_NUMBER(name)        "|" name
#define CLASS_ENCODING(name)      "|" name
#define CLASS_FLAG(name)          "|" name
#define CLASS_LOGIC(name)         "|" name
#define CLASS_TRANSFORM(name)     "|" name
#define MODIFIER(id, name, class) CLASS_##class(name)
#include "value/modifier.def"
#undef MODIFIER
           + 1;
}

/* As a pattern: `.` is no joker; letters of an alias in either case. */
static void put_name(struct buf *out, struct view name, bool is_alias)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (is_alias && isalpha(c))
            buf_format(out, "[%c%c]", toupper(c), tolower(c));
        else if (isalnum(c) || c == '_' || c == '-')
            buf_byte(out, c);
        else
            buf_format(out, "\\%c", c);
    }
}

static void put_aliases(struct buf *out, const char *aliases)
{
    struct view rest = view_from_string(aliases);

    while (rest.len > 0) {
        size_t end = view_find_byte(rest, ' ');
        struct view name = view_slice(rest, 0, end);
        rest = end == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(rest, end + 1);
        if (name.len == 0)
            continue;
        buf_byte(out, '|');
        put_name(out, name, true);
    }
}

/* ^(names of the event's fields and the envelope's)(|modifier)*$ */
static void put_pattern(struct buf *out, enum event_type event)
{
    const enum event_type types[] = {event, EVENT_ANY};
    struct buf pattern;

    buf_init(&pattern, 1 << 20);
    buf_text(&pattern, "^(http\\.(response_)?header\\.[^|]+");
    for (size_t t = 0; t < 2; t++) {
        for (enum field_id id = field_first(types[t]); id < field_end(types[t]); id++) {
            buf_byte(&pattern, '|');
            put_name(&pattern, view_from_string(field_get(id)->name), false);
            put_aliases(&pattern, field_get(id)->aliases);
        }
    }
    buf_format(&pattern, "|)(\\|(%s))*$", modifiers()); /* no name: a keyword */
    json_put_string(out, buf_view(&pattern));
    buf_clear(&pattern);
}

static void put_properties(struct buf *out, enum event_type type)
{
    for (enum field_id id = field_first(type); id < field_end(type); id++) {
        json_put_open(out, field_get(id)->name);
        json_put_chars(out, "$ref", "#/$defs/value");
        json_put_chars(out, "description", field_get(id)->description);
        json_put_close(out);
    }
}

static void put_event(struct buf *out, enum event_type event)
{
    const char *name = event_type_name(event);

    buf_format(out, ",\n\"detection_%s\":", name);
    fixed(out, "{'type':'object','required':['condition'],'properties':{"
               "'condition':{'$ref':'#/$defs/condition'},'timeframe':{'type':'string'}},"
               "'additionalProperties':{'anyOf':[{'$ref':'#/$defs/scalar'},");
    buf_format(out,
               "{\"$ref\":\"#/$defs/map_%s\"},{\"type\":\"array\",\"minItems\":1,\"items\":"
               "{\"anyOf\":[{\"$ref\":\"#/$defs/map_%s\"},{\"$ref\":\"#/$defs/scalar\"}]}}]}}",
               name, name);
    buf_format(out, ",\n\"map_%s\":", name);
    fixed(out, "{'type':'object','minProperties':1,'properties':{");
    put_properties(out, event);
    put_properties(out, EVENT_ANY);
    fixed(out, "},'patternProperties':{");
    put_pattern(out, event);
    fixed(out, ":{'$ref':'#/$defs/value'}},'additionalProperties':false}");
}

/* ---- log sources ------------------------------------------------------------------------------------------ */

static const struct {
    const char *category, *product, *service, *event;
} LOGSOURCES[] = {
#define LOGSOURCE(category, product, service, event) {category, product, service, #event},
#include "sigma/logsource.def"
#undef LOGSOURCE
};

/* If the log source is such, its detection asks for the fields of such an event. */
static void put_choice(struct buf *out, const char *const values[3], const char *event)
{
    static const char *const KEYS[] = {"category", "product", "service"};

    json_put_item(out);
    fixed(out, "\n{'if':{'properties':{'logsource':{'properties':{");
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(values[i], "*") == 0)
            continue;
        json_put_open(out, KEYS[i]);
        json_put_chars(out, "const", values[i]);
        json_put_close(out);
    }
    fixed(out, "},'required':[");
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(values[i], "*") == 0)
            continue;
        json_put_item(out);
        json_put_string(out, view_from_string(KEYS[i]));
    }
    buf_format(out,
               "]}},\"required\":[\"logsource\"]},\"then\":{\"properties\":{\"detection\":"
               "{\"$ref\":\"#/$defs/detection_%s\"}}}}",
               event);
}

/* The first row that fits counts, so a row behind one that takes all of it in is left out. */
static bool is_reached(size_t row)
{
    for (size_t i = 0; i < row; i++) {
        bool takes_in = (strcmp(LOGSOURCES[i].category, "*") == 0 ||
                         strcmp(LOGSOURCES[i].category, LOGSOURCES[row].category) == 0) &&
                        (strcmp(LOGSOURCES[i].product, "*") == 0 ||
                         strcmp(LOGSOURCES[i].product, LOGSOURCES[row].product) == 0) &&
                        (strcmp(LOGSOURCES[i].service, "*") == 0 ||
                         strcmp(LOGSOURCES[i].service, LOGSOURCES[row].service) == 0);
        if (takes_in)
            return false;
    }
    return true;
}

static void put_choices(struct buf *out)
{
    fixed(out, "'allOf':[");
    for (enum event_type event = EVENT_PACKET; event < EVENT_COUNT; event++) {
        const char *const values[] = {"*", "shrike", event_type_name(event)};
        put_choice(out, values, event_type_name(event));
    }
    for (size_t i = 0; i < sizeof(LOGSOURCES) / sizeof(LOGSOURCES[0]); i++) {
        const char *const values[] = {LOGSOURCES[i].category, LOGSOURCES[i].product,
                                      LOGSOURCES[i].service};
        char event[16] = "";
        for (size_t at = 0; at + 1 < sizeof(event) && LOGSOURCES[i].event[at] != '\0'; at++)
            event[at] = (char)tolower((unsigned char)LOGSOURCES[i].event[at]);
        if (event_type_find(view_from_string(event)) != EVENT_COUNT && is_reached(i))
            put_choice(out, values, event);
    }
    buf_byte(out, ']');
}

/* ---- the fixed text --------------------------------------------------------------------------------------- */

static const char HEAD[] =
    "{'$schema':'https://json-schema.org/draft/2020-12/schema',\n"
    "'title':'shrike rules: detections, lists, correlations and filters',\n"
    "'type':'object',\n"
    "'anyOf':[{'required':['detection']},{'required':['list']},{'required':['correlation']},"
    "{'required':['filter']}],\n"
    "'allOf':[{'if':{'required':['detection']},'then':{'$ref':'#/$defs/rule'}},"
    "{'if':{'required':['list']},'then':{'$ref':'#/$defs/list_document'}},"
    "{'if':{'required':['correlation']},'then':{'$ref':'#/$defs/correlation_document'}},"
    "{'if':{'required':['filter']},'then':{'$ref':'#/$defs/filter_document'}}],\n'$defs':{\n";

static const char VALUES[] =
    "'scalar':{'type':['string','number','boolean','null']},\n"
    "'texts':{'anyOf':[{'type':['string','null']},{'type':'array'}]},\n"
    "'offset':{'type':['integer','string'],'minimum':0},\n"
    "'percent':{'anyOf':[{'type':'integer','minimum':0,'maximum':100},"
    "{'type':'string','pattern':'^[0-9]+$'}]},\n"
    "'step':{'type':'object'},\n"
    "'value':{'anyOf':[{'$ref':'#/$defs/scalar'},{'$ref':'#/$defs/placed'},"
    "{'type':'array','minItems':1,'items':{'anyOf':[{'$ref':'#/$defs/scalar'},"
    "{'$ref':'#/$defs/placed'}]}}]},\n"
    "'condition':{'description':'and, or, not, ( ), 1 of sel*, all of them; a list is OR',"
    "'anyOf':[{'type':'string'},{'type':'array','minItems':1,'items':{'type':'string'}}]},\n";

static const char METADATA[] =
    "'title':{'type':'string','description':'What it detects, at most 256 characters'},"
    "'id':{'type':'string','description':'A UUID'},"
    "'name':{'type':'string'},'description':{'type':['string','null']},"
    "'author':{'type':['string','null']},'date':{'type':'string'},'modified':{'type':'string'},"
    "'status':{'description':'stable, test, experimental, deprecated or unsupported',"
    "'examples':['stable','test','experimental','deprecated','unsupported']},"
    "'references':{'$ref':'#/$defs/texts'},'falsepositives':{'$ref':'#/$defs/texts'},"
    "'tags':{'$ref':'#/$defs/"
    "texts','examples':[['attack.command-and-control','attack.t1071.001']]},"
    "'level':{'enum':['informational','low','medium','high','critical',null]}";

static const char LOGSOURCE_KEYS[] =
    "'logsource':{'type':'object','minProperties':1,'properties':{"
    "'category':{'type':'string'},'product':{'type':'string','examples':['shrike','zeek']},"
    "'service':{'type':'string'},'definition':{}}}";

/* Each key of a list and of its entries has its form here. */
static const char LIST_FORMS[] =
    "'list_list':{'type':'string','minLength':1},\n"
    "'list_source':{'$ref':'#/$defs/scalar'},\n"
    "'list_expires':{'type':'string','description':'2027-01-01'},\n"
    "'list_date':{'type':'string','description':'2026-01-01: since when its entries age'},\n"
    "'list_decay':{'type':'string','pattern':'^[0-9]*[1-9][0-9]*[smhdw]$',"
    "'description':'90d: the span in which confidence halves'},\n"
    "'list_values':{'type':'array','items':{'anyOf':[{'type':['string','number','boolean']},"
    "{'$ref':'#/$defs/entry'}]}},\n"
    "'list_file':{'type':['string','number'],'description':'beside the rule file'},\n"
    "'list_column':{'type':['string','integer']},\n"
    "'list_tlp':{'type':'string','examples':['clear','green','amber','amber+strict','red']},\n"
    "'list_tags':{'$ref':'#/$defs/texts'},\n"
    "'list_description':{},'list_references':{},'list_title':{},'list_id':{},'list_author':{},\n"
    "'list_status':{},'list_modified':{},'list_license':{},\n"
    "'entry_value':{'type':['string','number','boolean']},\n"
    "'entry_note':{'$ref':'#/$defs/scalar'},\n"
    "'entry_confidence':{'$ref':'#/$defs/percent'},\n"
    "'entry_first_seen':{'type':'string','description':'2026-01-01'},\n"
    "'entry_valid_from':{'type':'string','description':'2026-01-01'},\n"
    "'entry_valid_until':{'type':'string','description':'2027-01-01'},\n";

static const char LIST_TYPES[] = ""
#define LIST_TYPE(name, id, wanted, help) ",'" name "'"
#include "sigma/list_type.def"
#undef LIST_TYPE
    ;

static const char FORMATS[] = ""
#define FEED(id, name, reader, detect, description) ",'" name "'"
#include "import/feed.def"
    ;

static const char LIST_KEYS[] = ""
#define LIST_KEY(name) ",'" name "':{'$ref':'#/$defs/list_" name "'}"
#include "sigma/key.def"
    ;

static const char ENTRY_KEYS[] = ""
#define ENTRY_KEY(name) ",'" name "':{'$ref':'#/$defs/entry_" name "'}"
#include "sigma/key.def"
    ;

static const char COLUMNS[] = ""
#define FEED_COLUMN(id, name) ",'" name "':{'$ref':'#/$defs/list_column'}"
#include "import/feed_column.def"
    ;

/* `{'enum':[names]}`, of names that begin with a comma. */
static void put_enum(struct buf *out, const char *name, const char *names)
{
    buf_format(out, "\"%s\":{\"enum\":[", name);
    fixed(out, names + 1);
    fixed(out, "]},\n");
}

static void put_list(struct buf *out)
{
    fixed(out, ",\n'list_document':{'type':'object','required':['list','type'],"
               "'anyOf':[{'required':['values']},{'required':['file']}],"
               "'dependentRequired':{'column':['file'],'columns':['file']},"
               "'additionalProperties':false,'properties':{");
    fixed(out, LIST_KEYS + 1);
    fixed(out, "}},\n'entry':{'type':'object','required':['value'],"
               "'additionalProperties':false,'properties':{");
    fixed(out, ENTRY_KEYS + 1);
    fixed(out, "}},\n");
    put_enum(out, "list_type", LIST_TYPES);
    put_enum(out, "list_format", FORMATS);
    fixed(out, "'list_columns':{'type':'object','additionalProperties':false,'properties':{");
    fixed(out, COLUMNS + 1);
    fixed(out, "}},\n");
    fixed(out, LIST_FORMS);
}

/* Of a known type the keys are known; behaviours have parameters of their own. */
static const char CORRELATION_TYPES[] = ""
#define CORRELATION(name, flags) ",'" name "'"
#define BEHAVIOUR(name)
#include "sigma/correlation.def"
#undef BEHAVIOUR
#undef CORRELATION
    ;

static const char BEHAVIOURS[] = ""
#define CORRELATION(name, flags)
#define BEHAVIOUR(name) ",'" name "'"
#include "sigma/correlation.def"
#undef BEHAVIOUR
#undef CORRELATION
    ;

static const char CORRELATION_KEYS[] = ""
#define CORRELATION_KEY(name) ",'" name "'"
#include "sigma/key.def"
    ;

static const char CONDITION_KEYS[] = ""
#define CONDITION_KEY(name) ",'" name "'"
#include "sigma/key.def"
    ;

static const char CORRELATION_FORMS[] =
    "'rules':{'$ref':'#/$defs/names'},'group-by':{'$ref':'#/$defs/names'},"
    "'timespan':{'type':'string','pattern':'^[0-9]*[1-9][0-9]*[smhdw]$'},"
    "'condition':{'type':'object'},"
    "'aliases':{'type':'object','additionalProperties':{'type':'object','minProperties':1,"
    "'additionalProperties':{'type':'string'}}},'generate':{'type':'boolean'}}";

static const char NAMES[] =
    "'names':{'anyOf':[{'type':'string','minLength':1},{'type':'array','minItems':1,"
    "'items':{'type':'string','minLength':1}}]},\n";

static const char FILTER_KEYS[] =
    "'expires':{'type':'string','description':'2027-01-01: from then on it silences nothing'},"
    "'filter':{'type':'object','required':['rules','condition'],'properties':{"
    "'rules':{'description':'any, or ids and names of rules','$ref':'#/$defs/names'},"
    "'condition':{'$ref':'#/$defs/condition'}}}}},\n";

static void put_correlation(struct buf *out)
{
    fixed(out, "'correlation_document':{'type':'object','required':['correlation'],'properties':{");
    fixed(out, METADATA);
    fixed(out, ",'generate':{'type':'boolean'},'correlation':{'type':'object',"
               "'required':['type','rules','group-by','timespan'],'properties':{'type':{'enum':[");
    fixed(out, CORRELATION_TYPES + 1);
    fixed(out, BEHAVIOURS);
    fixed(out, "]},");
    fixed(out, CORRELATION_FORMS);
    fixed(out, ",'if':{'properties':{'type':{'enum':[");
    fixed(out, CORRELATION_TYPES + 1);
    fixed(out, "]}}},'then':{'propertyNames':{'enum':[");
    fixed(out, CORRELATION_KEYS + 1);
    fixed(out, "]},'properties':{'condition':{'propertyNames':{'enum':[");
    fixed(out, CONDITION_KEYS + 1);
    fixed(out, "]}}}}}}},\n");
    fixed(out, NAMES);
}

static void put_filter(struct buf *out)
{
    fixed(out,
          "'filter_document':{'type':'object','required':['filter','logsource'],'properties':{");
    fixed(out, METADATA);
    buf_byte(out, ',');
    fixed(out, LOGSOURCE_KEYS);
    buf_byte(out, ',');
    fixed(out, FILTER_KEYS);
}

/* Each key of extension.def has its form here. */
static const char EXTENSION_FORMS[] =
    "'shrike_sid':{'type':'integer','minimum':1,'maximum':4294967295,"
    "'description':'signature_id in EVE; made from the id when absent'},\n"
    "'shrike_rev':{'type':'integer','minimum':0,'maximum':4294967295},\n"
    "'shrike_gid':{'type':'integer','minimum':0,'maximum':4294967295},\n"
    "'shrike_category':{'type':'string','description':'category in EVE; by the tags when "
    "absent'},\n"
    "'shrike_direction':{'enum':['to_server','to_client','either']},\n"
    "'shrike_port':{'anyOf':[{'type':'integer','minimum':0,'maximum':65535},"
    "{'type':'string','pattern':'^[0-9]+(-[0-9]+)?$'}]},\n"
    "'shrike_ports':{'description':'Either port of the flow is one of these',"
    "'anyOf':[{'$ref':'#/$defs/shrike_port'},"
    "{'type':'array','minItems':1,'items':{'$ref':'#/$defs/shrike_port'}}]},\n"
    "'shrike_valid_from':{'type':'string',"
    "'description':'alerts before are told as informational and early'},\n"
    "'shrike_valid_until':{'type':'string',"
    "'description':'alerts from then on are told as informational and expired'},\n"
    "'shrike_suppress':{'type':'object','required':['for'],'additionalProperties':false,"
    "'properties':{'first':{'$ref':'#/$defs/shrike_number'},"
    "'every':{'$ref':'#/$defs/shrike_number'},'after':{'$ref':'#/$defs/shrike_number'},"
    "'beyond':{'$ref':'#/$defs/shrike_number'},"
    "'by':{'anyOf':[{'type':'string'},"
    "{'type':'array','maxItems':4,'items':{'type':'string'}}]},"
    "'for':{'type':'string','pattern':'^[0-9]+[smhdw]$'}}},\n"
    "'shrike_number':{'type':'integer','minimum':1,'maximum':1000000},\n"
    "'shrike_alert':{'type':'boolean','description':'false: it sets marks and says nothing'},\n"
    "'shrike_mark':{'type':['string','number','boolean'],'maxLength':255},\n"
    "'shrike_mark_names':{'anyOf':[{'$ref':'#/$defs/shrike_mark'},"
    "{'type':'array','items':{'$ref':'#/$defs/shrike_mark'}}]},\n"
    "'shrike_marks':{'type':'object','minProperties':1,'additionalProperties':false,"
    "'description':'Marks of the flow, for flow.mark of other rules','properties':{"
    "'set':{'$ref':'#/$defs/shrike_mark_names'},'clear':{'$ref':'#/$defs/shrike_mark_names'},"
    "'toggle':{'$ref':'#/$defs/shrike_mark_names'}}},\n"
    "'shrike_tests':{'type':'array','items':{'type':'object','required':['pcap'],"
    "'anyOf':[{'required':['alerts']},{'required':['matches']}],"
    "'additionalProperties':false,'properties':{'pcap':{'type':'string'},"
    "'alerts':{'type':'integer','minimum':0},'matches':{'type':'integer','minimum':0}}}}";

static const char *const EXTENSIONS[] = {
#define EXTENSION(name, reader) name,
#include "sigma/extension.def"
#undef EXTENSION
};

static void put_rule(struct buf *out)
{
    fixed(out, "'rule':{'type':'object','required':['logsource','detection'],\n'properties':{");
    fixed(out, METADATA);
    buf_byte(out, ',');
    fixed(out, LOGSOURCE_KEYS);
    fixed(out, ",\n'detection':{'type':'object','required':['condition']},\n"
               "'shrike':{'type':'object','additionalProperties':false,'properties':{");
    for (size_t i = 0; i < sizeof(EXTENSIONS) / sizeof(EXTENSIONS[0]); i++) {
        json_put_item(out);
        buf_format(out, "\"%s\":{\"$ref\":\"#/$defs/shrike_%s\"}", EXTENSIONS[i], EXTENSIONS[i]);
    }
    fixed(out, "}}},\n");
    put_choices(out);
    buf_byte(out, '}');
}

/* The map form of a value: {hex: "16 03", at: 0}, a sequence, or a number to read. */
static void put_placed(struct buf *out)
{
    fixed(out, "'placed':{'type':'object','anyOf':["
               "{'required':['sequence'],'properties':{'sequence':{'type':'array','minItems':1,"
               "'items':{'$ref':'#/$defs/step'}}},'additionalProperties':false},"
               "{'required':['bytes']},"
               "{'properties':{'at':{'$ref':'#/$defs/offset'},'from':{'$ref':'#/$defs/offset'},"
               "'to':{'$ref':'#/$defs/offset'},'within':{'type':'array','minItems':2,'maxItems':2,"
               "'items':{'$ref':'#/$defs/offset'}}},'patternProperties':{");
    buf_format(out, "\"^(equals|%s)(\\\\|(%s))*$\":", modifiers(), modifiers());
    fixed(out,
          "{'anyOf':[{'$ref':'#/$defs/scalar'},{'type':'array','items':"
          "{'$ref':'#/$defs/scalar'}}]},'^confidence\\\\|[gl]te?$':{'$ref':'#/$defs/percent'}},"
          "'additionalProperties':false}]},\n");
}

static void put_schema(struct buf *out)
{
    fixed(out, HEAD);
    fixed(out, VALUES);
    put_placed(out);
    put_rule(out);
    put_list(out);
    put_correlation(out);
    put_filter(out);
    fixed(out, EXTENSION_FORMS);
    for (enum event_type event = EVENT_PACKET; event < EVENT_COUNT; event++)
        put_event(out, event);
    buf_text(out, "}}\n");
}

int schema_command(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    int option;
    struct buf out;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return usage_error("schema", "wrong option");
        puts(
            "usage: shrike schema\n\n"
            "Prints a JSON Schema (draft 2020-12) of rule, list, correlation and filter documents, "
            "for\n"
            "editors: completion of fields and modifiers, misspelt names underlined while typing.");
        return STATUS_OK;
    }
    if (optind < argc)
        return usage_error("schema", "there is nothing to name: '%s'", argv[optind]);
    buf_init(&out, 1 << 24);
    put_schema(&out);
    fwrite(out.data, 1, out.len, stdout);
    buf_clear(&out);
    return STATUS_OK;
}
