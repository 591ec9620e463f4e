#include "actors/connectors/http/server/routes.hpp"

#include "runtime/base/percent.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace millrace::source {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Folds a name as names are compared: without case, `-` as `_`.
std::string folded(std::string_view name) {
  std::string out(name);
  for (auto& c : out)
    c = c == '-' ? '_' : lower(c);
  return out;
}

std::string title_case(std::string_view name) {
  std::string out(name);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = i == 0 || out[i - 1] == '-' ? upper(out[i]) : lower(out[i]);
  return out;
}

std::string as_utf8(std::string_view value) {
  if (data::is_utf8(value))
    return std::string(value);
  std::string out;
  for (const char c : value)
    data::append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

unexpected wrong(std::string what) { return user_error(ec::invalid_argument, std::move(what)); }

std::optional<body_use> body_use_of(std::string_view name) {
  if (name == "json")
    return body_use::json;
  if (name == "lines")
    return body_use::lines;
  if (name == "raw")
    return body_use::raw;
  return std::nullopt;
}

expected<route> read_route(std::string_view path, const boost::json::value& text) {
  if (!path.starts_with('/') || path.find_first_of("?# ") != std::string_view::npos)
    return wrong(fmt::format("\"{}\" is not a path; expected one such as \"/purchase_a_sword\"", path));
  const auto* members = text.if_object();
  if (!members)
    return wrong(
        fmt::format("\"{}\" is not an object; expected {{\"event\": {{...}}, \"reply\": \"text\"}}", path));
  route out{std::string(path), {}, {}, {}, body_use::none};
  for (const auto& [name, value] : *members) {
    if (name == "event") {
      const auto* event = value.if_object();
      if (!event)
        return wrong(fmt::format("\"{}\" has an event that is not an object; expected one such as "
                                 "{{\"event_type\": \"purchase_sword\"}}",
                                 path));
      const auto whole = data::json_text(value);
      out.event = whole.substr(1, whole.size() - 2);
      for (const auto& member : *event)
        out.own_names.insert(folded(member.key()));
    } else if (name == "reply") {
      const auto* reply = value.if_string();
      if (!reply)
        return wrong(
            fmt::format("\"{}\" has a reply that is not text; expected one such as \"Thank you!\\n\"", path));
      out.reply = *reply;
    } else if (name == "body") {
      const auto* body = value.if_string();
      const auto use = body ? body_use_of(*body) : std::nullopt;
      if (!use)
        return wrong(
            fmt::format("\"{}\" has a body that is none of \"json\" (an object), \"lines\" (an object a "
                        "line) and \"raw\" (the record as it is)",
                        path));
      out.body = *use;
    } else {
      return wrong(fmt::format("\"{}\" has a member \"{}\"; expected \"event\", \"body\" and \"reply\"", path,
                               std::string_view(name)));
    }
  }
  if (out.body == body_use::raw && !out.event.empty())
    return wrong(
        fmt::format("\"{}\" has an event beside a raw body, which is the whole record; expected no event, or "
                    "the body \"json\"",
                    path));
  return out;
}

/// Appends members, comma-separated, without braces.
void append_members(std::string& out, std::string_view members) {
  if (members.empty())
    return;
  if (out.size() > 1)
    out.push_back(',');
  out += members;
}

/// The names are folded, so that none slips through in another spelling.
constexpr std::array<std::string_view, 3> credential_names{"authorization", "proxy_authorization", "cookie"};

/// Holds a header as a record's member.
struct merged_header {
  std::string folded_name;
  std::string text;  // "Name":"value"
};

/// Merges headers in the order in which they first came, without those whose names `taken` has, and without
/// credentials that nobody asked for.
std::vector<merged_header> merged_headers(std::span<const http::header> headers, const header_merge& merge,
                                          const std::set<std::string>& taken) {
  struct merged {
    std::string folded_name;
    std::string name;
    std::string value;
  };
  std::vector<merged> all;
  std::unordered_map<std::string, std::size_t> places;  // places in `all`, keyed by name
  for (const auto& [name, value] : headers) {
    auto compared = folded(name);
    if (taken.contains(compared))
      continue;
    if (std::ranges::find(credential_names, compared) != credential_names.end() &&
        !merge.credentials.contains(compared))
      continue;
    auto title = title_case(name);
    const auto [known, is_new] = places.try_emplace(title, all.size());
    if (is_new)
      all.push_back({std::move(compared), std::move(title), std::string(value)});
    else
      all[known->second].value.append(", ").append(value);
  }
  std::vector<merged_header> out;
  out.reserve(all.size());
  for (auto& h : all) {
    std::string text;
    data::append_json_string(text, h.name);
    text.push_back(':');
    data::append_json_string(text, as_utf8(h.value));
    out.push_back({std::move(h.folded_name), std::move(text)});
  }
  return out;
}

/// A body may nest so deep.
constexpr std::size_t most_depth = 256;

struct body_object {
  std::string members;          // their own text on one line, numbers digit by digit, without the braces
  std::set<std::string> names;  // folded
};

expected<body_object> object_of(std::string_view text) {
  boost::json::error_code failed;
  boost::json::monotonic_resource memory;
  boost::json::parse_options limits;
  limits.max_depth = most_depth;
  boost::json::stream_parser parser(boost::json::storage_ptr(&memory), limits);
  const auto taken = parser.write_some(text.data(), text.size(), failed);
  if (!failed)
    parser.finish(failed);
  if (!failed && text.substr(taken).find_first_not_of(" \t\r\n") != std::string_view::npos)
    failed = boost::json::error::extra_data;
  if (failed)
    return wrong(fmt::format("is not JSON: {} at byte {}", failed.message(), taken + 1));
  const auto value = parser.release();
  const auto* object = value.if_object();
  if (!object)
    return wrong("is JSON, but not an object; expected one such as {\"user\": \"ann\"}");
  body_object out;
  for (const auto& member : *object)
    out.names.insert(folded(member.key()));
  if (object->empty())
    return out;
  const auto begin = text.find('{') + 1;
  out.members = text.substr(begin, text.rfind('}') - begin);
  // JSON has no line breaks within its texts.
  std::ranges::replace_if(
      out.members, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

class record_maker {
public:
  /// The headers are merged once, however many records have them.
  record_maker(const route& r, std::span<const http::header> headers, const header_merge& merge) : route_(r) {
    if (merge.on)
      headers_ = merged_headers(headers, merge, r.own_names);
  }

  [[nodiscard]] std::string without_body() const { return joined({}); }

  [[nodiscard]] expected<std::string> with(std::string_view text) const {
    ASSIGN_OR_RETURN(auto object, object_of(text));
    return joined(object);
  }

private:
  /// Joins the members. The last of two with one name counts: the event's.
  [[nodiscard]] std::string joined(const body_object& body) const {
    std::string out = "{";
    append_members(out, body.members);
    append_members(out, route_.event);
    for (const auto& h : headers_)
      if (!body.names.contains(h.folded_name))
        append_members(out, h.text);
    out.push_back('}');
    return out;
  }

  const route& route_;
  std::vector<merged_header> headers_;
};

expected<std::vector<std::string>> records_of_lines(const record_maker& make, std::string_view body,
                                                    std::size_t most_bytes) {
  std::vector<std::string> out;
  for (std::size_t number = 1; !body.empty(); ++number) {
    const auto line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    auto record = make.with(line);
    if (!record)
      return wrong(fmt::format("line {} of the body {}", number, record.error().message));
    if (record->size() > most_bytes)
      return user_error(ec::refused,
                        "the records of its lines, each with the request's headers, are too long "
                        "together; expected fewer lines in a request");
    most_bytes -= record->size();
    out.push_back(std::move(*record));
  }
  return out;
}

}  // namespace

expected<routes> routes::from(const boost::json::value& text) {
  const auto* all = text.if_object();
  if (!all || all->empty())
    return wrong(
        fmt::format("{}; expected one such as {{\"/\": {{\"event\": {{\"event_type\": \"default\"}}, "
                    "\"reply\": \"Hello!\\n\"}}}}",
                    all ? "there is no route" : "is not an object of paths"));
  routes out;
  for (const auto& [path, value] : *all) {
    ASSIGN_OR_RETURN(auto r, read_route(path, value));
    out.routes_.push_back(std::move(r));
  }
  std::ranges::sort(out.routes_, {}, &route::path);
  return out;
}

const route* routes::find(std::string_view path) const {
  const auto at =
      std::ranges::lower_bound(routes_, path, {}, [](const route& r) { return std::string_view(r.path); });
  return at != routes_.end() && at->path == path ? &*at : nullptr;
}

std::string routes::names() const {
  std::string out;
  for (const auto& r : routes_)
    out += (out.empty() ? "" : ", ") + r.path;
  return out;
}

std::string routes::methods_and_names() const {
  std::string out;
  for (const auto& r : routes_)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", r.body == body_use::none ? "GET" : "POST", r.path);
  return out;
}

std::string path_of(std::string_view target) {
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find_first_of("/?#", scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  target = target.substr(0, target.find_first_of("?#"));
  auto out = percent_decoded(target);
  return out.empty() ? "/" : out;
}

std::optional<std::string> credential_name(std::string_view header) {
  auto name = folded(header);
  if (std::ranges::find(credential_names, name) == credential_names.end())
    return std::nullopt;
  return name;
}

std::string shown_path(std::string_view path) {
  constexpr std::size_t longest = 200;
  return data::excerpt(visible(as_utf8(path)), longest);
}

expected<std::vector<std::string>> records_of(const route& r, std::string_view body,
                                              std::span<const http::header> headers,
                                              const header_merge& merge, std::size_t most_bytes) {
  const record_maker make(r, headers, merge);
  switch (r.body) {
  case body_use::none:
    return std::vector{make.without_body()};
  case body_use::raw:
    if (body.empty())
      return wrong("the body is empty");
    return std::vector{std::string(body)};
  case body_use::lines:
    return records_of_lines(make, body, most_bytes);
  case body_use::json:
    break;
  }
  auto record = make.with(body);
  if (!record)
    return wrong("the body " + record.error().message);
  return std::vector{std::move(*record)};
}

}  // namespace millrace::source
