// One HTTP request a record, over a bounded number of connections, by libcurl's multi interface.
#include "tools/load/http/request_text.hpp"
#include "tools/load/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <curl/curl.h>
#include <deque>

namespace millrace::load {
namespace {

constexpr long request_timeout_s = 30;

struct close_easy {
  void operator()(CURL* p) const { curl_easy_cleanup(p); }
};
struct close_multi {
  void operator()(CURLM* p) const { curl_multi_cleanup(p); }
};
struct free_list {
  void operator()(curl_slist* p) const { curl_slist_free_all(p); }
};

std::size_t drop_answer(char*, std::size_t size, std::size_t count, void*) { return size * count; }

/// A connection and the request that it carries.
struct slot {
  std::unique_ptr<CURL, close_easy> easy{curl_easy_init()};
  std::unique_ptr<curl_slist, free_list> headers;
  std::string body;
  event_micros due = 0;
};

class http_target final : public target {
public:
  explicit http_target(const options& o)
      : url_(o.url), post_(o.method == "POST"), headers_(o.headers), slots_(o.connections) {
    for (auto& s : slots_)
      free_.push_back(&s);
  }
  ~http_target() override {
    for (auto& s : slots_)
      curl_multi_remove_handle(multi_.get(), s.easy.get());
  }
  http_target(const http_target&) = delete;
  http_target& operator=(const http_target&) = delete;

  expected<bool> ready(std::chrono::milliseconds timeout) override {
    const std::unique_ptr<CURL, close_easy> probe(curl_easy_init());
    const auto bare = url_.substr(0, url_.find('{'));
    curl_easy_setopt(probe.get(), CURLOPT_URL, bare.c_str());
    curl_easy_setopt(probe.get(), CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(probe.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(probe.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
    if (const auto code = curl_easy_perform(probe.get()); code != CURLE_OK)
      return outside_error(ec::unavailable, fmt::format("--http {}: {}", shown(), curl_easy_strerror(code)));
    return true;
  }

  expected<std::size_t> send(std::span<const outgoing_record> records) override {
    std::size_t taken = 0;
    while (taken < records.size() && !free_.empty()) {
      slot& s = *free_.front();
      free_.pop_front();
      fill(s, records[taken++]);
      curl_multi_add_handle(multi_.get(), s.easy.get());
    }
    return taken;
  }

  expected<void> work(std::chrono::milliseconds wait) override {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    if (collect() == 0 && wait.count() > 0) {
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
      curl_multi_perform(multi_.get(), &running);
      collect();
    }
    return {};
  }

  [[nodiscard]] std::uint64_t under_way() const override { return slots_.size() - free_.size(); }
  [[nodiscard]] const outcome& done() const override { return done_; }

private:
  /// Keys stand in a query.
  [[nodiscard]] std::string shown() const { return url_.substr(0, url_.find('?')); }

  void fill(slot& s, const outgoing_record& r) {
    CURL* const easy = s.easy.get();
    curl_easy_reset(easy);  // keeps the connection
    const auto encode = [&](const std::string& text) {
      char* const escaped = curl_easy_escape(easy, text.data(), static_cast<int>(text.size()));
      std::string out(escaped);
      curl_free(escaped);
      return out;
    };
    const auto url = filled(url_, members_, r.bytes, encode);
    s.due = r.due;
    s.headers.reset();
    curl_slist* list = nullptr;
    if (post_)
      list = curl_slist_append(list, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:");
    for (const auto& h : headers_) {
      auto text = filled(h, members_, r.bytes, [](const std::string& value) { return value; });
      std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
      list = curl_slist_append(list, text.c_str());
    }
    s.headers.reset(list);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &s);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_answer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, request_timeout_s);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    s.body = r.bytes;
    if (post_) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, s.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(s.body.size()));
    }
  }

  std::size_t collect() {
    std::size_t ended = 0;
    int left = 0;
    while (const CURLMsg* const m = curl_multi_info_read(multi_.get(), &left)) {
      CURL* const easy = m->easy_handle;
      const auto code = m->data.result;  // gone with the handle's removal
      void* mine = nullptr;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &mine);
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(multi_.get(), easy);
      auto& s = *static_cast<slot*>(mine);
      ++ended;
      if (code == CURLE_OK && status >= 200 && status < 300) {
        ++done_.delivered;
        done_.bytes += s.body.size();
        done_.latency.add(system_clock().now() - s.due);
      } else {
        ++done_.failed;
        if (done_.first_failure.empty())
          done_.first_failure = code == CURLE_OK ? fmt::format("{}: HTTP status {}", shown(), status)
                                                 : fmt::format("{}: {}", shown(), curl_easy_strerror(code));
      }
      free_.push_back(&s);
    }
    return ended;
  }

  std::string url_;
  bool post_;
  std::vector<std::string> headers_;
  data::member_finder members_;
  outcome done_;
  std::unique_ptr<CURLM, close_multi> multi_{curl_multi_init()};
  std::vector<slot> slots_;
  std::deque<slot*> free_;
};

}  // namespace

expected<std::unique_ptr<target>> make_http_target(const options& o) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return std::make_unique<http_target>(o);
}

}  // namespace millrace::load
