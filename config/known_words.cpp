#include "config/known_words.hpp"

#include "config/core_options.hpp"
#include "config/text/report.hpp"
#include "config/word_tables.hpp"
#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace millrace::config {
namespace {

// The first entry that fits counts, so what holds for one type stands above what holds for its kind.
constexpr known_word words_for_options[] = {
    // The top level
    {"", "name id job jobname app appname application pipelinename", "did you mean \"topology\"?"},
    {"", "description comment label", "did you mean \"title\"?"},
    {"", "sources sinks inputs outputs input output pipeline nodes steps tasks operators processors streams",
     "did you mean \"stages\"? Sources, parsers, windows and sinks stand in one map, and \"from\" joins "
     "them"},
    {"", "checkpoint checkpointing checkpointinterval checkpointevery",
     "did you mean \"snapshot_every\"? The folder is millrace run's --state"},
    {"", "checkpointlocation checkpointdir state statedir statebackend savepoint",
     "the state's folder is not part of a topology: millrace run has --state DIR"},
    {"", "trigger processingtime batchinterval interval commitinterval commitintervalms",
     "did you mean \"commit_every\"?"},
    {"", "parallelism threads workers cores",
     "did you mean --threads of millrace run, or \"shards\" of a window?"},
    {"", "dlq deadletterqueue deadletter errors onerror", "did you mean \"dead_letters\"?"},
    {"", "http metrics port", "metrics are served by millrace run's --http"},

    // These are words for options of one type.
    {"source kafka", "bootstrapservers bootstrap servers broker brokerlist addresses hosts address url",
     "did you mean \"brokers\"?"},
    {"source kafka", "subscribe topics topicname", "did you mean \"topic\"? A source reads one"},
    {"source kafka", "subscribepattern topicpattern pattern",
     "a source reads one \"topic\"; a parser reads from several sources: \"from\": [\"a\", \"b\"]"},
    {"source kafka",
     "startingoffsets startingoffset offset offsets autooffsetreset startfromoldest scanstartupmode "
     "startingtimestamp frombeginning",
     "did you mean \"start\"?"},
    {"source kafka", "groupid consumergroup consumergroupid", "did you mean \"group\"?"},
    {"source kafka", "isolationlevel", "did you mean \"read_committed\"?"},
    {"source kafka", "maxoffsetspertrigger maxpollrecords rowspersecond throttle", "did you mean \"rate\"?"},
    {"source kafka",
     "securityprotocol saslmechanism saslmechanisms saslusername saslpassword saslusernamepassword "
     "sasljaasconfig sslcalocation sasl tls ssl config options settings conf",
     "did you mean \"properties\": { \"security.protocol\": ... }, which takes librdkafka's settings?"},
    {"source kafka", "format valueformat schema",
     "a parser downstream of the source says the format: { \"parser\": \"json\", \"from\": ..., \"schema\": "
     "... }"},
    {"source kafka", "keyformat keydeserializer",
     "a parser downstream of the source has \"key_format\" (docs/schemas.md)"},
    {"source file", "file files filename filepath paths location directory dir folder url uri inputpath",
     "did you mean \"path\"?"},
    {"source file", "tail watch monitor streaming continuous", "did you mean \"follow\"?"},
    {"source file", "compression codec gzip", "gzip is known by the files' content; leave it out"},
    {"source file", "format schema header delimiter sep separator",
     "a parser downstream of the source says the format: { \"parser\": \"csv\", \"from\": ..., \"header\": "
     "true }"},
    {"source http_server", "address bind host port addr", "did you mean \"listen\": \"0.0.0.0:5000\"?"},
    {"source http_server", "path paths endpoint endpoints url route", "did you mean \"routes\"?"},
    {"source http_stream", "uri endpoint address host", "did you mean \"url\"?"},
    {"source http_stream", "retry retries backoff retryinterval", "did you mean \"reconnect\"?"},
    {"source http_stream", "timeout idletimeout", "did you mean \"silence\"?"},
    {"source sql", "url uri jdbcurl dsn database", "did you mean \"connection\"?"},
    {"source sql", "dbtable tablename", "did you mean \"table\"?"},
    {"source sql", "sql statement select", "did you mean \"query\"?"},
    {"source sql", "primarykey primarykeys keys pk idcolumn", "did you mean \"key\"?"},
    {"source sql", "interval poll pollinterval period refresh schedule", "did you mean \"every\"?"},
    {"source generator", "rowspersecond recordspersecond rps eventspersecond speed",
     "did you mean \"rate\"?"},
    {"source generator", "limit rows records numrows numberofrows max size n", "did you mean \"count\"?"},
    {"source generator", "interval every period", "did you mean \"rate\", or \"burst\" with \"pause\"?"},
    {"source generator", "type template mapping dataset", "did you mean \"kind\"?"},

    {"parser csv", "sep separator fielddelimiter comma", "did you mean \"delimiter\"?"},
    {"parser csv", "quotechar quotecharacter quotemark enclosure enclosedby", "did you mean \"quote\"?"},
    {"parser csv", "charset characterset codepage", "did you mean \"encoding\"?"},
    {"parser csv", "skiprows skiplines skipfirst skipheaderlines headerlines", "did you mean \"skip\"?"},
    {"parser csv", "headers firstlineheader skipfirstline hasheader", "did you mean \"header\"?"},

    {"window session", "timeout inactivity inactivitygap gapduration sessiongap size",
     "did you mean \"gap\"?"},
    {"window tumbling", "timezone tz timezoneid localtimezone", "did you mean \"zone\"?"},
    {"window sliding", "timezone tz timezoneid localtimezone", "did you mean \"zone\"?"},
    {"window tumbling", "starttime startoffset windowoffset windowstart align alignment",
     "did you mean \"offset\"?"},
    {"window sliding", "starttime startoffset windowoffset windowstart align alignment",
     "did you mean \"offset\"?"},
    {"window session", "zone offset timezone",
     "sessions begin with a row, whatever the clocks say; expected none (a window \"tumbling\" has them)"},
    {"window global", "zone offset timezone",
     "a global window has no bounds; expected none (a window \"tumbling\" has them)"},
    {"window sliding", "hop slideduration step advance advanceby hopsize interval",
     "did you mean \"slide\"?"},
    {"window tumbling", "slide hop advance", "did you mean a window \"sliding\", which has one?"},
    {"window global", "size slide gap window", "did you mean a window \"tumbling\", which has one?"},
    {"window global", "ttl statettl retention expire expiry timeout", "did you mean \"state_ttl\"?"},

    {"sink console", "numrows rows n show truncate maxrows",
     "did you mean \"style\": \"show\", which prints the first 20 rows?"},
    {"sink console", "format codec output", "did you mean \"style\"?"},
    {"sink", "take top topn fetch first rows maxrows",
     "did you mean \"limit\"? Beside \"order_by\" it takes the first rows of each window"},
    {"sink file", "file filename filepath location directory dir folder url outputpath",
     "did you mean \"path\"?"},
    {"sink file", "codec style", "did you mean \"format\"?"},
    {"sink file", "mode savemode overwrite append truncate", "did you mean \"at_start\"?"},
    {"sink file", "rotate rotation rolling rollinterval rollsize rollingpolicy maxsize",
     "did you mean \"roll\"?"},
    {"sink kafka", "bootstrapservers bootstrap servers broker brokerlist addresses hosts address url",
     "did you mean \"brokers\"?"},
    {"sink kafka", "topics topicname", "did you mean \"topic\"?"},
    {"sink kafka", "partitions replication replicationfactor numpartitions autocreate",
     "did you mean \"create\": { \"partitions\": ..., \"replication\": ... }?"},
    {"sink kafka",
     "securityprotocol saslmechanism saslmechanisms saslusername saslpassword sasljaasconfig sslcalocation "
     "sasl tls ssl config options settings conf acks lingerms batchsize compression compressiontype",
     "did you mean \"properties\", which takes librdkafka's settings?"},
    {"sink kafka", "transactionalid semantic deliveryguarantee guarantee exactlyonce",
     "the sink is always exactly once; leave it out"},
    {"sink kafka", "valueformat codec encoding", "did you mean \"format\"?"},
    {"sink kafka",
     "schemaregistry schemaregistryurl avroconfluenturl avroconfluentschemaregistryurl registryurl",
     "did you mean \"registry\"? (docs/schemas.md)"},
    {"sink sql", "url uri jdbc jdbcurl dsn database host server connectionstring datasource",
     "did you mean \"connection\", such as \"postgresql://USER:PASSWORD@HOST/DATABASE\"?"},
    {"sink sql", "user username password port driver",
     "it is part of \"connection\": \"postgresql://USER:PASSWORD@HOST/DATABASE\""},
    {"sink sql", "dbtable tablename into", "did you mean \"table\"?"},
    {"sink sql", "primarykey primarykeys keys conflict conflictcolumns uniquekey", "did you mean \"key\"?"},
    {"sink sql", "savemode outputmode upsert writemode", "did you mean \"mode\"?"},
    {"sink sql", "createtable autocreate ifnotexists ddl", "did you mean \"create\": true?"},
    {"sink sql", "batchsize batch interval",
     "rows are committed together as \"commit_every\" of the top level says"},
    {"sink parquet", "partitionby partitions partitioncolumns partition", "did you mean \"partition_by\"?"},
    {"sink parquet", "file filename location directory dir folder table", "did you mean \"path\"?"},
    {"sink parquet", "url uri bucket endpoint s3 hdfs namenode", "did you mean \"connection\"?"},
    {"sink parquet", "codec compressioncodec", "did you mean \"compression\"?"},
    {"sink parquet", "mode savemode overwrite", "did you mean \"at_start\"?"},
    {"sink parquet", "rotate rolling rollinterval maxsize filesize", "did you mean \"roll\"?"},

    {"parser json",
     "schemaregistry schemaregistryurl avroconfluenturl avroconfluentschemaregistryurl registryurl",
     "did you mean \"registry\"? (docs/schemas.md)"},
    {"parser avro",
     "schemaregistry schemaregistryurl avroconfluenturl avroconfluentschemaregistryurl registryurl",
     "did you mean \"registry\"? (docs/schemas.md)"},
    {"parser protobuf",
     "schemaregistry schemaregistryurl avroconfluenturl avroconfluentschemaregistryurl registryurl",
     "did you mean \"registry\"? (docs/schemas.md)"},
    // These are words for options of a kind.
    {"source", "watermark watermarkdelay eventtime rowtime timestamp",
     "a parser downstream of the source has \"event_time\" and \"watermark_delay\""},
    {"source", "from input upstream", "a source reads from outside; leave it out"},
    {"parser",
     "watermark withwatermark delay watermarkdelay allowedlateness grace maxoutoforderness "
     "boundedoutoforderness outoforderness lateness",
     "did you mean \"watermark_delay\"?"},
    {"parser", "eventtime timestamp timestampcolumn timestampfield timecolumn timefield rowtime time",
     "did you mean \"event_time\"?"},
    {"parser", "columns fields types struct", "did you mean \"schema\"?"},
    {"parser", "idle idleness withidleness", "did you mean \"idle_timeout\"?"},
    {"parser", "mode badrecords errors errorhandling ignoreparseerrors ignoreerrors",
     "did you mean \"on_error\"?"},
    {"parser", "format codec type", "the type of the parser says the format: { \"parser\": \"csv\", ... }"},
    {"join as_of", "within between before after size tolerance ttl retention",
     "a version holds until the next one, however old it is; \"late_versions\" says how late one may come"},
    {"join as_of", "delete tombstone isdeleted deletion", "did you mean \"deleted\"?"},
    {"join interval",
     "within between interval size window lower upper lowerbound upperbound duration maxgap tolerance",
     "did you mean \"before\" and \"after\"? The right row lies in [left - before, left + after]"},
    {"join", "on using keys keyby equalto condition joinkey", "did you mean \"key\"?"},
    {"join", "type kind jointype mode", "did you mean \"how\"?"},
    {"join", "from input inputs stages", "did you mean \"left\" and \"right\"?"},
    {"join", "window within interval duration length windowsize joinwindow joinwindows",
     "did you mean \"size\"?"},
    {"join", "hop slideduration step advance every", "did you mean \"slide\"?"},
    {"join", "lateness grace delay", "did you mean \"allowed_lateness\"?"},
    {"join", "watermark withwatermark watermarkdelay maxoutoforderness boundedoutoforderness outoforderness",
     "did you mean \"watermark_delay\" of the parser, or \"allowed_lateness\"?"},
    {"join", "where filter having predicate",
     "a transform \"select\" upstream or downstream of the join has \"where\""},
    {"join", "timezone tz timezoneid localtimezone", "did you mean \"zone\"?"},
    {"join", "parallelism partitions numpartitions buckets", "did you mean \"shards\"?"},
    {"join", "limit maxrows maxmatches", "did you mean \"max_pairs\"?"},
    {"window dedup", "aggregates agg aggregations",
     "it gives rows as they are; a window downstream of it has \"aggregates\""},
    {"window dedup", "size gap within window duration retention statettl", "did you mean \"ttl\"?"},
    {"window dedup", "id idcolumn columnsunique unique", "did you mean \"key\"?"},
    {"window", "groupby keyby partitionby by keys group", "did you mean \"key\"?"},
    {"window", "agg aggs aggregate aggregations measures compute", "did you mean \"aggregates\"?"},
    {"window", "interval duration length width period windowduration windowsize tumble",
     "did you mean \"size\"?"},
    {"window",
     "watermark withwatermark watermarkdelay maxoutoforderness boundedoutoforderness outoforderness",
     "did you mean \"watermark_delay\" of the parser, or \"allowed_lateness\"?"},
    {"window", "lateness grace delay", "did you mean \"allowed_lateness\"?"},
    {"window", "outputmode mode output suppress", "did you mean \"emit\"?"},
    {"window", "trigger processingtime earlyfiring refresh",
     "did you mean \"emit\": \"updates\" with \"every\"?"},
    {"window", "parallelism partitions numpartitions buckets", "did you mean \"shards\"?"},
    {"window", "ttl statettl retention expire expiry timeout",
     "it forgets its keys when it is over; a window \"global\" has \"state_ttl\""},
    {"window", "orderby sort sortby",
     "rows are ordered by \"order_by\" of the sink downstream of the window"},
    {"window", "eventtime timestamp timecolumn rowtime time",
     "the parser says which column it is: its \"event_time\""},
    {"sink", "outputmode output suppress",
     "a window says how often it gives its rows: \"emit\": \"final\", or \"updates\" with \"every\""},
    {"sink", "trigger processingtime interval",
     "did you mean \"every\" of the window, or \"commit_every\" of the top level?"},
    {"sink", "orderby sort sortby", "did you mean \"order_by\"?"},
    {"sink", "partitionby limitper",
     "did you mean \"limit_by\"? Beside \"limit\" it takes the first rows of each "
     "group; the sink parquet has \"partition_by\" for folders"},
    {"sink", "rownumber rownum rankcolumn ranking position",
     "did you mean \"rank\"? Beside \"limit\" it numbers the rows"},
    {"sink", "groupby keyby aggregates", "did you mean a window, which has \"key\" and \"aggregates\"?"},
    {"transform", "groupby keyby key aggregates agg having",
     "did you mean a window, which has \"key\" and \"aggregates\"?"},
    {"transform", "orderby sort sortby", "rows are ordered by \"order_by\" of a sink downstream of a window"},
    {"transform", "as alias", "names are the keys of \"columns\""},

    // These are words for options of any stage.
    {"source", "filter condition predicate where columns select",
     "a transform \"select\" downstream of the parser has \"where\" and \"columns\""},
    {"parser", "filter condition predicate where select",
     "a transform \"select\" downstream of the parser has \"where\" and \"columns\""},
    {"*", "filter condition predicate", "did you mean \"where\"?"},
    {"*", "select fields project projection mapping map withcolumn", "did you mean \"columns\"?"},
    {"*", "input inputs upstream reads parent", "did you mean \"from\"?"},
    {"*", "limit take top fetch",
     "a stream has no limit: rows are chosen by \"where\", or by \"having\" of a window; a sink downstream "
     "of a "
     "window "
     "has \"limit\" beside \"order_by\", the first rows of each window"},
    {"*", "distinct dropduplicates",
     "did you mean a window \"dedup\", which gives the first row of each \"key\"?"},
    {"*", "checkpointlocation checkpoint",
     "the state's folder is not part of a topology: millrace run has --state DIR"},
    {"*", "parallelism", "did you mean --threads of millrace run, or \"shards\" of a window?"},
    {"*", "offset skip", "a source begins at its \"start\"; rows are chosen by \"where\""},
    {"*", "options config conf", "options stand in the stage itself, beside its type"},
};

/// groupBy, group_by and group.by are one word.
std::string plain(std::string_view word) {
  std::string out;
  for (const char c : word)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += lower_case(c);
  return out;
}

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == wanted)
      return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

template<class Fits>
std::string find_word(std::span<const known_word> table, std::string_view word, Fits fits) {
  const auto wanted = plain(word);
  const auto at = std::ranges::find_if(
      table, [&](const known_word& e) { return fits(e.of) && !wanted.empty() && has_word(e.words, wanted); });
  return at == table.end() ? std::string() : "; " + std::string(at->meant);
}

/// `"avro" is a parser: { "parser": "avro", ... }`: a word of the catalog in the place of another; empty: it is none.
std::string elsewhere(const catalog& connectors, std::string_view word) {
  std::string kinds;
  std::string forms;
  for (const auto key : kind_keys) {
    const auto offered = offered_types(connectors, *kind_of_key(key));
    if (std::ranges::find(offered, word) == offered.end())
      continue;
    kinds += fmt::format("{}a {}", kinds.empty() ? "" : " and ", key);
    forms += fmt::format("{}{{ \"{}\": \"{}\", ... }}", forms.empty() ? "" : " or ", key, word);
  }
  if (kind_of_key(word))
    return fmt::format("; \"{0}\" is a kind of stage, the first key of one: {{ \"{0}\": ... }}", word);
  return kinds.empty() ? std::string() : fmt::format("; \"{}\" is {}: {}", word, kinds, forms);
}

}  // namespace

std::span<const known_word> known_options() { return words_for_options; }

std::string meant_option(std::string_view kind, std::string_view type, std::string_view word) {
  const auto whole = std::string(kind) + " " + std::string(type);
  return find_word(words_for_options, word, [&](std::string_view of) {
    return kind.empty() ? of.empty() : of == whole || of == kind || of == "*";
  });
}

std::string meant_type(const catalog& connectors, stage_kind kind, std::string_view word) {
  auto known =
      find_word(known_stage_types(), word, [&](std::string_view of) { return of == to_string(kind); });
  if (known.empty())
    known = elsewhere(connectors, word);
  return known.empty() ? did_you_mean(word, offered_types(connectors, kind)) : known;
}

std::string meant_kind(const catalog& connectors, std::string_view word) {
  auto known = find_word(known_kinds(), word, [](std::string_view) { return true; });
  if (known.empty())
    known = elsewhere(connectors, word);
  return known.empty() ? did_you_mean(word, {std::begin(kind_keys), std::end(kind_keys)}) : known;
}

std::string meant_value(std::string_view option, std::string_view word) {
  return find_word(known_values(), word, [&](std::string_view of) { return of == option; });
}

std::string meant_column_type(std::string_view word) {
  return find_word(known_column_types(), word.substr(0, word.find_first_of("(<[")),
                   [](std::string_view) { return true; });
}

}  // namespace millrace::config
