// Knows what the routes of an HTTP server say: which path makes which record, and what is answered. Pure; any
// thread may read it.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/http/request_reader.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// Says what becomes of a request's body.
enum class body_use : std::uint8_t {
  none,   // it is read and left out; the route is asked for by GET
  json,   // an object, whose members are the record's
  lines,  // an object a line, each a record
  raw,    // its bytes are the record
};

struct route {
  std::string path;
  std::string event;                // its members as JSON text, without the braces; may be empty
  std::set<std::string> own_names;  // the members' names, folded: no header takes their place
  std::string reply;
  body_use body = body_use::none;
};

/// Says which headers a record has beside its own members.
struct header_merge {
  bool on = true;
  /// Names which of Authorization, Proxy-Authorization and Cookie, the clients' secrets, are merged all the
  /// same; see credential_name().
  std::set<std::string> credentials{};
};

/// Returns the name of such a header as header_merge has it, in any case; no value for any other name.
[[nodiscard]] std::optional<std::string> credential_name(std::string_view header);

class routes {
public:
  /// Reads {"/path": {"event": {...}, "body": "json", "reply": "text"}}. The error's text says what is wrong
  /// and what is expected.
  [[nodiscard]] static expected<routes> from(const boost::json::value& text);

  /// Finds a route by the path of a request's target, compared byte by byte; null if there is none.
  [[nodiscard]] const route* find(std::string_view path) const;
  /// Lists the paths, such as "/, /join_the_guild", for a client that asks for another.
  [[nodiscard]] std::string names() const;
  /// Lists them with the method of a request for each, such as "GET /, POST /join_the_guild", for people.
  [[nodiscard]] std::string methods_and_names() const;

private:
  std::vector<route> routes_;  // sorted by path
};

/// Returns the path of "/path?query", "http://host/path?query" or "*", %XX undone; "/" where there is none.
[[nodiscard]] std::string path_of(std::string_view target);

/// Returns the records of one request, each JSON on one line but for raw ones: the members of the body, then
/// the event's in their order, which the body's never replace, then the headers of `merge` in the order in
/// which they first came: names in Title-Case, values of repeated ones joined by ", "; none replaces a
/// member. A header's value that is no UTF-8 is taken as Latin-1. An error says to the sender what is wrong
/// with the body; nothing of it is taken then. ec::refused: the records are more than `most_bytes` together.
[[nodiscard]] expected<std::vector<std::string>>
records_of(const route& r, std::string_view body, std::span<const http::header> headers,
           const header_merge& merge, std::size_t most_bytes = std::numeric_limits<std::size_t>::max());
/// Returns a path as an answer may show it: UTF-8, of bounded length, without control characters.
[[nodiscard]] std::string shown_path(std::string_view path);

}  // namespace millrace::source
