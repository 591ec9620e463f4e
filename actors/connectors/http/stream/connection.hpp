// One HTTP connection by libcurl's multi interface: from the request, over its redirects, to the end of the
// response. Bytes that it reads go to a callback on the caller's thread; the callback may ask for a pause.
#pragma once

#include "actors/connectors/http/stream/stream_feed.hpp"

#include <array>
#include <chrono>
#include <curl/curl.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

/// Owns the multi handle, with its cache of connections and names.
class transfers {
public:
  transfers() : multi_(curl_multi_init()) {}
  [[nodiscard]] CURLM* get() const { return multi_.get(); }
  /// Ends a wait. Any thread may call.
  void wake() const { curl_multi_wakeup(multi_.get()); }
  /// Waits for bytes, or wake(), up to `timeout`.
  void wait(std::chrono::milliseconds timeout) const {
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(timeout.count()), nullptr);
  }

private:
  struct release {
    void operator()(CURLM* p) const { curl_multi_cleanup(p); }
  };
  std::unique_ptr<CURLM, release> multi_;
};

class connection {
public:
  /// False: nothing was taken; the connection pauses, and gives the same bytes again after go_on().
  using take = std::function<bool(std::string_view)>;
  /// `resume`: value of the parameter `since`, if there is one.
  connection(const transfers& all, const stream_options& options, const std::optional<std::string>& resume,
             take on_bytes);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Works on what has come. No value while it goes on; then how it ended: in good order, or why not.
  [[nodiscard]] std::optional<expected<void>> work();
  void go_on();

  [[nodiscard]] bool paused() const { return paused_; }
  /// The server has agreed to stream.
  [[nodiscard]] bool accepted() const { return accepted_; }
  [[nodiscard]] std::chrono::steady_clock::time_point last_bytes() const { return last_bytes_; }

private:
  struct release {
    void operator()(CURL* p) const { curl_easy_cleanup(p); }
    void operator()(curl_slist* p) const { curl_slist_free_all(p); }
  };
  void set_up(const stream_options& options);
  void add_header(const std::string& text);
  void ask(const std::string& url);
  /// Returns where the answer redirects to; no value for any other answer.
  [[nodiscard]] std::optional<std::string> sent_on_to();
  [[nodiscard]] expected<void> follow(const std::string& to);
  [[nodiscard]] expected<void> look_at_answer();
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);

  const transfers& all_;
  std::string url_;  // the asked URL: the option's, then those of redirects
  std::string shown_url_;
  int redirects_;
  int followed_ = 0;
  bool has_left_ = false;  // the origin; the options' headers stay there
  take on_bytes_;
  std::unique_ptr<CURL, release> easy_;
  std::unique_ptr<curl_slist, release> headers_;
  std::array<char, CURL_ERROR_SIZE> problem_{};
  std::optional<error> refused_;
  bool accepted_ = false;
  bool paused_ = false;
  std::chrono::steady_clock::time_point last_bytes_ = std::chrono::steady_clock::now();
};

}  // namespace millrace::source
