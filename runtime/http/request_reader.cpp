#include "runtime/http/request_reader.hpp"

#include "runtime/base/percent.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::http {
namespace {

/// Bounds the line in front of a chunk: sixteen digits, and extensions that nobody uses.
constexpr std::size_t longest_chunk_line = 256;
/// Hexadecimal and decimal digits of a size: neither overflows 64 bits.
constexpr std::size_t most_hex_digits = 15;
constexpr std::size_t most_digits = 18;

constexpr std::string_view blanks = " \t";

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// RFC 9110, 5.6.2.
constexpr bool is_token_character(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

/// Fit for a line: no control character but the tab.
constexpr bool is_field_character(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

/// RFC 3986 has fewer, but clients send more, and only these have a meaning of their own: '#' never comes.
constexpr bool is_target_character(char c) { return c > 0x20 && c < 0x7F && c != '#'; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Returns whether a list such as `close, x` has the member.
bool lists(std::string_view list, std::string_view member) {
  while (true) {
    const auto comma = list.find(',');
    if (same_name(trimmed(list.substr(0, comma)), member))
      return true;
    if (comma == std::string_view::npos)
      return false;
    list.remove_prefix(comma + 1);
  }
}

/// Gives the authority of http://authority/path; nothing for another target: HTTP has no user names any more.
std::optional<std::string_view> authority_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (same_name(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      return target.substr(0, target.find_first_of("/?"));
    }
  return std::nullopt;
}

bool is_registered_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (!percent_byte(text.substr(i)))
        return false;
      i += 2;
    } else if (!is_digit(text[i]) && !is_letter(text[i]) &&
               std::string_view("-._~!$&'()*+,;=").find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_in_brackets(char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; }

}  // namespace

bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<host_and_port> parse_host(std::string_view text) {
  host_and_port out;
  const bool in_brackets = text.starts_with('[');
  const auto end = in_brackets ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos)
    return std::nullopt;
  out.host = text.substr(0, in_brackets ? end + 1 : end);
  const auto rest = text.substr(out.host.size());
  if (!rest.empty() && !rest.starts_with(':'))
    return std::nullopt;
  out.port = rest.substr(rest.empty() ? 0 : 1);
  const bool good = in_brackets ? end > 1 && std::ranges::all_of(text.substr(1, end - 1), is_in_brackets)
                                : is_registered_name(out.host);
  if (!good || out.port.size() > 5 || !std::ranges::all_of(out.port, is_digit))
    return std::nullopt;
  return out;
}

void request_reader::begin_anew() {
  state_ = state::request_line;
  has_head_ = false;
  text_.clear();
  line_begin_ = 0;
  fields_.clear();
  request_ = {};
}

void request_reader::refuse(int status, std::string why) {
  state_ = state::refused;
  refused_ = refusal{status, std::move(why)};
}

std::size_t request_reader::put(std::string_view bytes) {
  const auto all = bytes.size();
  while (!bytes.empty() && state_ != state::done && state_ != state::refused) {
    if (state_ == state::body || state_ == state::chunk) {
      take_body(bytes);
      continue;
    }
    const bool of_chunk = state_ == state::chunk_size || state_ == state::chunk_end;
    if (take_line(bytes, of_chunk ? longest_chunk_line : limits_.head))
      on_line(std::string_view(text_).substr(line_begin_, text_.size() - 2 - line_begin_));
  }
  return all - bytes.size();
}

bool request_reader::take_line(std::string_view& bytes, std::size_t most) {
  const auto feed = bytes.find('\n');
  const auto part = bytes.substr(0, feed == std::string_view::npos ? feed : feed + 1);
  const auto room = most - std::min(most, text_.size());
  const bool fits = part.size() <= room;
  const auto begin = text_.size();
  text_ += part.substr(0, room);
  bytes.remove_prefix(std::min(part.size(), room));
  // A carriage return has its line feed right after it.
  for (auto i = begin; i < text_.size(); ++i) {
    const char c = text_[i];
    const bool after_return = i > line_begin_ && text_[i - 1] == '\r';
    if (after_return != (c == '\n') || (c != '\r' && c != '\n' && !is_field_character(c))) {
      refuse(400, after_return || c == '\n' ? "a line does not end with CR LF"
                                            : "a control character stands in it");
      return false;
    }
  }
  if (fits)
    return feed != std::string_view::npos;
  if (state_ == state::chunk_size || state_ == state::chunk_end)
    refuse(400, "the line before a chunk is too long");
  else
    refuse(431, "The request's headers are too long");
  return false;
}

void request_reader::on_line(std::string_view line) {
  switch (state_) {
  case state::request_line:
    on_request_line(line);
    break;
  case state::headers:
    if (line.empty())
      on_head();
    else
      on_field(line, fields_);
    break;
  case state::chunk_size:
    on_chunk_size(line);
    text_.clear();
    break;
  case state::chunk_end:
    if (!line.empty())
      return refuse(400, "a chunk is longer than its size");
    state_ = state::chunk_size;
    text_.clear();
    break;
  case state::trailers:
    // They are read to find the end, and left out: a line after the body is no header.
    if (line.empty())
      state_ = state::done;
    else
      on_field(line, trailers_);
    break;
  default:
    break;
  }
  if (state_ != state::refused)
    line_begin_ = text_.size();
}

void request_reader::on_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos)
    return refuse(400, "its first line is not METHOD TARGET VERSION");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, second - first - 1);
  const auto version = line.substr(second + 1);
  if (!is_token(method))
    return refuse(400, "its method is none");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse(400, "its version is neither HTTP/1.1 nor HTTP/1.0");
  if (target.empty() || !std::ranges::all_of(target, is_target_character))
    return refuse(400, "its target holds what no address does");
  if (!target.starts_with('/') && !authority_of(target) && !(target == "*" && method == "OPTIONS"))
    return refuse(400, "its target is neither a path nor an address of HTTP");
  request_.is_1_0 = version == "HTTP/1.0";
  method_ = {0, method.size()};
  target_ = {first + 1, target.size()};
  state_ = state::headers;
}

void request_reader::on_field(std::string_view line, std::vector<std::pair<extent, extent>>& to) {
  if (line.front() == ' ' || line.front() == '\t')
    return refuse(400, "a header goes on in the next line");
  if (to.size() == limits_.headers)
    return refuse(431, "The request has too many headers");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse(400, "a header is not NAME: VALUE");
  const auto value = trimmed(line.substr(colon + 1));
  const auto at = value.empty() ? 0 : static_cast<std::size_t>(value.data() - text_.data());
  to.push_back({{line_begin_, colon}, {at, value.size()}});
}

void request_reader::on_head() {
  head_.swap(text_);
  text_.clear();
  const auto view = [&](extent e) { return std::string_view(head_).substr(e.at, e.size); };
  request_.method = view(method_);
  request_.target = view(target_);
  for (const auto& [name, value] : fields_)
    request_.headers.emplace_back(view(name), view(value));
  bool close = false;
  bool keep = false;
  for (const auto& [name, value] : request_.headers)
    if (same_name(name, "Connection")) {
      close |= lists(value, "close");
      keep |= lists(value, "keep-alive");
    }
  request_.keep_alive = !close && (keep || !request_.is_1_0);
  if (!settle_host() || !settle_body())
    return;
  has_head_ = true;
}

/// RFC 9112, 3.2: exactly one, which names what the target names.
bool request_reader::settle_host() {
  std::optional<std::string_view> host;
  for (const auto& [name, value] : request_.headers) {
    if (!same_name(name, "Host"))
      continue;
    if (host)
      return refuse(400, "it has more than one Host"), false;
    if (!parse_host(value))
      return refuse(400, "its Host is none"), false;
    host = value;
  }
  if (!host && !request_.is_1_0)
    return refuse(400, "it has no Host"), false;
  request_.host = host.value_or(std::string_view());
  const auto named = authority_of(request_.target);
  if (!named)
    return true;
  if (named->empty() || !parse_host(*named))
    return refuse(400, "its target names no host"), false;
  if (host && !same_name(*host, *named))
    return refuse(400, "its Host is another than its target names"), false;
  request_.host = *named;
  return true;
}

/// RFC 9112, 6: where it ends is said once, in one of two ways.
bool request_reader::settle_body() {
  std::optional<std::string_view> length, coding, expect;
  for (const auto& [name, value] : request_.headers) {
    auto* const said = same_name(name, "Content-Length")      ? &length
                       : same_name(name, "Transfer-Encoding") ? &coding
                       : same_name(name, "Expect")            ? &expect
                                                              : nullptr;
    if (said != nullptr && said != &expect && said->has_value())
      return refuse(400, "it says twice how long its body is"), false;
    if (said != nullptr)
      *said = value;
  }
  if (coding && (request_.is_1_0 || length || !same_name(*coding, "chunked")))
    return refuse(400, request_.is_1_0 ? "version 1.0 has no Transfer-Encoding"
                       : length        ? "it has Transfer-Encoding and Content-Length"
                                       : "its Transfer-Encoding is not chunked"),
           false;
  if (length && (length->empty() || length->size() > most_digits || !std::ranges::all_of(*length, is_digit)))
    return refuse(400, "its Content-Length is not a number"), false;
  left_ = 0;
  for (const char digit : length.value_or(std::string_view()))
    left_ = left_ * 10 + static_cast<std::uint64_t>(digit - '0');
  if (left_ > limits_.body)
    return refuse(413, "The request's body is too long"), false;
  state_ = coding ? state::chunk_size : left_ != 0 ? state::body : state::done;
  extension_left_ = limits_.head;
  trailers_.clear();
  request_.waits_to_go_on =
      state_ != state::done && !request_.is_1_0 && expect && same_name(*expect, "100-continue");
  return true;
}

void request_reader::on_chunk_size(std::string_view line) {
  std::size_t digits = 0;
  left_ = 0;
  for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits)
    if (digits < most_hex_digits)
      left_ = left_ * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
  // Extensions are passed over; nobody needs to have many.
  const auto extension = line.substr(digits);
  const auto begins = extension.find_first_not_of(blanks);
  const bool good = extension.empty() || (begins != std::string_view::npos && extension[begins] == ';');
  if (digits == 0 || digits > most_hex_digits || !good)
    return refuse(400, "a chunk's size is not a number");
  if (extension.size() > extension_left_)
    return refuse(400, "its chunks have too many extensions");
  extension_left_ -= extension.size();
  if (left_ > limits_.body - request_.body.size())
    return refuse(413, "The request's body is too long");
  state_ = left_ == 0 ? state::trailers : state::chunk;
}

void request_reader::take_body(std::string_view& bytes) {
  const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  request_.body += part;
  bytes.remove_prefix(part.size());
  left_ -= part.size();
  if (left_ != 0)
    return;
  state_ = state_ == state::chunk ? state::chunk_end : state::done;
}

}  // namespace millrace::http
