// One connection of the API: reads a request, has it answered, writes the answer, reads the next. It lives
// until it is over; everything happens on the server's thread, but for replies, which come from any.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/complaints.hpp"
#include "actors/api/event_stream.hpp"
#include "actors/api/server.hpp"
#include "actors/tls/context.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <functional>
#include <memory>
#include <string>

namespace millrace::api {

/// All connections of a server share this.
struct server_core : std::enable_shared_from_this<server_core> {
  void complain(client_fault kind, const std::string& what);

  server_options options;
  std::shared_ptr<tls::context> tls;  // null: plain HTTP
  boost::asio::ssl::context no_tls{boost::asio::ssl::context::tls};
  cluster_view* view = nullptr;
  complaints told;
  std::size_t streams = 0;     // streams of events
  boost::asio::io_context io;  // ends first: its handlers own connections
};

class connection : public std::enable_shared_from_this<connection> {
public:
  /// `core` outlives it. Calls `on_over` once, when it has ended. `is_kept`: its place is one of those for probes,
  /// metrics and who has the token.
  connection(server_core& core, boost::asio::ip::tcp::socket socket, std::function<void(connection&)> on_over,
             bool is_kept);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void start();
  /// Ends it at once; its waits are given up.
  void close();
  /// No request of it is being answered.
  [[nodiscard]] bool is_idle() const { return asked_ == nullptr && events_ == nullptr; }
  /// It has asked to be answered once a topology is over.
  [[nodiscard]] bool is_waiting() const {
    return asked_ != nullptr && std::holds_alternative<requests::wait>(*asked_);
  }
  /// Answers a request that waits, without an end, and closes; the client asks again. Only while is_waiting().
  void give_way();
  /// A request is being answered, or its answer is being written; of events the one that is being written.
  [[nodiscard]] bool is_answering() const { return asked_ != nullptr || !out_.empty(); }

private:
  using bytes_handler = std::function<void(boost::beast::error_code, std::size_t)>;

  void shake_hands();
  void read();
  void parse();
  void receive();
  void on_received(boost::beast::error_code failed, std::size_t bytes);
  void on_head();
  void on_whole();
  void give(const asset& a);
  void ask(request what, bool waits);
  void on_overdue(bool waits);
  void stream(requests::events what);
  void write_events(std::string text, bool is_end);
  void answer(http_answer a, const std::string& allow = {});
  /// Answers and closes: it is not known where the next request would begin, or whether there is one.
  void refuse(int status, const std::string& why, const std::string& allow = {});
  void on_written(boost::beast::error_code failed);
  /// Reads on for a moment, so that the client gets the answer before its connection is reset.
  void drain();
  void discard();
  void tell_plain_client();
  void read_some(boost::asio::mutable_buffer to, bytes_handler then);
  void write_all(bytes_handler then);
  [[nodiscard]] std::string who() const;

  server_core& core_;
  boost::beast::ssl_stream<boost::beast::tcp_stream> stream_;
  boost::asio::ip::tcp::endpoint local_, remote_;
  std::function<void(connection&)> on_over_;
  boost::beast::flat_buffer buffer_;
  http::request_reader reader_;
  tls::handshake_record handshake_;
  boost::asio::steady_timer overdue_;
  std::shared_ptr<const request> asked_;  // the request that is being answered
  std::shared_ptr<event_stream> events_;  // null: none are given
  std::string out_;
  std::size_t served_ = 0;  // requests
  bool has_begun_ = false;  // bytes of the present request are there
  const bool is_kept_;
  bool is_over_ = false;
  bool keep_alive_ = false;
  bool head_is_new_ = false;
  bool has_event_head_ = false;
  bool knows_token_ = false;  // the present request brings it
};

}  // namespace millrace::api
