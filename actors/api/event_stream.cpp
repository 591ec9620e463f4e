#include "actors/api/event_stream.hpp"

#include "actors/api/connection.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace millrace::api {
namespace {

constexpr std::string_view heartbeat = ": waiting\n\n";

std::string event_text(std::string_view name, std::string_view json) {
  while (json.ends_with('\n'))
    json.remove_suffix(1);
  return fmt::format("event: {}\ndata: {}\n\n", name, json);
}

}  // namespace

event_stream::event_stream(server_core& core, requests::events what, bool knows_token, channel to)
    : core_(core), what_(std::move(what)), knows_token_(knows_token), to_(std::move(to)), timer_(core.io),
      end_timer_(core.io) {
  ++core_.streams;
}

event_stream::~event_stream() { --core_.streams; }

void event_stream::start() { look(); }

void event_stream::close() {
  asker_.reset();
  timer_.cancel();
  end_timer_.cancel();
}

void event_stream::ask(request what, take then) {
  const auto give = [core = core_.weak_from_this(), self = weak_from_this(), then](expected<answer> a) {
    if (const auto there = core.lock())
      boost::asio::post(there->io, [self, then, a = std::move(a)]() mutable {
        if (const auto me = self.lock(); me && me->asker_)
          ((*me).*then)(std::move(a));
      });
  };
  core_.view->ask(std::move(what), reply(asker_, give));
}

void event_stream::look() {
  if (is_asking_)
    return;
  is_asking_ = true;
  wait(core_.options.limits.heartbeat, &event_stream::beat);
  ask(requests::graph{what_.topology}, &event_stream::on_graph);
}

void event_stream::on_graph(expected<answer> a) {
  if (!a)
    return fail(a.error());
  event_ = event_text("graph", std::get<answers::document>(*a).json);
  if (what_.figures == 0)
    return give(std::exchange(event_, {}));
  ask(requests::figures{what_.topology}, &event_stream::on_figures);
}

void event_stream::on_figures(expected<answer> a) {
  if (!a)
    return fail(a.error());
  event_ += event_text("figures", std::get<answers::document>(*a).json);
  give(std::exchange(event_, {}));
}

/// An error that may pass is a comment, as a heartbeat is.
void event_stream::fail(const error& why) {
  if (!has_begun_) {
    close();
    return to_.refuse(why);
  }
  if (why.retry)
    return give(fmt::format(": {}\n\n", why.code == ec::unavailable ? "no answer" : to_string(why.code)));
  end_ = event_text("error", write_error(why).body);
  give({});
}

void event_stream::give(const std::string& text) {
  is_asking_ = false;
  if (!std::exchange(has_begun_, true))
    ask_for_end();
  if (is_writing_) {
    next_ = text;
    return;
  }
  timer_.cancel();
  is_writing_ = true;
  if (end_)
    return to_.write_and_end(text + *end_);
  to_.write(text);
}

void event_stream::written() {
  is_writing_ = false;
  if (!asker_)
    return;
  if (end_ || !next_.empty())
    return give(std::exchange(next_, {}));
  if (is_asking_)
    wait(core_.options.limits.heartbeat, &event_stream::beat);
  else
    wait(core_.options.limits.event, &event_stream::look);
}

/// A timer that has run out just before it was cancelled calls all the same.
void event_stream::beat() {
  if (!is_asking_ || is_writing_)
    return;
  if (!has_begun_)
    return fail(
        outside_error(ec::unavailable, "the node does not answer; ask again, or another node").value());
  is_writing_ = true;
  to_.write(std::string(heartbeat));
}

void event_stream::wait(std::chrono::milliseconds for_, void (event_stream::*then)()) {
  timer_.expires_after(for_);
  timer_.async_wait([self = weak_from_this(), then](boost::system::error_code cancelled) {
    if (const auto me = self.lock(); !cancelled && me && me->asker_)
      ((*me).*then)();
  });
}

// --- the end

/// An answer that came at once would be asked for without a wait.
void event_stream::end_is_asked_later() {
  end_timer_.expires_after(core_.options.limits.event);
  end_timer_.async_wait([self = weak_from_this()](boost::system::error_code cancelled) {
    if (const auto me = self.lock(); !cancelled && me && me->asker_)
      me->ask_for_end();
  });
}

void event_stream::ask_for_end() { ask(requests::wait{what_.topology}, &event_stream::on_end); }

void event_stream::on_end(expected<answer> a) {
  const auto* const waited = a ? std::get_if<answers::waited>(&*a) : nullptr;
  if (waited == nullptr && !a && !a.error().retry)
    return;  // the next graph says so, too
  if (waited == nullptr || !waited->is_over)
    return end_is_asked_later();
  const auto shown = knows_token_ ? *waited : std::get<answers::waited>(for_anybody(*waited));
  end_ = event_text("end", json_of(shown.now));
  if (!is_writing_)
    give({});
}

}  // namespace millrace::api
