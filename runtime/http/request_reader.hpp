// Reads requests of HTTP/1.0 and 1.1 as RFC 9112 has them, and refuses requests that another reader of the
// same bytes could take for something else. Pure and incremental: the requests do not depend on how the bytes
// are cut, and the work is linear in them. Servers feed it what they receive; no part of a request that is
// refused may be used, nor anything after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::http {

/// A header as it came: its name, and its value without the blanks around it.
using header = std::pair<std::string_view, std::string_view>;

struct request_limits {
  std::size_t head = 0;     // bytes of request line and headers; the trailers have as many of their own
  std::size_t headers = 0;  // lines of the head, and of the trailers
  std::uint64_t body = 0;
};

/// The refusal of a request: the status to answer with before the connection is closed, and the reason as a
/// sentence without its full stop.
struct refusal {
  int status = 400;
  std::string why;
};

/// Everything but the body is there when the head is.
struct incoming_request {
  std::string_view method;
  std::string_view target;  // "/path?query", "http://host/path" or "*"
  std::string_view host;    // the target's if it names one, else the Host header's; with its port
  bool is_1_0 = false;
  bool keep_alive = false;
  bool waits_to_go_on = false;  // it asks with Expect: 100-continue, and a body follows
  std::vector<header> headers;  // headers that precede the body, in its order
  std::string body;
};

class request_reader {
public:
  explicit request_reader(request_limits limits) : limits_(limits) {}
  // Views into its own text.
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;

  /// Takes bytes up to the end of the request and returns how many; all of them unless it is done or refused.
  std::size_t put(std::string_view bytes);

  [[nodiscard]] bool has_head() const { return has_head_; }
  [[nodiscard]] bool is_done() const { return state_ == state::done; }
  [[nodiscard]] const std::optional<refusal>& refused() const { return refused_; }
  /// Its views hold until begin_anew().
  [[nodiscard]] incoming_request& request() { return request_; }
  /// Makes ready for the next request of the connection; only after one that is done.
  void begin_anew();

private:
  enum class state : std::uint8_t {
    request_line,
    headers,
    body,        // left_ bytes of it
    chunk_size,  // the line in front of a chunk
    chunk,       // left_ bytes of it
    chunk_end,   // the line end after it
    trailers,
    done,
    refused,
  };
  struct extent {
    std::size_t at = 0;
    std::size_t size = 0;
  };

  void refuse(int status, std::string why);
  [[nodiscard]] std::string_view text_at(extent e) const {
    return std::string_view(text_).substr(e.at, e.size);
  }
  /// Takes up to a line's end into text_, at most `most` bytes in all; true when the line is whole.
  [[nodiscard]] bool take_line(std::string_view& bytes, std::size_t most);
  void on_line(std::string_view line);
  void on_request_line(std::string_view line);
  /// Puts the field into `to`, as extents of text_.
  void on_field(std::string_view line, std::vector<std::pair<extent, extent>>& to);
  void on_head();
  [[nodiscard]] bool settle_host();
  [[nodiscard]] bool settle_body();
  void on_chunk_size(std::string_view line);
  void take_body(std::string_view& bytes);

  request_limits limits_;
  state state_ = state::request_line;
  bool has_head_ = false;
  std::string text_;            // the head; then the line in front of a chunk, or the trailers
  std::size_t line_begin_ = 0;  // an offset in text_
  extent method_, target_;
  std::vector<std::pair<extent, extent>> fields_, trailers_;
  std::string head_;                // text_, when the head is whole
  std::uint64_t left_ = 0;          // bytes of the body or the chunk that are to come
  std::size_t extension_left_ = 0;  // bytes of chunk extensions that may still come
  std::optional<refusal> refused_;
  incoming_request request_;
};

/// Two of HTTP's names are the same, in any case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

/// Host and port of a Host header or an authority, as "example.com", "[::1]:80"; nothing where it is neither.
struct host_and_port {
  std::string_view host;
  std::string_view port;  // digits; empty for none
};
[[nodiscard]] std::optional<host_and_port> parse_host(std::string_view text);

}  // namespace millrace::http
