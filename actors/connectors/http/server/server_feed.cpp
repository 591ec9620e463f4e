#include "actors/connectors/http/server/server_feed.hpp"

#include "actors/connectors/http/server/session.hpp"
#include "actors/connectors/http/server/spool_groups.hpp"
#include "actors/stream/source/spooling_feed.hpp"
#include "runtime/base/listen_failure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>
#include <vector>

namespace millrace::source {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::beast::error_code;
using std::chrono::milliseconds;

/// The end of the feed is looked at this often.
constexpr milliseconds look_every{200};
/// Accepting is tried again after this time when there are no more descriptors.
constexpr milliseconds again{500};
constexpr auto retry_after = "1";  // seconds
/// Records that take more work than going through so many bytes are made beside the server's thread: a
/// millisecond is what one request may cost the others.
constexpr std::size_t short_work = 16U << 10;
/// A line and a header take about as much work as so many bytes.
constexpr std::size_t line_work = 64;
constexpr std::size_t header_work = 32;
/// The records of a body may together be this many times as long as the longest body.
constexpr std::uint64_t most_growth = 32;
/// Connections that the kernel keeps until they are accepted.
constexpr int backlog = 4096;

bool takes(body_use body, std::string_view method) {
  if (body == body_use::none)
    return method == "GET" || method == "HEAD";
  return method == "POST" || method == "PUT";
}

bool is_plain(const http::incoming_request& r) {
  return std::ranges::all_of(r.headers, [](const http::header& h) {
    return !http::same_name(h.first, "Content-Encoding") || h.second.empty() ||
           http::same_name(h.second, "identity");
  });
}

/// Each line of a body becomes a record with all headers.
bool is_long(const route& r, const http::incoming_request& asked) {
  if (r.body == body_use::none)
    return false;
  if (asked.body.size() > short_work)
    return true;
  if (r.body != body_use::lines)
    return false;
  std::size_t a_line = line_work;
  for (const auto& [name, value] : asked.headers)
    a_line += header_work + name.size() + value.size();
  const auto lines = static_cast<std::size_t>(std::ranges::count(asked.body, '\n')) + 1;
  return lines > 1 && asked.body.size() + lines * a_line > short_work;
}

class server_feed final : public spooling_feed, private session::handler {
public:
  server_feed(server_options options, const wall_clock& wall)
      : options_(std::move(options)), wall_(wall), acceptor_(io_), accept_again_(io_) {}
  ~server_feed() {
    done_ = true;
    asio::post(io_, [] {});  // wakes it
    if (thread_.joinable())
      thread_.join();
    bodies_.stop();
    bodies_.join();
    groups_.reset();
  }

  expected<void> start(spool_setup spool) {
    ASSIGN_OR_RETURN(log_, spool::log::open(std::move(spool.segments), std::move(spool.options)));
    groups_ = std::make_unique<spool_groups>(
        io_, log_,
        spool_groups::events{[this](const auto& senders) { on_durable(senders); },
                             [this](const error& why) { on_refused(why); }});
    RETURN_IF_ERROR(listen());
    thread_ = std::thread([this] { run(); });
    return {};
  }

private:
  expected<void> listen() {
    ASSIGN_OR_RETURN(const auto place, parse_listen(options_.listen));
    const auto refused = [&](const error_code& why) {
      return user_error(why == asio::error::address_in_use ? ec::already_exists : ec::refused,
                        listen_failure("`listen`", options_.listen, why.value()).message);
    };
    error_code failed;
    tcp::resolver resolver(io_);
    const auto found =
        resolver.resolve(place.host, std::to_string(place.port), tcp::resolver::passive, failed);
    if (failed)
      return refused(failed);
    const auto at = found.begin()->endpoint();
    if (acceptor_.open(at.protocol(), failed); failed)
      return refused(failed);
    acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
    if (acceptor_.bind(at, failed); failed)
      return refused(failed);
    if (acceptor_.listen(backlog, failed); failed)
      return refused(failed);
    const auto bound = acceptor_.local_endpoint(failed);
    spdlog::info("{}: listening on {}:{} for {}", options_.in_logs, place.host, bound.port(),
                 options_.routes.methods_and_names());
    return {};
  }

  void run() {
    accept();
    while (!done_)
      io_.run_one_for(look_every);
    io_.stop();
  }

  void accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
      if (failed) {  // no descriptor, no memory
        if (!std::exchange(cannot_accept_, true))
          spdlog::warn("{}: no connection can be accepted: {}; trying again", options_.in_logs,
                       failed.message());
        accept_again_.expires_after(again);
        accept_again_.async_wait([this](error_code) { accept(); });
        return;
      }
      cannot_accept_ = false;
      ++gauges_->connections;
      if (sessions_ < options_.most_connections) {
        ++sessions_;
        std::make_shared<session>(std::move(socket), limits_, static_cast<session::handler&>(*this))->read();
      } else {
        send_away(std::move(socket));
      }
      accept();
    });
  }

  /// Writes as much of the answer as the socket's own buffer takes: one more connection costs nothing that
  /// lasts.
  void send_away(tcp::socket socket) {
    if (!std::exchange(said_full_, true))
      spdlog::warn("{}: {} connections are open; more are sent away (option `connections`)", options_.in_logs,
                   options_.most_connections);
    error_code ignored;
    socket.non_blocking(true, ignored);
    static const auto text =
        fmt::format("HTTP/1.1 503 Service Unavailable\r\nRetry-After: {}\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n",
                    retry_after);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  void on_closed() override { --sessions_; }

  /// Returns the refusal, or no value where the found route takes the request.
  std::optional<reply> judge(const http::incoming_request& r, const route*& found) {
    const auto path = path_of(r.target);
    found = options_.routes.find(path);
    if (found == nullptr)
      return reply{beast_http::status::not_found, fmt::format("There is no {} here. There are: {}\n",
                                                              shown_path(path), options_.routes.names())};
    if (!takes(found->body, r.method)) {
      const bool by_get = found->body == body_use::none;
      return reply{
          beast_http::status::method_not_allowed,
          by_get ? "This is asked for by GET; a route with \"body\": \"json\" takes a body, by POST or PUT.\n"
                 : "This takes a body, by POST or PUT.\n",
          std::pair(beast_http::field::allow, std::string(by_get ? "GET, HEAD" : "POST, PUT"))};
    }
    if (found->body != body_use::none && !is_plain(r))
      return reply{beast_http::status::unsupported_media_type,
                   "A body is taken without Content-Encoding only.\n"};
    if (disk_refuses_ || fullness_.is_full(*log_, options_.in_logs, "requests are answered with 503"))
      return reply{beast_http::status::service_unavailable,
                   "Too much waits to be processed. Try again soon.\n",
                   std::pair(beast_http::field::retry_after, std::string(retry_after))};
    return std::nullopt;
  }

  std::optional<reply> judge_head(const http::incoming_request& r) override {
    const route* found = nullptr;
    return judge(r, found);
  }

  void on_request(const std::shared_ptr<session>& s, http::incoming_request& r) override {
    const route* found = nullptr;
    if (auto no = judge(r, found))
      return s->answer(std::move(*no));
    if (is_long(*found, r)) {
      long_ones_.push_back({s, found, &r});
      if (!is_parsing_)
        parse_next();
    } else if (groups_->has_room()) {
      take(s, found, records_for(*found, r));
    } else {
      short_ones_.push_back({s, found, &r});
    }
  }

  /// One at a time, so that no more than one request's records wait for their turn.
  void parse_next() {
    if (long_ones_.empty() || !groups_->has_room())
      return;
    is_parsing_ = true;
    const auto& first = long_ones_.front();
    asio::post(bodies_, [this, route = first.to, r = first.asked] {
      asio::post(io_, [this, made = records_for(*route, *r)]() mutable { on_parsed(std::move(made)); });
    });
  }

  void on_parsed(expected<request_records> made) {
    is_parsing_ = false;
    const auto first = std::move(long_ones_.front());
    long_ones_.pop_front();
    const route* found = nullptr;
    if (auto no = judge(*first.asked, found)) {              // the disk may refuse meanwhile
      asio::post(bodies_, [given_up = std::move(made)] {});  // freeing many texts takes its time
      first.s->answer(std::move(*no));
    } else {
      take(first.s, first.to, std::move(made));
    }
    parse_next();
  }

  /// One that waited for room; the others have their turn before the next.
  void take_next() {
    if (short_ones_.empty() || !groups_->has_room() || std::exchange(is_taking_, true))
      return;
    const auto first = std::move(short_ones_.front());
    short_ones_.pop_front();
    on_request(first.s, *first.asked);
    asio::post(io_, [this] {
      is_taking_ = false;
      take_next();
    });
  }

  /// Every line of a body has the request's headers: short lines and long headers would be gigabytes.
  [[nodiscard]] std::size_t most_record_bytes() const {
    return std::max<std::uint64_t>(options_.most_body, 1 << 20) * most_growth;
  }

  [[nodiscard]] expected<request_records> records_for(const route& r,
                                                      const http::incoming_request& asked) const {
    ASSIGN_OR_RETURN(auto records,
                     records_of(r, asked.body, asked.headers, options_.headers, most_record_bytes()));
    request_records out{std::move(records)};
    for (const auto& record : out.records)
      out.bytes += record.size();
    return out;
  }

  void take(const std::shared_ptr<session>& s, const route* route, expected<request_records> made) {
    if (!made) {
      const bool too_long = made.error().code == ec::refused;
      return s->answer({too_long ? beast_http::status::payload_too_large : beast_http::status::bad_request,
                        "Nothing was taken: " + made.error().message + ".\n"});
    }
    if (made->records.empty())
      return s->answer({beast_http::status::ok, route->reply});
    gauges_->records += made->records.size();
    gauges_->bytes += made->bytes;
    groups_->add(std::move(*made), wall_.now(), {s, route});
  }

  void on_durable(const std::vector<spool_groups::sender>& senders) {
    if (std::exchange(disk_refuses_, false)) {
      spdlog::info("{}: the disk takes requests again", options_.in_logs);
      say_for_now(std::nullopt);
    }
    for (const auto& sender : senders)
      sender.from->answer({beast_http::status::ok, sender.by->reply});
    if (!is_parsing_)
      parse_next();
    take_next();
  }

  /// Requests whose records are in a group keep waiting; all others are refused.
  void on_refused(const error& why) {
    if (!std::exchange(disk_refuses_, true))
      spdlog::warn("{}: {}; requests are answered with 503 until it can be written", options_.in_logs,
                   why.message);
    say_for_now(why);
    // The first of the long ones may be under way, and is answered when it comes back.
    std::deque<waiting_request> under_way;
    if (is_parsing_) {
      under_way.push_back(std::move(long_ones_.front()));
      long_ones_.pop_front();
    }
    for (auto& waiting : {std::exchange(short_ones_, {}), std::exchange(long_ones_, std::move(under_way))})
      for (const auto& one : waiting)
        on_request(one.s, *one.asked);
  }

  server_options options_;
  const wall_clock& wall_;
  session_limits limits_{options_.timeout, {options_.most_header, options_.most_headers, options_.most_body}};
  std::size_t sessions_ = 0;
  bool cannot_accept_ = false;
  bool said_full_ = false;
  bool disk_refuses_ = false;
  asio::io_context io_{1};  // its queued handlers hold sessions, and these tell when they end
  tcp::acceptor acceptor_;
  asio::steady_timer accept_again_;
  /// The request is the session's until its answer.
  struct waiting_request {
    std::shared_ptr<session> s;
    const route* to;
    http::incoming_request* asked;
  };
  std::deque<waiting_request> long_ones_;   // requests whose records are made beside this thread; the first
                                            // is under way
  std::deque<waiting_request> short_ones_;  // requests that wait for room
  bool is_parsing_ = false;
  bool is_taking_ = false;
  std::unique_ptr<spool_groups> groups_;
  asio::thread_pool bodies_{1};
};

}  // namespace

expected<listen_place> parse_listen(const std::string& text) {
  const auto wrong = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("\"{}\" is not an address; expected host and port, such as \"0.0.0.0:5000\"", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return wrong();
  listen_place out;
  out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  else if (out.host.find(':') != std::string::npos)
    return wrong();
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (failed != std::errc() || at != end || colon + 1 == text.size())
    return wrong();
  return out;
}

expected<std::shared_ptr<feed>> start_server_feed(server_options options, spool_setup spool,
                                                  const wall_clock& clock) {
  auto out = std::make_shared<server_feed>(std::move(options), clock);
  RETURN_IF_ERROR(out->start(std::move(spool)));
  return out;
}

}  // namespace millrace::source
