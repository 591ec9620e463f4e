#include "actors/stream/source/kept_schemas.hpp"

#include "runtime/base/percent.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/data/carried_file.hpp"

#include <fmt/format.h>

namespace millrace::source {
namespace {

/// Begins an entry, wherever the text before it ends; no other part of an identity has it.
constexpr char begins_entry = '\x1e';
constexpr std::string_view schema_entry = "schema/1 ";
constexpr std::string_view schemaless_entry = "schemaless/1 ";
constexpr data::file_kind schemas{"schema", "a registry's", 100'000'000, ""};

unexpected damaged() {
  return fatal_error(
      ec::corrupt,
      "the stored schemas of a registry are damaged; restore the state folder, or begin anew with --fresh");
}

expected<void> take_entry(std::string_view entry, kept_schemas& out) {
  std::uint64_t id = 0;
  if (entry.starts_with(schema_entry)) {
    entry.remove_prefix(schema_entry.size());
    if (!take_field(entry, id))
      return damaged();
    auto text = data::bytes_carried(entry, schemas);
    if (!text)
      return damaged();
    out.by_id[id] = std::make_shared<const std::string>(std::move(*text));
    return {};
  }
  if (entry.starts_with(schemaless_entry)) {
    entry.remove_prefix(schemaless_entry.size());
    schemaless s;
    if (!take_field(entry, id) || !take_field(entry, s.until.major) || !take_field(entry, s.until.minor) ||
        !take_field(entry, s.span))
      return damaged();
    const auto blank = entry.find(' ');
    if (blank == std::string_view::npos)
      return damaged();
    s.why = percent_decoded(entry.substr(blank + 1));
    out.unknown[{id, percent_decoded(entry.substr(0, blank))}] = std::move(s);
    return {};
  }
  return fatal_error(
      ec::unsupported,
      "the state keeps schemas of a registry in the form of a later millrace; use that one, or "
      "begin anew with --fresh");
}

/// Calls `text` and `entry` for the parts, in their order.
template<class Text, class Entry>
void each_part(std::string_view identity, const Text& text, const Entry& entry) {
  for (;;) {
    const auto begin = identity.find(begins_entry);
    text(identity.substr(0, begin));
    if (begin == std::string_view::npos)
      return;
    identity.remove_prefix(begin + 1);
    entry(take_line(identity));
  }
}

}  // namespace

std::string format_schema(std::uint64_t id, std::string_view text) {
  return fmt::format("{}{}{} {}\n", begins_entry, schema_entry, id, data::carried(text));
}

std::string format_schemaless(std::uint64_t id, std::string_view partition, const schemaless& s) {
  return fmt::format("{}{}{} {} {} {} {} {}\n", begins_entry, schemaless_entry, id, s.until.major,
                     s.until.minor, s.span, percent_encoded(partition), percent_encoded(s.why));
}

std::string without_schemas(std::string_view identity) {
  std::string out;
  each_part(
      identity, [&](auto text) { out += text; }, [](auto) {});
  return out;
}

std::string only_schemas(std::string_view identity) {
  std::string out;
  each_part(
      identity, [](auto) {}, [&](auto entry) { ((out += begins_entry) += entry) += '\n'; });
  return out;
}

expected<kept_schemas> schemas_in(std::string_view identity) {
  kept_schemas out;
  expected<void> so_far;
  each_part(
      identity, [](auto) {},
      [&](auto entry) {
        if (so_far)
          so_far = take_entry(entry, out);
      });
  return so_far.map([&] { return std::move(out); });
}

}  // namespace millrace::source
