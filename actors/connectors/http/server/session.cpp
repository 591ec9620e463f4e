#include "actors/connectors/http/server/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace millrace::source {
namespace {

using boost::beast::error_code;

/// A client may send this long what nobody reads any more.
constexpr std::chrono::seconds drained{2};
constexpr std::size_t at_once = 64U << 10;  // bytes of one read

}  // namespace

session::session(boost::asio::ip::tcp::socket socket, const session_limits& limits, handler& of)
    : stream_(std::move(socket)), buffer_(at_once), reader_(limits.request), limits_(limits), handler_(of) {
  error_code ignored;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

session::~session() { handler_.on_closed(); }

void session::read() {
  reader_.begin_anew();
  may_ask_to_go_on_ = true;
  stream_.expires_after(limits_.timeout);
  parse();
}

void session::parse() {
  const auto got = buffer_.data();
  buffer_.consume(reader_.put({static_cast<const char*>(got.data()), got.size()}));
  if (const auto& no = reader_.refused())
    return answer_and_close({beast_http::int_to_status(static_cast<unsigned>(no->status)),
                             (no->status == 400 ? "This is not an HTTP request: " : "") + no->why + ".\n"});
  if (reader_.is_done())
    return on_whole();
  if (reader_.has_head() && reader_.request().waits_to_go_on && std::exchange(may_ask_to_go_on_, false))
    on_question();
  else
    receive();
}

void session::on_question() {
  if (auto no = handler_.judge_head(reader_.request()))
    return answer_and_close(std::move(*no));
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::asio::async_write(stream_, boost::asio::buffer(text),
                           [self = shared_from_this()](error_code failed, std::size_t) {
                             if (failed)
                               self->close();
                             else
                               self->receive();
                           });
}

/// The buffer is empty, and the request is not over yet.
void session::receive() {
  stream_.async_read_some(buffer_.prepare(boost::beast::read_size(buffer_, at_once)),
                          [self = shared_from_this()](error_code failed, std::size_t bytes) {
                            if (failed)
                              return self->close();
                            self->buffer_.commit(bytes);
                            self->parse();
                          });
}

void session::on_whole() {
  keep_alive_ = reader_.request().keep_alive;
  handler_.on_request(shared_from_this(), reader_.request());
}

void session::answer_and_close(reply r) {
  keep_alive_ = false;
  answer(std::move(r));
}

void session::answer(reply r) {
  const auto& asked = reader_.request();
  response_ = beast_http::response<beast_http::string_body>(r.status, asked.is_1_0 ? 10 : 11);
  response_.set(beast_http::field::server, "millrace");
  response_.set(beast_http::field::content_type, "text/plain; charset=utf-8");
  response_.set("X-Content-Type-Options", "nosniff");
  if (r.header)
    response_.set(r.header->first, r.header->second);
  response_.keep_alive(keep_alive_);
  response_.content_length(r.text.size());
  if (asked.method != "HEAD")
    response_.body() = std::move(r.text);
  stream_.expires_after(limits_.timeout);
  beast_http::async_write(stream_, response_, [self = shared_from_this()](error_code failed, std::size_t) {
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
