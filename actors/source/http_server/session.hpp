// One connection of the HTTP server: reads a request, has it answered, writes the answer, reads the next.
// Lives until its connection is over; everything happens on the server's thread.
#pragma once

#include "runtime/base/time.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

namespace http = boost::beast::http;
using request = http::request<http::string_body>;
using response = http::response<http::string_body>;

struct session_limits {
  std::chrono::microseconds timeout;
  std::uint32_t header;
  std::uint64_t body;
};

class session : public std::enable_shared_from_this<session> {
public:
  /// What answers requests: calls answer() of the session, now or later.
  class handler {
  public:
    virtual void on_request(const std::shared_ptr<session>& s, const request& r) = 0;
    virtual void on_closed() = 0;

  protected:
    ~handler() = default;
  };

  /// The handler outlives the session.
  session(boost::asio::ip::tcp::socket socket, const session_limits& limits, handler& of);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void read();
  void answer(http::status status, std::string text,
              std::optional<std::pair<http::field, std::string>> header = {});
  /// Ends it at once; whatever it waits for is given up.
  void close();

private:
  /// Takes the request out of what has been received; asks for more until it is whole.
  void parse();
  void receive();
  /// A client that asks whether it may send its body is told to, since nobody has refused its head.
  [[nodiscard]] bool waits_to_go_on();
  void tell_to_go_on();
  void on_whole();
  void on_failed(boost::beast::error_code failed);
  void on_written(boost::beast::error_code failed);
  void refuse(http::status status, const std::string& why);
  /// Reads on for a moment, so that the client gets the answer before its connection is reset.
  void drain();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  response response_;
  session_limits limits_;
  handler& handler_;
  std::size_t head_bytes_ = 0;  // of the request that is being read
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool may_ask_to_go_on_ = false;
  bool head_ = false;  // the answer goes without its body
};

}  // namespace millrace::source
