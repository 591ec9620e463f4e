// Gives out, second by second, how a topology fares, as server-sent events: it asks the view for the graph, and for figures
// if they are wanted, and sends the answers. The next question comes when the event before was written, so that
// nothing is queued for a client that reads slowly. Everything happens on the server's thread, but for replies.
#pragma once

#include "actors/api/answers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace millrace::api {

struct server_core;

class event_stream : public std::enable_shared_from_this<event_stream> {
public:
  struct channel {
    std::function<void(std::string)> write;          // written() follows
    std::function<void(const error&)> refuse;        // goes out in the place of the first event, and ends the
                                                     // stream
    std::function<void(std::string)> write_and_end;  // no event follows
  };
  /// `core` outlives it. `knows_token`: whether who asks does.
  event_stream(server_core& core, requests::events what, bool knows_token, channel to);
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;
  ~event_stream();

  void start();
  void written();
  /// Gives up all that it waits for.
  void close();

private:
  using take = void (event_stream::*)(expected<answer>);
  void ask(request what, take then);
  void ask_for_end();
  void end_is_asked_later();
  void on_graph(expected<answer> a);
  void on_figures(expected<answer> a);
  void on_end(expected<answer> a);
  void give(const std::string& text);
  void fail(const error& why);
  void wait(std::chrono::milliseconds for_, void (event_stream::*then)());
  void look();
  void beat();

  server_core& core_;
  requests::events what_;
  bool knows_token_;
  channel to_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer end_timer_;
  std::shared_ptr<int> asker_ = std::make_shared<int>(0);  // replies are wanted while it is there
  bool has_begun_ = false;
  bool is_writing_ = false;
  bool is_asking_ = false;
  std::string event_;  // being put together
  std::string next_;   // came while a heartbeat was being written
  std::optional<std::string> end_;
};

}  // namespace millrace::api
