#include "actors/source/http_server/routes.hpp"

#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// How names are compared: without case, `-` as `_`.
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

expected<route> read_route(std::string_view path, const boost::json::value& text) {
  if (!path.starts_with('/') || path.find_first_of("?# ") != std::string_view::npos)
    return wrong(fmt::format("\"{}\" is no path; expected one such as \"/purchase_a_sword\"", path));
  const auto* members = text.if_object();
  if (!members)
    return wrong(
        fmt::format("\"{}\" is no object; expected {{\"event\": {{...}}, \"reply\": \"text\"}}", path));
  route out{std::string(path), {}, {}, {}};
  for (const auto& [name, value] : *members) {
    if (name == "event") {
      const auto* event = value.if_object();
      if (!event)
        return wrong(fmt::format("\"{}\" has an event that is no object; expected one such as "
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
            fmt::format("\"{}\" has a reply that is no text; expected one such as \"Thank you!\\n\"", path));
      out.reply = *reply;
    } else {
      return wrong(fmt::format("\"{}\" has a member \"{}\"; expected \"event\" and \"reply\"", path,
                               std::string_view(name)));
    }
  }
  return out;
}

int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

expected<routes> routes::from(const boost::json::value& text) {
  const auto* all = text.if_object();
  if (!all || all->empty())
    return wrong(
        fmt::format("{}; expected one such as {{\"/\": {{\"event\": {{\"event_type\": \"default\"}}, "
                    "\"reply\": \"Hello!\\n\"}}}}",
                    all ? "there is no route" : "is no object of paths"));
  routes out;
  for (const auto& [path, value] : *all) {
    auto r = read_route(path, value);
    if (!r)
      return unexpected(r.error());
    out.routes_.push_back(std::move(*r));
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

std::string path_of(std::string_view target) {
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  target = target.substr(0, target.find_first_of("?#"));
  std::string out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool escape =
        target[i] == '%' && i + 2 < target.size() && hex(target[i + 1]) >= 0 && hex(target[i + 2]) >= 0;
    out.push_back(escape ? static_cast<char>(hex(target[i + 1]) * 16 + hex(target[i + 2])) : target[i]);
    i += escape ? 2 : 0;
  }
  return out.empty() ? "/" : out;
}

std::string record_of(const route& r, std::span<const request_header> headers, bool merge) {
  struct merged {
    std::string name;
    std::string value;
  };
  std::vector<merged> all;
  if (merge)
    for (const auto& [name, value] : headers) {
      if (r.own_names.contains(folded(name)))
        continue;
      auto title = title_case(name);
      const auto known = std::ranges::find(all, title, &merged::name);
      if (known == all.end())
        all.push_back({std::move(title), std::string(value)});
      else
        known->value.append(", ").append(value);
    }
  std::string out = "{" + r.event;
  for (const auto& h : all) {
    if (out.size() > 1)
      out.push_back(',');
    data::append_json_string(out, h.name);
    out.push_back(':');
    data::append_json_string(out, as_utf8(h.value));
  }
  out.push_back('}');
  return out;
}

}  // namespace millrace::source
