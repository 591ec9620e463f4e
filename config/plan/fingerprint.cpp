#include "config/plan/fingerprint.hpp"

#include "config/plan/plan_model.hpp"
#include "config/text/quoted.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::config {
namespace {

/// Parsers and windows that a stage's rows come from, those of one side of a join, with transforms in between left
/// out.
std::set<std::string> origins(const topology& t, const stage& s, side of = side::left) {
  std::set<std::string> out;
  for (const auto& ref : s.from) {
    if (ref.to != of)
      continue;
    const auto* const from = t.find(ref.stage);
    if (from != nullptr && from->kind == stage_kind::transform)
      out.merge(origins(t, *from));
    else
      out.insert(name_of(ref));
  }
  return out;
}

std::string list_of(const std::set<std::string>& names) {
  std::string out;
  for (const auto& n : names)
    out += (out.empty() ? "" : ",") + n;
  return out;
}

std::string columns_of(const std::vector<data::field>& fields) {
  std::string out;
  for (const auto& f : fields)
    out += (out.empty() ? "" : ", ") + quoted(f.name) + " " + f.type.name();
  return out;
}

void add_formats(std::string& line, const std::string& way, const data::type& type,
                 const parser_plan::timestamp_format& f) {
  if (!f.format.empty())
    line += fmt::format(" format({})={}{}", way, quoted(f.format), f.trailing_ignored ? "..." : "");
  if (f.zone != nullptr)
    line += fmt::format(" zone({})={}", way, expression::zone_name(*f.zone));
  for (std::size_t i = 0; i < f.members.size(); ++i)
    if (type.id() == data::type_id::list)
      add_formats(line, way + "[]", type.element(), f.members[i]);
    else
      add_formats(line, way + "." + quoted(type.fields()[i].name), type.fields()[i].type, f.members[i]);
}

bool any_zone(const std::vector<parser_plan::timestamp_format>& formats) {
  return std::ranges::any_of(formats, [](const auto& f) { return f.zone != nullptr || any_zone(f.members); });
}

std::string event_time_of(const topology& t, const stage& s, const parser_plan& p) {
  if (!p.timed_select.empty())
    return fmt::format("unnested({})", quoted(time_of_elements(t, p).written));
  if (p.timed_by)
    return quoted(p.timed_by->written);
  return p.event_time ? quoted((*s.schema)[*p.event_time].name) : "none";
}

std::string parser_line(const topology& t, const stage& s, const parser_plan& p) {
  std::vector<data::field> declared(s.schema->begin(),
                                    s.schema->begin() + static_cast<std::ptrdiff_t>(p.declared));
  auto line = fmt::format(" schema=({})", columns_of(declared));
  for (std::size_t i = 0; i < p.formats.size(); ++i)
    add_formats(line, quoted(declared[i].name), declared[i].type, p.formats[i]);
  if (s.options.has("delimiter"))
    line +=
        fmt::format(" delimiter={} quote={} skip={} header={}", quoted(s.options.text("delimiter")),
                    quoted(s.options.text("quote")), s.options.integer("skip"), s.options.boolean("header"));
  if (s.options.has("framing") && !is_record_framing(s.options.text("framing")))
    line += " framing=" + s.options.text("framing");
  if (s.options.has("encoding") && s.options.text("encoding") != "utf-8")
    line += " encoding=" + s.options.text("encoding");
  if (s.options.has("prefix"))
    line += " prefix=" + s.options.text("prefix");
  if (s.options.has("key_format"))
    line += " key_format=" + s.options.text("key_format");
  if (s.options.has("message"))
    line += " message=" + quoted(s.options.text("message"));
  if (p.schema_text)
    line += " schema_file=" + model::sha256(*p.schema_text);
  if (p.on_null != data::valueless::dead_letter)
    line += " on_null=" + s.options.text("on_null");
  return line + " event_time=" + event_time_of(t, s, p);
}

std::string alignment_of(const window_plan& w) {
  std::string out;
  if (w.offset.count() != 0)
    out += fmt::format(" offset={}", w.offset.count());
  if (w.definition.zone != nullptr)
    out += fmt::format(" zone={}", expression::zone_name(*w.definition.zone));
  return out;
}

std::string window_line(const window_plan& w) {
  const auto& d = w.definition;
  auto line =
      fmt::format(" size={} slide={} lateness={} emit={} shards={} key=({}) aggregates=(", d.size.count(),
                  d.slide.count(), d.allowed_lateness.count(), w.emit, d.shards, columns_of(d.keys));
  for (std::size_t i = 0; i < d.aggregates.size(); ++i) {
    line +=
        fmt::format("{}{} {} of {} as {}", i > 0 ? ", " : "", static_cast<int>(d.aggregates[i].function),
                    d.aggregates[i].result.name(), d.aggregates[i].argument.name(), quoted(w.state_texts[i]));
  }
  line += ")";
  line += alignment_of(w);
  if (d.kind == window::shape::session)
    line += fmt::format(" gap={}", d.gap.count());
  // The state of a window with updates says which rows `having` has let through.
  if ((!w.state_texts.empty() && w.state_texts.back() == "having") || (d.updates && d.having))
    line += " having=" + quoted(w.having_written);
  return line;
}

std::string dedup_line(const window_plan& w) {
  const auto& d = w.definition;
  return fmt::format(" ttl={} lateness={} shards={} key=({}) columns=({})", d.join->before.count() + 1,
                     d.allowed_lateness.count(), d.shards, columns_of(d.keys),
                     columns_of(*d.aggregates.front().row));
}

std::string join_line(const window_plan& w) {
  const auto& d = w.definition;
  std::string key;
  for (std::size_t i = 0; i < d.keys.size(); ++i)
    key += fmt::format("{}{} = {} {}", i > 0 ? ", " : "", quoted(d.keys[i].name),
                       quoted((*w.of(side::right).input.output)[w.of(side::right).key_columns[i]].name),
                       d.keys[i].type.name());
  const auto times =
      d.kind != window::shape::interval ? fmt::format("size={} slide={}", d.size.count(), d.slide.count())
      : d.join->newest
          ? fmt::format("late_versions={} deleted={}", d.join->before.count(), quoted(w.state_texts.front()))
          : fmt::format("before={} after={}", d.join->before.count(), d.join->after.count());
  const auto lateness =
      d.allowed_lateness - (d.kind == window::shape::interval ? d.join->waits() : micros{0});
  auto line =
      fmt::format(" how={} {} lateness={} shards={} max_pairs={} key=({})", window::to_string(d.join->how),
                  times, lateness.count(), d.shards, d.join->max_pairs, key);
  for (const auto s : both_sides)
    line += fmt::format(" {}_columns=({})", to_string(s), columns_of(*d.aggregates[index_of(s)].row));
  return line + alignment_of(w);
}

/// Walking back through transforms, only once per path: their graph has no rings.
std::string line_of(const topology& t, const stage& s) {
  auto line =
      s.kind == stage_kind::join
          ? fmt::format("{} {} {} left={} right={}", to_string(s.kind), s.name, s.type,
                        list_of(origins(t, s, side::left)), list_of(origins(t, s, side::right)))
          : fmt::format("{} {} {} from={}", to_string(s.kind), s.name, s.type, list_of(origins(t, s)));
  if (s.kind == stage_kind::source && s.options.has("topic"))
    line += " topic=" + quoted(s.options.text("topic"));
  if (s.kind == stage_kind::source && s.options.has("order") && s.options.text("order") != "natural")
    line += " order=" + s.options.text("order");
  if (const auto* const p = std::get_if<parser_plan>(&s.plan))
    line += parser_line(t, s, *p);
  if (const auto* const w = std::get_if<window_plan>(&s.plan))
    line += w->is_join() ? join_line(*w) : w->is_dedup() ? dedup_line(*w) : window_line(*w);
  if (const auto* const m = model_of(s))
    line += fmt::format(" model={} column={}", m->content->hash, quoted(s.options.text("column")));
  return line;
}

}  // namespace

std::string zones_of(const topology& t) {
  const bool any = std::any_of(t.stages.begin(), t.stages.end(), [](const stage& s) {
    const auto* const w = std::get_if<window_plan>(&s.plan);
    const auto* const p = std::get_if<parser_plan>(&s.plan);
    return (w != nullptr && w->definition.zone != nullptr) || (p != nullptr && any_zone(p->formats));
  });
  return any ? expression::zone_version() : std::string();
}

std::string fingerprint_of(const topology& t) {
  std::map<std::string, std::string> lines;
  for (const auto& s : t.stages)
    if ((s.kind != stage_kind::transform && s.kind != stage_kind::sink) || model_of(s) != nullptr)
      lines[s.name] = line_of(t, s);
  std::string out = "topology " + t.name + "\n";
  for (const auto& [name, line] : lines)
    out += line + "\n";
  if (const auto version = zones_of(t); !version.empty())
    out += "tzdata " + version + "\n";
  return out;
}

}  // namespace millrace::config
