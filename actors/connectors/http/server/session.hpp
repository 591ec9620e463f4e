// Serves one connection of the HTTP server: reads a request, has it answered, writes the answer, reads the
// next. It lives until its connection is over; everything happens on the server's thread.
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/http/request_reader.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

namespace beast_http = boost::beast::http;

struct session_limits {
  std::chrono::microseconds timeout;
  http::request_limits request;
};

/// Holds an answer's own parts, beside those that every answer has.
struct reply {
  beast_http::status status = beast_http::status::ok;
  std::string text;
  std::optional<std::pair<beast_http::field, std::string>> header{};
};

class session : public std::enable_shared_from_this<session> {
public:
  /// Answers requests: it calls answer() of the session, now or later; the request is there until then.
  class handler {
  public:
    virtual void on_request(const std::shared_ptr<session>& s, http::incoming_request& r) = 0;
    /// Returns the answer to a client that asks whether to send its body, if there is one without the body.
    [[nodiscard]] virtual std::optional<reply> judge_head(const http::incoming_request& r) = 0;
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
  void answer(reply r);
  /// Ends it at once; its waits are given up.
  void close();

private:
  /// Takes the request out of what has been received; asks for more until it is whole.
  void parse();
  void receive();
  /// A client that asks whether it may send its body is told to, or gets its answer now.
  void on_question();
  void on_whole();
  void on_written(boost::beast::error_code failed);
  /// Answers and closes: it is not known where the next request would begin, or whether there is one.
  void answer_and_close(reply r);
  /// Reads on for a moment, so that the client gets the answer before its connection is reset.
  void drain();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  http::request_reader reader_;
  beast_http::response<beast_http::string_body> response_;
  session_limits limits_;
  handler& handler_;
  bool keep_alive_ = false;
  bool may_ask_to_go_on_ = false;
};

}  // namespace millrace::source
