// Serves the records as one endless chunked response to each client: a stand-in for a public stream. One
// thread for all clients; each gets every record from when it came, or from the one after `since`, if it
// names that.
#include "tools/load/http/listen_address.hpp"
#include "tools/load/http/stream_log.hpp"
#include "tools/load/target.hpp"

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <curl/curl.h>
#include <set>
#include <thread>

namespace millrace::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using failure = boost::system::error_code;

constexpr std::size_t chunk_bytes = 64 << 10;
constexpr std::size_t max_request = 16 << 10;
constexpr std::chrono::milliseconds again{500};

/// The value of a query parameter, decoded; nothing when the target has none of that name.
std::optional<std::string> parameter(std::string_view target, std::string_view name) {
  const auto mark = target.find('?');
  auto query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto is = pair.find('=');
    if (is == std::string_view::npos || pair.substr(0, is) != name)
      continue;
    int length = 0;
    char* const text =
        curl_easy_unescape(nullptr, pair.data() + is + 1, static_cast<int>(pair.size() - is - 1), &length);
    std::string out(text, static_cast<std::size_t>(length));
    curl_free(text);
    return out;
  }
  return std::nullopt;
}

class stream_server final : public target {
public:
  explicit stream_server(const options& o)
      : since_parameter_(o.since_parameter), since_member_(o.since_member), wait_for_(o.wait_for_clients) {}

  ~stream_server() override {
    io_.stop();
    if (thread_.joinable())
      thread_.join();
  }
  stream_server(const stream_server&) = delete;
  stream_server& operator=(const stream_server&) = delete;

  expected<void> listen(const std::string& address) {
    ASSIGN_OR_RETURN(const auto endpoint, parse_listen_address("--http-serve", address));
    RETURN_IF_ERROR(listen_on(acceptor_, endpoint, "--http-serve", address));
    const auto local = acceptor_.local_endpoint();
    spdlog::info("serving a stream of records at http://{}:{}/", local.address().to_string(), local.port());
    accept();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  expected<bool> ready(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return clients_seen_ >= wait_for_; });
  }

  expected<std::size_t> send(std::span<const outgoing_record> records) override {
    std::size_t taken = 0;
    for (const auto& r : records) {
      std::string mark;
      if (!since_member_.empty())
        mark = members_.find(r.bytes, since_member_).value_or(std::string());
      if (!log_.append(r.bytes, std::move(mark)))
        break;
      ++taken;
      ++done_.delivered;
      done_.bytes += r.bytes.size();
    }
    begun_ = true;
    if (taken != 0)
      wake();
    return taken;
  }

  expected<void> work(std::chrono::milliseconds wait) override {
    std::this_thread::sleep_for(wait);
    return {};
  }

  [[nodiscard]] std::uint64_t under_way() const override {
    const std::scoped_lock lock(mutex_);
    return log_.behind() + (ended_ ? open_clients_ : 0);
  }

  expected<void> finish() override {
    ended_ = true;
    wake();
    return {};
  }
  [[nodiscard]] const outcome& done() const override { return done_; }

private:
  struct client {
    explicit client(tcp::socket s) : socket(std::move(s)) {}
    tcp::socket socket;
    beast::flat_buffer buffer{max_request};
    http::request<http::string_body> request;
    std::uint64_t id = 0;
    std::string out;
    std::uint64_t next = 0;
    char heard = 0;
    bool writing = false;
    bool gone = false;
  };
  using client_ptr = std::shared_ptr<client>;

  // All below runs on the server's thread.

  void accept() {
    acceptor_.async_accept([this](failure failed, tcp::socket socket) {
      if (failed) {  // no descriptor, say: asking again at once would only spin
        accept_again_.expires_after(again);
        accept_again_.async_wait([this](failure) { accept(); });
        return;
      }
      auto c = std::make_shared<client>(std::move(socket));
      http::async_read(c->socket, c->buffer, c->request, [this, c](failure e, std::size_t) {
        if (!e)
          begin(c);
      });
      accept();
    });
  }

  void begin(const client_ptr& c) {
    const auto& asked = c->request;
    if (asked.method() != http::verb::get) {
      c->out =
          "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      asio::async_write(c->socket, asio::buffer(c->out), [c](failure, std::size_t) {});
      return;
    }
    const std::string_view target(asked.target().data(), asked.target().size());
    const auto since = since_parameter_.empty() ? std::nullopt : parameter(target, since_parameter_);
    {
      const std::scoped_lock lock(mutex_);
      c->id = log_.add_client(since, !begun_);
      ++clients_seen_;
      ++open_clients_;
    }
    changed_.notify_all();
    spdlog::info("a client has come: {}", target);
    clients_.insert(c);
    c->writing = true;
    c->out = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
             "Cache-Control: no-cache\r\n\r\n";
    write(c);
    listen_for_end(c);
  }

  /// A client says nothing more; when it goes away this read ends.
  void listen_for_end(const client_ptr& c) {
    c->socket.async_read_some(asio::buffer(&c->heard, 1), [this, c](failure e, std::size_t) {
      if (e)
        drop(c);
      else
        listen_for_end(c);
    });
  }

  void write(const client_ptr& c) {
    asio::async_write(c->socket, asio::buffer(c->out), [this, c](failure e, std::size_t) {
      c->writing = false;
      if (e)
        return drop(c);
      if (c->next != 0)
        log_.advance(c->id, c->next);
      pump(c);
    });
  }

  /// The next lines as one chunk; at the end of the stream the empty one.
  void pump(const client_ptr& c) {
    if (c->writing || c->gone)
      return;
    const bool ended = ended_;  // before looking: no record is appended after it
    const auto lines = log_.lines_for(c->id, chunk_bytes, c->next);
    if (!lines.empty()) {
      c->out = fmt::format("{:x}\r\n{}\r\n", lines.size(), lines);
      c->writing = true;
      return write(c);
    }
    if (!ended)
      return;
    c->out = "0\r\n\r\n";
    c->writing = true;
    asio::async_write(c->socket, asio::buffer(c->out), [this, c](failure, std::size_t) {
      failure ignored;
      c->socket.shutdown(tcp::socket::shutdown_send, ignored);
      drop(c);
    });
  }

  void drop(const client_ptr& c) {
    if (std::exchange(c->gone, true))
      return;
    failure ignored;
    c->socket.close(ignored);
    clients_.erase(c);
    log_.remove_client(c->id);
    spdlog::info("a client has gone");
    const std::scoped_lock lock(mutex_);
    --open_clients_;
  }

  void wake() {
    if (woken_.exchange(true))
      return;
    asio::post(io_, [this] {
      woken_ = false;
      const auto all = clients_;
      for (const auto& c : all)
        pump(c);
    });
  }

  std::string since_parameter_;
  std::string since_member_;
  unsigned wait_for_;
  data::member_finder members_;
  stream_log log_;
  outcome done_;
  std::atomic<bool> begun_{false};
  std::atomic<bool> ended_{false};
  std::atomic<bool> woken_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  unsigned clients_seen_ = 0;
  std::uint64_t open_clients_ = 0;

  asio::io_context io_;
  tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_again_{io_};
  std::set<client_ptr> clients_;
  std::thread thread_;
};

}  // namespace

expected<std::unique_ptr<target>> make_stream_server(const options& o) {
  auto server = std::make_unique<stream_server>(o);
  RETURN_IF_ERROR(server->listen(o.serve));
  return server;
}

}  // namespace millrace::load
