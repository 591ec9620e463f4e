// One TLS connection between two nodes, from its handshake to its end: it knows by the certificate who is there, and
// carries whole messages, each with its length in front (docs/development/formats.md). Everything happens on the thread of the
// network that it belongs to.
#pragma once

#include "actors/link/connect_probe.hpp"
#include "actors/link/wire_format.hpp"
#include "actors/tls/context.hpp"
#include "runtime/base/host_lookup.hpp"
#include "runtime/link/piece.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>

namespace millrace::link {

/// Bounds how long things may take.
struct tls_patience {
  /// Each of resolving a name, connecting and the handshake may take this long. Beyond it a peer is lost
  /// anyway (limits::lost_after).
  micros step{2'000'000};
  /// A node says something every 150 ms (limits::ping_every): one that is silent for so long is lost, and its
  /// connection stands in the way of the next one.
  micros silence{3'000'000};
};

class tls_connection : public std::enable_shared_from_this<tls_connection> {
public:
  using tcp = boost::asio::ip::tcp;
  using tried = std::function<void(const probe_result&)>;
  using whole = std::function<void(piece)>;
  using ended = std::function<void(const std::string& why)>;

  /// `io` and the context outlive it.
  tls_connection(boost::asio::io_context& io, tls::context& context, tls::expected_peer whom,
                 const tls_patience& patience);
  tls_connection(const tls_connection&) = delete;
  tls_connection& operator=(const tls_connection&) = delete;
  ~tls_connection();

  [[nodiscard]] tcp::socket& socket() { return stream_.next_layer(); }
  /// The name in the other side's certificate; after the handshake.
  [[nodiscard]] const std::string& peer() const { return handshake_.peer->name; }

  // One of these two comes first, and calls `then` once. `answers`: the handshake is done, and the other side has
  // taken our certificate.
  void accept(tried then);
  void connect(const endpoint& at, tried then);

  /// Reads from now on: calls `on_whole` for each message, and `on_end` once, when nothing comes any more.
  void read(whole on_whole, ended on_end);
  /// Dropped once it has ended.
  void send(const pieces& bytes);
  /// Ends it at once: no function is called any more.
  void close();

private:
  using error_code = boost::system::error_code;

  void limit(micros patience, std::string why);
  void on_resolved(const host_found& found);
  void on_connected(error_code failed);
  void shake_hands(bool as_server);
  void on_hands_shaken(error_code failed, bool as_server);
  void on_greeted(error_code failed);
  void finish(probe_result result);
  void fail(std::string why);
  void read_length();
  void on_length(error_code failed);
  void watch();
  void write();
  [[nodiscard]] std::string describe(error_code failed) const;

  boost::asio::ssl::stream<tcp::socket> stream_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<host_lookup> lookup_;  // set while a name is resolved
  tls::handshake_record handshake_;
  std::string overdue_;  // the reason, once the time is over
  tls_patience patience_;
  bool is_server_ = false;
  bool is_over_ = false;
  bool has_come_ = false;  // bytes, since the last look
  bool writing_ = false;
  tried tried_;
  whole on_whole_;
  ended on_end_;
  wire_length length_{};
  piece body_;                  // is being read
  std::string waiting_, sent_;  // bytes to go next, and bytes being written
};

}  // namespace millrace::link
