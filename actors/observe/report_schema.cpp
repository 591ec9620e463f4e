#include "actors/observe/report_schema.hpp"

#include <boost/json/array.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace millrace::observe {
namespace {

namespace json = boost::json;

struct member {
  std::string_view name;
  std::string_view type;
  std::string_view doc;
  bool is_always_there = true;
  bool may_be_null = false;
};
constexpr bool maybe = false;

constexpr member of_report[] = {
    {"topology", "string", "its name"},
    {"ended", "boolean", "whether the topology has ended"},
    {"incomplete", "array",
     "who did not answer: \"node b did not answer\"; it is there only where some did not", maybe},
    {"stages", "object",
     "the stages by name, in data-flow order; their counts are those of the whole state, also of earlier "
     "processes"},
    {"watermarks", "object",
     "watermarks by partition, as PARSER/PARTITION: an event time, \"end\", or null before the first"},
    {"flow", "object", "how fast each source and sink works, over the last seconds", maybe},
};
constexpr member of_stage[] = {
    {"in", "integer",
     "records or rows that it took, and those that were sent to it and are still on their way, or are lost"},
    {"out", "integer", "how many went on"},
    {"filtered", "integer",
     "how many its `where` filtered out; for a parser: blank lines, and records without a value that "
     "`on_null` "
     "skips"},
    {"late", "integer", "how many came after their windows had fired"},
    {"dead_letters", "integer", "how many became dead letters"},
    {"late_left", "integer", "for a join: how many of `late` are of its left side", maybe},
    {"late_right", "integer", "for a join: how many of `late` are of its right side", maybe},
    {"in_flight", "integer",
     "how many were sent to it and not yet taken, by the counts of both; only before the end", maybe},
    {"model", "string", "for a transform that applies a model: the hash of the model", maybe},
    {"rows", "integer", "rows that a window, or a select with `unnest`, emitted", maybe},
    {"rows_dead_letters", "integer", "rows of a window that could not be computed", maybe},
    {"late_at_shard", "integer",
     "for a window: how many of `out` are records whose windows had fired without their partition", maybe},
};
constexpr member of_flow[] = {
    {"records_per_second", "number", "records a second of a source", maybe},
    {"pending_records", "integer", "records of a source that are there and not yet read; null: unknown",
     maybe, true},
    {"pending_bytes", "integer",
     "bytes of files and of the spool that are there and not yet read; null: unknown", maybe},
    {"wait_seconds", "number", "how long a chunk of a source's records, or a sink's batch, waited", maybe},
    {"work_seconds", "number", "how long a chunk took", maybe},
    {"commit_seconds", "number", "how long a sink's commit took", maybe},
};

json::object schema_of(std::span<const member> all) {
  json::object properties;
  json::array required;
  for (const auto& m : all) {
    json::object one;
    if (m.may_be_null)
      one["type"] = json::array{m.type, "null"};
    else
      one["type"] = m.type;
    one["description"] = m.doc;
    properties[m.name] = std::move(one);
    if (m.is_always_there)
      required.emplace_back(m.name);
  }
  json::object out;
  out["type"] = "object";
  out["properties"] = std::move(properties);
  if (!required.empty())
    out["required"] = std::move(required);
  return out;
}

}  // namespace

json::object report_schema() {
  auto out = schema_of(of_report);
  auto& properties = out["properties"].get_object();
  properties["incomplete"].get_object()["items"] = json::object{{"type", "string"}};
  properties["stages"].get_object()["additionalProperties"] = schema_of(of_stage);
  properties["watermarks"].get_object()["additionalProperties"] =
      json::object{{"type", json::array{"string", "null"}}};
  properties["flow"].get_object()["additionalProperties"] = schema_of(of_flow);
  return out;
}

}  // namespace millrace::observe
