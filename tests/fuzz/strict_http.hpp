// A second reader of HTTP requests, for the fuzzer and the tests of the first: from the grammar of RFC 9112
// and 9110, over all bytes of a connection at once, by regular expressions, as plainly as can be. It shares
// no line with runtime/http, and knows nothing of pieces.
#pragma once

#include <cstddef>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::fuzz {

struct strict_request {
  std::string method, target, host;
  bool is_1_0 = false, keep_alive = false, waits = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct strict_limits {
  std::size_t head = 0, headers = 0, body = 0;
};

/// The whole requests at the beginning of the bytes, up to one that closes the connection; then, unless that
/// came, the status of the refusal of the next one, or 0 where more bytes must come to tell.
struct strict_connection {
  std::vector<strict_request> requests;
  int refused = 0;
};

class strict_reader {
public:
  strict_reader(std::string bytes, strict_limits limits) : bytes_(std::move(bytes)), limits_(limits) {}

  [[nodiscard]] strict_connection read() {
    strict_connection out;
    while (true) {
      const auto r = one();
      if (!r) {
        out.refused = refused_;
        return out;
      }
      out.requests.push_back(*r);
      if (!r->keep_alive)
        return out;
    }
  }

private:
  using maybe = std::optional<strict_request>;

  std::nullopt_t refuse(int status) {
    refused_ = status;
    return std::nullopt;
  }

  /// The next line without its CR LF; nothing where it is not whole or refused. `left` bytes may be read.
  std::optional<std::string> line(std::size_t& left, int too_long) {
    for (std::size_t n = 0;; ++n) {
      if (at_ + n == bytes_.size())
        return std::nullopt;
      if (n == left)
        return refuse(too_long);
      const unsigned char c = static_cast<unsigned char>(bytes_[at_ + n]);
      const bool after_return = n > 0 && bytes_[at_ + n - 1] == '\r';
      if (c == '\n' && after_return) {
        auto out = bytes_.substr(at_, n - 1);
        at_ += n + 1;
        left -= n + 1;
        return out;
      }
      if (after_return || c == '\n' || (c < 0x20 && c != '\t' && c != '\r') || c == 0x7F)
        return refuse(400);
    }
  }

  static std::string lower(std::string text) {
    for (auto& c : text)
      if (c >= 'A' && c <= 'Z')
        c = static_cast<char>(c + 32);
    return text;
  }

  /// field-line = field-name ":" OWS field-value OWS; false where it is refused.
  bool field(const std::string& text, std::vector<std::pair<std::string, std::string>>& to) {
    static const std::regex form("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^]*)");
    std::smatch m;
    if (text[0] == ' ' || text[0] == '\t')
      return refuse(400), false;
    if (to.size() == limits_.headers)
      return refuse(431), false;
    if (!std::regex_match(text, m, form))
      return refuse(400), false;
    auto value = m[2].str();
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
      value.pop_back();
    to.emplace_back(m[1], value);
    return true;
  }

  static bool is_host(const std::string& text) {
    static const std::regex form(
        "(\\[[0-9A-Fa-f:.]+\\]|([0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]{0,5})?");
    return std::regex_match(text, form);
  }

  static std::vector<std::string> members(const std::string& list) {
    std::vector<std::string> out;
    static const std::regex comma(",");
    for (std::sregex_token_iterator i(list.begin(), list.end(), comma, -1), end; i != end; ++i) {
      static const std::regex around("^[ \t]+|[ \t]+$");
      out.push_back(lower(std::regex_replace(i->str(), around, "")));
    }
    return out;
  }

  maybe one() {
    refused_ = 0;
    strict_request r;
    auto left = limits_.head;
    const auto first = line(left, 431);
    if (!first)
      return std::nullopt;
    static const std::regex request_line("([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!\"$-~]+) HTTP/1\\.([01])");
    std::smatch m;
    if (!std::regex_match(*first, m, request_line))
      return refuse(400);
    r.method = m[1];
    r.target = m[2];
    r.is_1_0 = m[3] == "0";
    static const std::regex absolute("[hH][tT][tT][pP][sS]?://([^/?]*)[^]*");
    std::smatch authority;
    const bool is_absolute = std::regex_match(r.target, authority, absolute);
    if (r.target[0] != '/' && !is_absolute && !(r.target == "*" && r.method == "OPTIONS"))
      return refuse(400);
    while (true) {
      const auto text = line(left, 431);
      if (!text)
        return std::nullopt;
      if (text->empty())
        break;
      if (!field(*text, r.headers))
        return std::nullopt;
    }
    return framed(std::move(r), is_absolute ? authority[1].str() : std::string(), is_absolute);
  }

  maybe framed(strict_request r, const std::string& authority, bool is_absolute) {
    std::vector<std::string> hosts, lengths, codings, expects, connection;
    for (const auto& [name, value] : r.headers) {
      const auto n = lower(name);
      if (n == "host")
        hosts.push_back(value);
      if (n == "content-length")
        lengths.push_back(value);
      if (n == "transfer-encoding")
        codings.push_back(lower(value));
      if (n == "expect")
        expects.push_back(lower(value));
      if (n == "connection")
        for (const auto& member : members(value))
          connection.push_back(member);
    }
    const auto has = [&](const char* option) {
      for (const auto& member : connection)
        if (member == option)
          return true;
      return false;
    };
    r.keep_alive = !has("close") && (!r.is_1_0 || has("keep-alive"));
    if (hosts.size() > 1 || (hosts.empty() && !r.is_1_0) || (!hosts.empty() && !is_host(hosts[0])))
      return refuse(400);
    r.host = hosts.empty() ? std::string() : hosts[0];
    if (is_absolute) {
      if (authority.empty() || !is_host(authority) || (!hosts.empty() && lower(hosts[0]) != lower(authority)))
        return refuse(400);
      r.host = authority;
    }
    static const std::regex digits("[0-9]{1,18}");
    if (lengths.size() > 1 || codings.size() > 1 || (!codings.empty() && (!lengths.empty() || r.is_1_0)) ||
        (!codings.empty() && codings[0] != "chunked") ||
        (!lengths.empty() && !std::regex_match(lengths[0], digits)))
      return refuse(400);
    const auto length = lengths.empty() ? 0 : std::stoull(lengths[0]);
    if (length > limits_.body)
      return refuse(413);
    r.waits = (length != 0 || !codings.empty()) && !r.is_1_0 && !expects.empty() &&
              expects.back() == "100-continue";
    if (!codings.empty())
      return chunked(std::move(r));
    if (bytes_.size() - at_ < length)
      return std::nullopt;
    r.body = bytes_.substr(at_, length);
    at_ += length;
    return r;
  }

  maybe chunked(strict_request r) {
    auto extensions_left = limits_.head;
    while (true) {
      std::size_t left = 256;
      const auto size_line = line(left, 400);
      if (!size_line)
        return std::nullopt;
      static const std::regex form("([0-9A-Fa-f]{1,15})([ \t]*;[^]*)?");
      std::smatch m;
      if (!std::regex_match(*size_line, m, form) || m[2].str().size() > extensions_left)
        return refuse(400);
      extensions_left -= m[2].str().size();
      const auto size = std::stoull(m[1].str(), nullptr, 16);
      if (size > limits_.body - r.body.size())
        return refuse(413);
      if (size == 0)
        break;
      if (bytes_.size() - at_ < size)
        return std::nullopt;
      r.body += bytes_.substr(at_, size);
      at_ += size;
      // CR LF, and not one byte else; what is told of another byte does not matter, for it is refused.
      left = 256;
      const auto end = line(left, 400);
      if (!end)
        return std::nullopt;
      if (!end->empty())
        return refuse(400);
    }
    auto left = limits_.head;
    std::vector<std::pair<std::string, std::string>> trailers;
    while (true) {
      const auto text = line(left, 431);
      if (!text)
        return std::nullopt;
      if (text->empty())
        return r;
      if (!field(*text, trailers))
        return std::nullopt;
    }
  }

  std::string bytes_;
  strict_limits limits_;
  std::size_t at_ = 0;
  int refused_ = 0;
};

}  // namespace millrace::fuzz
