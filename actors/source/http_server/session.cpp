#include "actors/source/http_server/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace millrace::source {
namespace {

using boost::beast::error_code;

/// How long a client may go on sending what nobody reads any more.
constexpr std::chrono::seconds drained{2};
constexpr std::size_t at_once = 64U << 10;  // bytes of one read

}  // namespace

session::session(boost::asio::ip::tcp::socket socket, const session_limits& limits, handler& of)
    : stream_(std::move(socket)), buffer_(limits.header + limits.body + at_once), limits_(limits),
      handler_(of) {
  error_code ignored;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

session::~session() { handler_.on_closed(); }

void session::read() {
  parser_.emplace();
  parser_->header_limit(limits_.header);
  parser_->body_limit(limits_.body);
  head_bytes_ = 0;
  may_ask_to_go_on_ = true;
  stream_.expires_after(limits_.timeout);
  parse();
}

/// Beast's own reading goes on for as long as headers come: its limit is one of each piece that arrives, not
/// of their sum.
void session::parse() {
  while (buffer_.size() != 0) {
    const bool in_head = !parser_->is_header_done();
    error_code failed;
    const auto used = parser_->put(buffer_.data(), failed);
    buffer_.consume(used);
    if (in_head && (head_bytes_ += used) > limits_.header)
      failed = http::error::header_limit;
    if (failed && failed != http::error::need_more)
      return on_failed(failed);
    if (parser_->is_done())
      return on_whole();
    if (failed)
      break;
  }
  if (waits_to_go_on())
    tell_to_go_on();
  else
    receive();
}

bool session::waits_to_go_on() {
  if (!parser_->is_header_done() || !std::exchange(may_ask_to_go_on_, false))
    return false;
  return parser_->get().version() == 11 &&
         boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
}

void session::tell_to_go_on() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::asio::async_write(stream_, boost::asio::buffer(text),
                           [self = shared_from_this()](error_code failed, std::size_t) {
                             if (failed)
                               self->close();
                             else
                               self->receive();
                           });
}

void session::receive() {
  const auto room = boost::beast::read_size(buffer_, at_once);
  if (room == 0)
    return on_failed(http::error::buffer_overflow);
  stream_.async_read_some(buffer_.prepare(room),
                          [self = shared_from_this()](error_code failed, std::size_t bytes) {
                            if (failed)
                              return self->close();
                            self->buffer_.commit(bytes);
                            self->parse();
                          });
}

void session::on_whole() {
  const auto& r = parser_->get();
  version_ = r.version();
  keep_alive_ = r.keep_alive();
  head_ = r.method() == http::verb::head;
  handler_.on_request(shared_from_this(), r);
}

void session::on_failed(error_code failed) {
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return refuse(http::status::request_header_fields_too_large, "The request's headers are too long.\n");
  if (failed == http::error::body_limit)
    return refuse(http::status::payload_too_large, "The request's body is too long.\n");
  refuse(http::status::bad_request, "This is no HTTP request: " + failed.message() + ".\n");
}

void session::refuse(http::status status, const std::string& why) {
  keep_alive_ = false;
  answer(status, why);
}

void session::answer(http::status status, std::string text,
                     std::optional<std::pair<http::field, std::string>> header) {
  response_ = response(status, version_);
  response_.set(http::field::server, "millrace");
  response_.set(http::field::content_type, "text/plain; charset=utf-8");
  if (header)
    response_.set(header->first, header->second);
  response_.keep_alive(keep_alive_);
  response_.content_length(text.size());
  if (!head_)
    response_.body() = std::move(text);
  parser_.reset();
  stream_.expires_after(limits_.timeout);
  http::async_write(stream_, response_, [self = shared_from_this()](error_code failed, std::size_t) {
    self->on_written(failed);
  });
}

void session::on_written(error_code failed) {
  if (failed)
    return close();
  if (keep_alive_)
    return read();
  error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(drained);
  drain();
}

void session::drain() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed)
      self->close();
    else
      self->drain();
  });
}

void session::close() { stream_.close(); }

}  // namespace millrace::source
