#include "config/schema/examples.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace millrace::config {
namespace {

namespace json = boost::json;

struct known_example {
  std::string_view of;    // "sink sql", "sink", "": any
  std::string_view name;  // of the option
  std::string_view text;  // JSON
};

// The first entry that fits counts. What has a default, and numbers, durations and choices, need none.
constexpr known_example known_examples[] = {
    {"", "topology", R"json("active_users")json"},
    {"", "title", R"json("Active users by the minute")json"},
    {"", "stages",
     R"json({ "clicks": { "source": "file", "path": "clicks.jsonl" },
          "parsed": { "parser": "json", "from": "clicks", "schema": { "userid": "text" } },
          "out": { "sink": "console", "from": "parsed" } })json"},
    {"", "dead_letters", R"json({ "roll": { "size": "64 MB" }, "keep": 10 })json"},
    {"", "node", R"json("node-1")json"},
    {"", "brokers", R"json("localhost:9092")json"},
    {"", "topic", R"json("clicks")json"},
    {"", "start", R"json("2026-01-31T08:00:00Z")json"},
    {"", "group", R"json("active-users")json"},
    {"", "properties", R"json({ "security.protocol": "SASL_SSL", "sasl.username": "app" })json"},
    {"source", "path", R"json("logs/*.jsonl.gz")json"},
    {"sink parquet", "path", R"json("tables/clicks")json"},
    {"sink", "path", R"json("out/counts.jsonl")json"},
    {"", "first_time", R"json("1970-01-01")json"},
    {"", "listen", R"json("0.0.0.0:5000")json"},
    {"", "routes",
     R"json({ "/purchase": { "event": { "event_type": "purchase" }, "reply": "Purchased" } })json"},
    {"source", "headers", R"json({ "Authorization": "Bearer ${secret:token}" })json"},
    {"", "keep_headers", R"json(["Authorization"])json"},
    {"", "url", R"json("https://stream.example.com/events")json"},
    {"", "since", R"json("since_mtime=mtime")json"},
    {"", "ca_file", R"json("certificates/ca.pem")json"},
    {"", "proxy", R"json("http://proxy.example.com:3128")json"},
    {"sink parquet", "connection", R"json("s3://clicks?region=eu-central-1")json"},
    {"", "connection", R"json("postgresql://app:${secret:db}@db.example.com/shop")json"},
    {"", "table", R"json("orders")json"},
    {"", "query", R"json("select id, name from customers")json"},
    {"", "start_time", R"json("2026-01-31T08:00:00Z")json"},
    {"", "count", "1000000"},
    {"parser", "from", R"json("clicks")json"},
    {"sink", "from", R"json(["counts", "counts.late"])json"},
    {"", "from", R"json("parsed")json"},
    {"sink", "schema", R"json("newest")json"},
    {"parser csv", "schema",
     R"json({ "userid": "text", "amount": "numeric(10,2)", "at": { "type": "timestamp", "format": "%d.%m.%Y %H:%M" } })json"},
    {"", "schema",
     R"json({ "userid": "text", "amount": "numeric(10,2)", "tags": ["text"], "venue": { "lat": "double" },
          "at": { "type": "timestamp", "format": "%d.%m.%Y %H:%M" } })json"},
    {"", "event_time", R"json("at")json"},
    {"", "max_event_time", R"json("2030-01-01")json"},
    {"", "registry", R"json("https://registry.example.com:8081")json"},
    {"", "registry_headers", R"json({ "Authorization": "Bearer ${secret:token}" })json"},
    {"", "registry_user", R"json("app")json"},
    {"", "registry_password", R"json("${secret:registry}")json"},
    {"parser protobuf", "schema_file", R"json("click.proto")json"},
    {"", "schema_file", R"json("click.avsc")json"},
    {"", "key_schema_file", R"json("click_key.avsc")json"},
    {"", "subject", R"json("clicks-value")json"},
    {"", "message", R"json("com.example.Click")json"},
    {"", "key_message", R"json("com.example.ClickKey")json"},
    {"", "record", R"json("com.example.Click")json"},
    {"join", "where", R"json("l.amount > 10")json"},
    {"", "where", R"json("amount > 10 and userid is not null")json"},
    {"join", "columns", R"json({ "id": "id", "amount": "l.amount", "paid": "r.amount" })json"},
    {"window", "columns", R"json({ "userid": "userid", "end": "window_end" })json"},
    {"", "columns", R"json({ "userid": "lower(userid)", "*": true })json"},
    {"", "model", R"json("churn.json")json"},
    {"", "column", R"json("churn")json"},
    {"", "zone", R"json("Europe/Berlin")json"},
    {"", "aggregates", R"json({ "clicks": "count(*)", "amount": "sum(amount)" })json"},
    {"", "having", R"json("count(*) > 10")json"},
    {"window", "slide", R"json("1 minute")json"},
    {"window", "size", R"json("5 minutes")json"},
    {"", "left", R"json("orders")json"},
    {"", "right", R"json("payments")json"},
    {"join", "deleted", R"json("op = 'd'")json"},
    {"join", "key", R"json({ "id": "order_id" })json"},
    {"sink kafka", "key", R"json("userid")json"},
    {"", "key", R"json(["userid"])json"},
    {"", "order_by", R"json(["amount desc", "userid"])json"},
    {"", "limit_by", R"json("city")json"},
    {"", "rank", R"json("place")json"},
    {"", "template", R"json("{userid}: {clicks}")json"},
    {"sink kafka", "value", R"json("_raw")json"},
    {"", "delete", R"json("op = 'd'")json"},
    {"", "newest", R"json("lsn")json"},
    {"", "partition_by", R"json(["day"])json"},
    {"", "format", R"json("%d.%m.%Y %H:%M")json"},
};

bool is_of(std::string_view of, std::string_view kind, std::string_view type) {
  return of.empty() || of == kind || of == fmt::format("{} {}", kind, type);
}

json::value by_type(const option& o) {
  switch (o.type) {
  case option_type::choice: {
    const auto other =
        std::ranges::find_if(o.choices, [&](const std::string& c) { return c != o.default_text; });
    return json::string(other == o.choices.end() ? o.choices.front() : *other);
  }
  case option_type::boolean:
    return o.default_text == "false";
  case option_type::integer:
    return o.default_text.empty() ? std::clamp<std::int64_t>(10, o.minimum, o.maximum)
                                  : std::stoll(o.default_text);
  case option_type::duration:
    return json::string(o.default_text.empty() || o.default_text == "off" ? "5 minutes" : o.default_text);
  case option_type::size:
    return json::string(o.default_text.empty() ? "128 MB" : o.default_text);
  case option_type::rate:
    return json::string("1000/s");
  case option_type::object: {
    json::object out;
    for (const auto& m : o.members)
      out[m.name] = example_of(m, {}, {});
    return out;
  }
  default:
    return o.default_text.empty() ? json::value() : json::value(json::string(o.default_text));
  }
}

/// Options that a stage without them would be refused for, beside those that it needs in any case; and those that
/// hardly any stage of this type is without. A type with none stands above its kind.
struct more_options {
  std::string_view of;
  std::string_view text;  // JSON
};
constexpr more_options more[] = {
    {"join", R"json({ "columns": { "${6:userid}": "${6:userid}", "${7:amount}": "l.${7:amount}" } })json"},
    {"source sql", R"json({ "table": "${2:orders}" })json"},
    {"parser text", R"json({})json"},
    {"parser", R"json({ "event_time": "${2:at}", "watermark_delay": "${3:1 minute}" })json"},
    {"parser avro", R"json({ "registry": "${4:http://localhost:8081}" })json"},
    {"parser protobuf", R"json({ "registry": "${4:http://localhost:8081}" })json"},
    {"transform select", R"json({ "where": "${2:userid is not null}", "columns": { "*": true } })json"},
    {"window dedup", R"json({})json"},
    {"window", R"json({ "aggregates": { "${4:n}": "${5:count(*)}" } })json"},
};

/// Values of a beginning that go with those of others: columns that the others have.
constexpr known_example begun[] = {
    {"source file", "path", R"json("${1:clicks.jsonl}")json"},
    {"source kafka", "brokers", R"json("${1:localhost:9092}")json"},
    {"source kafka", "topic", R"json("${2:clicks}")json"},
    {"source http_server", "listen", R"json("${1:0.0.0.0:5000}")json"},
    {"source http_server", "routes",
     R"json({ "/${2:click}": { "event": { "event_type": "${3:click}" } } })json"},
    {"source http_stream", "url", R"json("${1:https://stream.example.com/events}")json"},
    {"source sql", "connection", R"json("${1:postgresql://app:secret@localhost/shop}")json"},
    {"source sql", "key", R"json("${3:userid}")json"},
    {"source generator", "kind", R"json("clicks")json"},
    {"parser", "from", R"json("${1:clicks}")json"},
    {"parser", "schema", R"json({ "userid": "text", "amount": "bigint", "at": "timestamp" })json"},
    {"transform model", "model", R"json("${2:churn.json}")json"},
    {"transform model", "column", R"json("${3:probability}")json"},
    {"join", "left", R"json("${1:parsed}")json"},
    {"join", "right", R"json("${2:parsed}")json"},
    {"join", "key", R"json("${3:userid}")json"},
    {"join interval", "before", R"json("${4:1 hour}")json"},
    {"join interval", "after", R"json("${5:1 hour}")json"},
    {"join window", "size", R"json("${4:5 minutes}")json"},
    {"window", "size", R"json("${2:5 minutes}")json"},
    {"window", "slide", R"json("1 minute")json"},
    {"window", "gap", R"json("${2:30 minutes}")json"},
    {"window", "ttl", R"json("${2:1 hour}")json"},
    {"window", "key", R"json("${3:userid}")json"},
    {"sink file", "path", R"json("${2:out.jsonl}")json"},
    {"sink parquet", "path", R"json("${2:table}")json"},
    {"sink kafka", "brokers", R"json("${2:localhost:9092}")json"},
    {"sink kafka", "topic", R"json("${3:out}")json"},
    {"sink sql", "connection", R"json("${2:postgresql://app:secret@localhost/shop}")json"},
    {"sink sql", "table", R"json("${3:orders}")json"},
    {"", "from", R"json("${1:parsed}")json"},
};

json::value parsed(std::string_view text) { return json::parse(json::string_view(text.data(), text.size())); }

template<std::size_t N>
const known_example* find_example(const known_example (&table)[N], std::string_view kind,
                                  std::string_view type, std::string_view name) {
  const auto* const at = std::ranges::find_if(
      table, [&](const known_example& e) { return e.name == name && is_of(e.of, kind, type); });
  return at == std::end(table) ? nullptr : at;
}

}  // namespace

json::value example_of(const option& o, std::string_view kind, std::string_view type) {
  const auto* const known = find_example(known_examples, kind, type, o.name);
  const bool fits = known != nullptr && (o.type != option_type::size && o.type != option_type::choice);
  return fits ? parsed(known->text) : by_type(o);
}

json::object snippet_of(const described_stage& s) {
  const auto kind = to_string(s.kind);
  json::object body{{kind, s.type}};
  for (const auto& o : s.options) {
    const auto* const known = find_example(begun, kind, s.type, o.name);
    if (o.required || (known != nullptr && (o.name == "key" || o.name == "schema")))
      body[o.name] = known != nullptr ? parsed(known->text) : example_of(o, kind, s.type);
  }
  for (const auto& m : more)
    if (is_of(m.of, kind, s.type)) {
      const auto options = parsed(m.text).as_object();
      for (const auto& member : options)
        body[member.key()] = member.value();
      if (m.of.find(' ') != std::string_view::npos && m.text == "{}")
        break;
    }
  return {{"label", fmt::format("{} {}", kind, s.type)}, {"description", s.doc}, {"body", std::move(body)}};
}

}  // namespace millrace::config
