#include "actors/registry/client.hpp"

#include "actors/connectors/http/client/origin.hpp"
#include "actors/registry/self_contained.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace millrace::registry {
namespace {

constexpr int most_redirects = 5;
/// 64 KiB of an answer come sooner, or the registry is taken to be away.
constexpr std::chrono::seconds patience{30};
/// A registry answers within a second as a rule.
constexpr std::chrono::seconds silent_after{3};
/// The text of a schema is a JSON string in an answer, where each of its quotes and line breaks takes two bytes.
constexpr std::uint64_t longest_answer = 2 * longest_schema;
constexpr std::string_view content_type = "application/vnd.schemaregistry.v1+json";

unexpected cancelled(const std::string& registry) {
  return unexpected(error{ec::cancelled,
                          fault::ours,
                          false,
                          fmt::format("schema registry {}: asking was interrupted", registry),
                          {}});
}

}  // namespace

client::client(access where, schema_kind kind, std::optional<schema_kind> also)
    : where_(std::move(where)), kind_(kind), also_(also.value_or(kind)),
      exchange_({.ca_file = where_.ca_file,
                 .verify = where_.verify,
                 .patience = patience,
                 .stop = &stop_,
                 .silent_after = silent_after,
                 .on_silence = [this] {
                   if (tell_silence_)
                     tell_silence_(silent_after);
                 }}) {}

expected<http::answer> client::ask(std::string method, const std::string& path, std::string body) {
  if (stop_.exchange(false))
    return cancelled(where_.url);
  http::request r;
  r.method = std::move(method);
  r.url = where_.url + path;
  r.body = std::move(body);
  r.most_bytes = longest_answer;
  r.longer_is_answer = true;
  r.headers.push_back(fmt::format("Accept: {}, application/json", content_type));
  if (!r.body.empty())
    r.headers.push_back(fmt::format("Content-Type: {}", content_type));
  for (const auto& [name, value] : where_.headers)
    r.headers.push_back(fmt::format("{}: {}", name, value));
  for (int redirects = 0; redirects <= most_redirects; ++redirects) {
    auto a = exchange_.send(r);
    if (!a) {
      if (a.error().code == ec::cancelled)
        stop_ = false;
      a.error().message = "schema registry " + a.error().message;
      return a;
    }
    if (a->sent_on_to.empty())
      return a;
    // Headers may be secrets, so they stay where the user has sent them.
    if (http::onward_from(r.url, a->sent_on_to) != http::onward::all)
      return user_error(
          ec::refused,
          fmt::format("schema registry {}: it sends requests on to {}; give that address in `registry` "
                      "if it is meant",
                      where_.url, visible(a->sent_on_to.substr(0, a->sent_on_to.find('?')))));
    r.url = a->sent_on_to;
  }
  return user_error(ec::invalid_argument,
                    fmt::format("schema registry {}: more than {} redirects; check `registry`", where_.url,
                                most_redirects));
}

expected<looked<schema>> client::by_id(std::uint64_t id) {
  ASSIGN_OR_RETURN(const auto a, ask("GET", path_of_id(id)));
  return read_schema(where_.url, a);
}

expected<looked<schema>> client::of_subject(std::string_view subject, std::string_view version) {
  ASSIGN_OR_RETURN(const auto a, ask("GET", path_of_version(subject, version)));
  return read_schema(where_.url, a);
}

expected<looked<std::uint64_t>> client::id_in(std::string_view subject, const schema& s) {
  ASSIGN_OR_RETURN(const auto a, ask("POST", path_of_subject(subject), body_of(s)));
  return read_id(where_.url, a);
}

expected<looked<std::uint64_t>> client::add(std::string_view subject, const schema& s) {
  ASSIGN_OR_RETURN(const auto a, ask("POST", path_of_versions(subject), body_of(s)));
  return read_id(where_.url, a);
}

expected<fetched> client::fetch(std::uint64_t id) {
  const auto none = [&](std::string_view why) {
    return fetched{.why_none = fmt::format("schema {} of the registry {}: {}", id, where_.url, why)};
  };
  ASSIGN_OR_RETURN(auto got, by_id(id));
  if (!got.found)
    return none(got.why);
  ASSIGN_OR_RETURN(auto out, whole(std::move(*got.found)));
  return out.text ? out : none(out.why_none);
}

expected<std::string> client::of_subject_whole(const std::string& subject,
                                               std::optional<std::int64_t> version) {
  ASSIGN_OR_RETURN(auto got, version_in(subject, version));
  return whole_of(subject, version, std::move(got));
}

expected<client::newest_schema> client::newest_with_id(const std::string& subject) {
  ASSIGN_OR_RETURN(auto got, version_in(subject, {}));
  auto id = got.id;
  if (!id) {  // the registry's answer has left it out
    ASSIGN_OR_RETURN(const auto looked_up, id_in(subject, got));
    if (!looked_up.found)
      return none_in(subject, {}, looked_up.why);
    id = looked_up.found;
  }
  ASSIGN_OR_RETURN(auto text, whole_of(subject, {}, std::move(got)));
  return newest_schema{std::move(text), *id};
}

unexpected client::none_in(const std::string& subject, std::optional<std::int64_t> version,
                           std::string_view why) const {
  return user_error(ec::not_found,
                    fmt::format("{}the subject \"{}\" of the registry {}: {}",
                                version ? fmt::format("version {} of ", *version) : std::string(),
                                visible(subject), where_.url, why));
}

expected<schema> client::version_in(const std::string& subject, std::optional<std::int64_t> version) {
  ASSIGN_OR_RETURN(auto got, of_subject(subject, version ? std::to_string(*version) : "latest"));
  if (!got.found)
    return none_in(subject, version, got.why);
  return std::move(*got.found);
}

expected<std::string> client::whole_of(const std::string& subject, std::optional<std::int64_t> version,
                                       schema s) {
  ASSIGN_OR_RETURN(const auto out, whole(std::move(s)));
  return out.text ? expected<std::string>(*out.text) : none_in(subject, version, out.why_none);
}

expected<fetched> client::whole(schema s) {
  const auto none = [](std::string why) { return fetched{.text = {}, .why_none = std::move(why)}; };
  if (s.kind != kind_ && s.kind != also_)
    return none(fmt::format("it is of the type {}; expected {}{}{}", to_string(s.kind), to_string(kind_),
                            also_ == kind_ ? "" : " or ", also_ == kind_ ? "" : to_string(also_)));
  if (s.text.size() > longest_schema)
    return none(fmt::format("it has more than {} MB", longest_schema / 1'000'000));
  if (s.references.empty() || s.kind == schema_kind::json)
    return fetched{.text = std::make_shared<const std::string>(std::move(s.text))};
  if (s.kind == schema_kind::protobuf)
    return none(
        fmt::format("it imports \"{}\" from the subject \"{}\", and imports of other subjects are not read; "
                    "remedy: no \"registry\", but a descriptor set in \"schema_file\" and a \"prefix\"; or "
                    "put the messages into one file",
                    visible(s.references.front().name), visible(s.references.front().subject)));
  std::string why;
  ASSIGN_OR_RETURN(const auto referenced, referenced_by(s, why));
  if (!referenced)
    return none(why);
  auto text = self_contained(s.text, *referenced);
  if (!text)
    return none(text.error().message);
  return fetched{.text = std::make_shared<const std::string>(std::move(*text))};
}

expected<std::optional<std::vector<std::string>>> client::referenced_by(const schema& s, std::string& why) {
  struct step {
    reference to;
    std::size_t depth;
  };
  std::vector<step> left;
  std::set<std::pair<std::string, std::int64_t>> seen;
  std::vector<std::string> texts;
  auto bytes = s.text.size();
  const auto add = [&](const schema& of, std::size_t depth) {
    for (const auto& r : of.references)
      if (seen.emplace(r.subject, r.version).second)
        left.push_back({r, depth});
  };
  const auto none = [&](std::string text) {
    why = std::move(text);
    return std::optional<std::vector<std::string>>();
  };
  add(s, 1);
  while (!left.empty()) {
    if (seen.size() > most_references)
      return none(fmt::format("it references more than {} schemas", most_references));
    const auto next = std::move(left.back());
    left.pop_back();
    if (next.depth > deepest_reference)
      return none(fmt::format("its references are more than {} deep", deepest_reference));
    ASSIGN_OR_RETURN(auto got, of_subject(next.to.subject, std::to_string(next.to.version)));
    if (!got.found)
      return none(fmt::format("it references version {} of the subject \"{}\": {}", next.to.version,
                              visible(next.to.subject), got.why));
    bytes += got.found->text.size();
    if (bytes > longest_schema)
      return none(fmt::format("it has more than {} MB with what it references", longest_schema / 1'000'000));
    add(*got.found, next.depth + 1);
    texts.push_back(std::move(got.found->text));
  }
  return texts;
}

}  // namespace millrace::registry
