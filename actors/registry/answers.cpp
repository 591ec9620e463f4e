#include "actors/registry/answers.hpp"

#include "actors/connectors/http/client/statuses.hpp"
#include "actors/connectors/http/client/url.hpp"
#include "config/secrets.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace millrace::registry {
namespace {

namespace json = boost::json;
namespace statuses = http::statuses;

constexpr std::array<std::string_view, 3> words{"AVRO", "PROTOBUF", "JSON"};
constexpr std::size_t longest_message = 300;

// The registry's own codes, in the body of a refusal.
constexpr std::int64_t no_subject = 40401;
constexpr std::int64_t no_version = 40402;
constexpr std::int64_t no_schema = 40403;

/// Returns null for a text that is no JSON object.
json::value object_in(std::string_view body) {
  boost::system::error_code failed;
  auto v = json::parse({body.data(), body.size()}, failed);
  return failed || !v.is_object() ? json::value() : v;
}

std::optional<std::string> text_of(const json::object& o, std::string_view name) {
  const auto* const v = o.if_contains({name.data(), name.size()});
  const auto* const text = v ? v->if_string() : nullptr;
  return text ? std::optional(std::string(text->begin(), text->end())) : std::nullopt;
}

std::optional<std::int64_t> number_of(const json::object& o, std::string_view name) {
  const auto* const v = o.if_contains({name.data(), name.size()});
  if (v == nullptr)
    return std::nullopt;
  if (const auto* const n = v->if_int64())
    return *n;
  const auto* const n = v->if_uint64();
  return n && *n <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
             ? std::optional(static_cast<std::int64_t>(*n))
             : std::nullopt;
}

/// A registry's words, on one line.
std::string shown(std::string text) {
  return data::excerpt(visible(config::without_secrets(std::move(text))), longest_message);
}

struct refusal {
  std::int64_t code = 0;  // 0: the body is none of a registry
  std::string message;
};

refusal refusal_in(const json::value& body) {
  const auto* const o = body.if_object();
  if (o == nullptr)
    return {};
  return {number_of(*o, "error_code").value_or(0), text_of(*o, "message").value_or(std::string())};
}

/// The address may be wrong, or a proxy says for a while that what is behind it is away.
unexpected no_registry(const std::string& registry, std::string_view answered) {
  return outside_error(
      ec::unavailable,
      fmt::format("schema registry {}: {}, which is not an answer of a schema registry; check "
                  "`registry`, to which the path of its API belongs, too",
                  registry, answered));
}

/// Why nothing is there: the registry says so itself. No value: it does not, or there is an answer.
expected<std::optional<std::string>> why_none(const std::string& registry, const http::answer& a) {
  const auto said = [&](std::string_view what) {
    return fmt::format("schema registry {}: {}", registry, what);
  };
  if (a.is_longer)
    return std::optional(std::string("its answer is longer than any schema may be"));
  if (a.status == statuses::ok)
    return std::optional<std::string>();
  const auto r = refusal_in(object_in(a.body));
  const auto words = r.message.empty() ? std::string() : fmt::format(" ({})", shown(r.message));
  if (a.status == statuses::unauthorized || a.status == statuses::forbidden)
    return user_error(
        ec::refused,
        said(fmt::format(
            "it refuses the request with status {}{}; give credentials that it takes "
            "as `registry_user` and `registry_password`, or as \"Authorization\" of `registry_headers`",
            a.status, words)));
  if (a.status >= statuses::first_fault_of_server || a.status == statuses::timeout ||
      a.status == statuses::too_many)
    return outside_error(ec::unavailable, said(fmt::format("it answers with status {}{}", a.status, words)));
  if (a.status == statuses::not_found &&
      (r.code == no_subject || r.code == no_version || r.code == no_schema))
    return std::optional(r.message.empty() ? fmt::format("code {}", r.code) : shown(r.message));
  if (r.code != 0 && (a.status == statuses::conflict || a.status == statuses::invalid))
    return user_error(ec::refused, said(fmt::format("it refuses the schema with code {}{}", r.code, words)));
  return no_registry(registry, fmt::format("it answers with status {}{}", a.status, words));
}

/// `read` gives nothing for an object that is not what was asked for.
template<class T, class Read>
expected<looked<T>> read_answer(const std::string& registry, const http::answer& a, const Read& read) {
  ASSIGN_OR_RETURN(auto why, why_none(registry, a));
  if (why)
    return looked<T>{.why = std::move(*why)};
  const auto body = object_in(a.body);
  if (body.is_null())
    return no_registry(registry, fmt::format("it answers \"{}\"", shown(a.body)));
  auto out = read(body.get_object());
  if (!out)
    return no_registry(registry, fmt::format("it answers \"{}\"", shown(a.body)));
  return std::move(*out);
}

std::optional<looked<schema>> schema_in(const json::object& o) {
  auto text = text_of(o, "schema");
  if (!text)
    return std::nullopt;
  schema s{.text = std::move(*text)};
  const auto type = text_of(o, "schemaType").value_or("AVRO");
  const auto at = std::find(words.begin(), words.end(), type);
  if (at == words.end())
    return looked<schema>{
        .why = fmt::format("it is of the type \"{}\"; expected AVRO, PROTOBUF or JSON", shown(type))};
  s.kind = static_cast<schema_kind>(at - words.begin());
  if (const auto id = number_of(o, "id"); id && *id >= 0)
    s.id = static_cast<std::uint64_t>(*id);
  const auto* const all = o.if_contains("references");
  if (all != nullptr && all->is_array())
    for (const auto& one : all->get_array()) {
      const auto* const r = one.if_object();
      auto name = r ? text_of(*r, "name") : std::nullopt;
      auto subject = r ? text_of(*r, "subject") : std::nullopt;
      const auto version = r ? number_of(*r, "version") : std::nullopt;
      if (!name || !subject || !version)
        return std::nullopt;
      s.references.push_back({std::move(*name), std::move(*subject), *version});
    }
  return looked<schema>{.found = std::move(s)};
}

}  // namespace

std::string_view to_string(schema_kind kind) { return words.at(static_cast<std::size_t>(kind)); }

std::string path_of_id(std::uint64_t id) { return fmt::format("/schemas/ids/{}", id); }
std::string path_of_subject(std::string_view subject) { return "/subjects/" + http::escaped(subject); }
std::string path_of_versions(std::string_view subject) { return path_of_subject(subject) + "/versions"; }
std::string path_of_version(std::string_view subject, std::string_view version) {
  return fmt::format("{}/{}", path_of_versions(subject), http::escaped(version));
}

std::string body_of(const schema& s) {
  json::object out;
  out["schema"] = s.text;
  const auto kind = to_string(s.kind);
  out["schemaType"] = json::string_view(kind.data(), kind.size());
  if (!s.references.empty()) {
    json::array all;
    for (const auto& r : s.references)
      all.push_back({{"name", r.name}, {"subject", r.subject}, {"version", r.version}});
    out["references"] = std::move(all);
  }
  return data::json_text(out);
}

expected<looked<schema>> read_schema(const std::string& registry, const http::answer& a) {
  return read_answer<schema>(registry, a, schema_in);
}

expected<looked<std::uint64_t>> read_id(const std::string& registry, const http::answer& a) {
  return read_answer<std::uint64_t>(registry, a,
                                    [](const json::object& o) -> std::optional<looked<std::uint64_t>> {
                                      const auto id = number_of(o, "id");
                                      if (!id || *id < 0)
                                        return std::nullopt;
                                      return looked<std::uint64_t>{.found = static_cast<std::uint64_t>(*id)};
                                    });
}

}  // namespace millrace::registry
